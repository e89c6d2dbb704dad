#!/usr/bin/env bash
# Runs the suites of the stores against an AWS account: the one of your
# credentials, in AWS_REGION. It says what it will make and asks first; without a
# terminal, as on a machine of CI, it needs CONFIRM=yes. At the end it removes
# everything that it made, also when a test has failed.
#
#   e2e/aws.sh                          run the suites
#   e2e/aws.sh sweep igauth-test-...    remove what a run left that was cut off
#
# AWS_ENDPOINT_URL, AWS_ENDPOINT_URL_DYNAMODB and AWS_ENDPOINT_URL_SECRETS_MANAGER
# are obeyed, so that the way can be tried with emulators.
set -euo pipefail
cd "$(dirname "$0")/.."

fail() { echo "test-aws: $*" >&2; exit 1; }

[[ -n ${AWS_REGION:-} ]] || fail "AWS_REGION is not set. Set it to the Region to test in, such as eu-central-1."
if [[ -z ${AWS_ACCESS_KEY_ID:-} || -z ${AWS_SECRET_ACCESS_KEY:-} ]]; then
	# A profile, or whatever else the AWS CLI finds credentials by.
	exported=$(aws configure export-credentials --format env 2>/dev/null) ||
		fail "there are no AWS credentials. Set AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY (and AWS_SESSION_TOKEN), or install the AWS CLI and log in, with AWS_PROFILE if you use profiles."
	eval "$exported"
fi
unset IGAUTH_TEST_DYNAMODB IGAUTH_TEST_SECRETSMANAGER

sweep() {
	echo "test-aws: removing whatever is left under $IGAUTH_TEST_AWS_PREFIX" >&2
	IGAUTH_TEST_AWS_SWEEP=1 go test -count=1 -timeout 15m -run '^TestSweep$' ./internal/igauth/awsstore/awstest ||
		fail "something is left. Repeat in five minutes: AWS_REGION=$AWS_REGION e2e/aws.sh sweep $IGAUTH_TEST_AWS_PREFIX"
}

if [[ ${1:-} == sweep ]]; then
	[[ -n ${2:-} ]] || fail "which prefix? It was printed when the run began: e2e/aws.sh sweep igauth-test-..."
	export IGAUTH_TEST_AWS=1 IGAUTH_TEST_AWS_PREFIX=$2 IGAUTH_TEST_AWS_NAMES=
	sweep
	exit
fi

prefix=igauth-test-$(od -An -N6 -tx1 /dev/urandom | tr -d ' \n')
where="AWS account of these credentials"
if [[ -n ${AWS_ENDPOINT_URL:-}${AWS_ENDPOINT_URL_DYNAMODB:-}${AWS_ENDPOINT_URL_SECRETS_MANAGER:-} ]]; then
	where="endpoints in AWS_ENDPOINT_URL..."
elif account=$(aws sts get-caller-identity --query Account --output text 2>/dev/null); then
	where="AWS account $account"
fi
cat >&2 <<-PLAN
	test-aws: this will create in the $where, Region $AWS_REGION:
	  - two DynamoDB tables $prefix-..., on demand, with a few hundred items;
	  - about 60 secrets $prefix-.../..., encrypted with the account's own key
	    aws/secretsmanager, with some versions each.
	  It takes some minutes and costs some US cents. Everything is removed at the end.
	  Should that be cut off: AWS_REGION=$AWS_REGION e2e/aws.sh sweep $prefix
PLAN
if [[ ${CONFIRM:-} != yes ]]; then
	[[ -t 0 ]] || fail "nothing was created. There is no terminal to ask on; set CONFIRM=yes to go on."
	read -r -p "test-aws: go on? [y/N] " answer
	[[ $answer == [yY]* ]] || fail "nothing was created."
fi

names=$(mktemp)
export IGAUTH_TEST_AWS=1 IGAUTH_TEST_AWS_PREFIX=$prefix IGAUTH_TEST_AWS_NAMES=$names
finish() {
	local status=$?
	trap - EXIT INT TERM
	sweep
	rm -f "$names"
	exit "$status"
}
trap finish EXIT
trap 'exit 130' INT
trap 'exit 143' TERM
# One package after the other, as all writes of secrets in an account share a quota.
go test -count=1 -p 1 -timeout 45m -v -run '^(TestLedgerOnDynamoDB|TestVaultOnSecretsManager|TestDocumented|TestCleanup)' \
	./internal/igauth/awsstore/table ./internal/igauth/awsstore/secrets ./internal/igauth/awsstore/awsfake ./internal/igauth/awsstore/awstest
