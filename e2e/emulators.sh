#!/usr/bin/env bash
# Runs a command with emulators of DynamoDB, Secrets Manager and EventBridge, and
# stops them.
#
#   e2e/emulators.sh                       the suites of the stores on AWS
#   e2e/emulators.sh go test ./...         or any other command
#
# The command finds them in IGAUTH_TEST_DYNAMODB (two endpoints, separated by a
# comma: moto and Amazon's DynamoDB Local), IGAUTH_TEST_SECRETSMANAGER (moto) and
# IGAUTH_TEST_EVENTBRIDGE (moto).
# Where they differ from the services stands in
# internal/igauth/awsstore/testdata/emulators.md.
#
# The first run installs both into ${XDG_CACHE_HOME:-$HOME/.cache}/igauth, for
# which it needs python3 with venv, Maven, and Java 17 or later. They keep nothing
# on disk. DynamoDB Local has no option to listen on one address only; as root,
# which a machine of CI usually is, everything therefore runs in a network
# namespace of its own, with nothing in it but a loopback interface.
set -euo pipefail

moto_version=5.2.5
dynamodb_version=3.1.0

root=$(cd "$(dirname "$0")/.." && pwd)
cache=${XDG_CACHE_HOME:-$HOME/.cache}/igauth
moto_home=$cache/moto-$moto_version
dynamodb_home=$cache/dynamodb-local-$dynamodb_version

for tool in python3 mvn java; do
	command -v "$tool" >/dev/null || { echo "emulators: $tool is not installed" >&2; exit 1; }
done
mkdir -p "$cache"

# An installation that was interrupted has no mark, and is made again.
if [[ ! -e $moto_home/installed ]]; then
	echo "emulators: installing moto $moto_version" >&2
	rm -rf "$moto_home"
	python3 -m venv "$moto_home"
	"$moto_home/bin/pip" install --quiet --disable-pip-version-check \
		"moto[server,dynamodb,secretsmanager]==$moto_version" >&2
	touch "$moto_home/installed"
fi
if [[ ! -e $dynamodb_home/installed ]]; then
	echo "emulators: installing DynamoDB Local $dynamodb_version" >&2
	rm -rf "$dynamodb_home"
	mkdir -p "$dynamodb_home"
	cat >"$dynamodb_home/pom.xml" <<-POM
		<project xmlns="http://maven.apache.org/POM/4.0.0">
		  <modelVersion>4.0.0</modelVersion>
		  <groupId>igauth</groupId><artifactId>emulators</artifactId><version>1</version>
		  <dependencies><dependency>
		    <groupId>software.amazon.dynamodb</groupId>
		    <artifactId>DynamoDBLocal</artifactId>
		    <version>$dynamodb_version</version>
		  </dependency></dependencies>
		</project>
	POM
	mvn --quiet --batch-mode --file "$dynamodb_home/pom.xml" dependency:copy-dependencies \
		-DincludeScope=runtime -DoutputDirectory="$dynamodb_home/lib" >&2
	touch "$dynamodb_home/installed"
fi

if [[ $EUID == 0 && -z ${IGAUTH_EMULATORS_INSIDE:-} ]] && command -v unshare ip >/dev/null; then
	(cd "$root" && go mod download)
	IGAUTH_EMULATORS_INSIDE=1 exec unshare --net -- bash "$0" "$@"
fi
if [[ -n ${IGAUTH_EMULATORS_INSIDE:-} ]]; then ip link set lo up; fi

free_port() {
	python3 -c 'import socket; s = socket.socket(); s.bind(("127.0.0.1", 0)); print(s.getsockname()[1])'
}

started=()
stop() {
	if ((${#started[@]})); then
		kill "${started[@]}" 2>/dev/null || true
		wait "${started[@]}" 2>/dev/null || true
	fi
}
trap stop EXIT
trap 'exit 130' INT
trap 'exit 143' TERM

# await PID PORT NAME returns when the port is open, and fails when its process
# has ended or half a minute is over.
await() {
	local i
	for ((i = 0; i < 300; i++)); do
		if (: <>"/dev/tcp/127.0.0.1/$2") 2>/dev/null; then return; fi
		kill -0 "$1" 2>/dev/null || break
		sleep 0.1
	done
	echo "emulators: $3 did not start; its output is:" >&2
	cat "$cache/$3.log" >&2
	exit 1
}

moto_port=$(free_port)
"$moto_home/bin/moto_server" -H 127.0.0.1 -p "$moto_port" >"$cache/moto.log" 2>&1 &
moto_pid=$!
started+=("$moto_pid")

dynamodb_port=$(free_port)
java -Djava.library.path="$dynamodb_home/lib" -cp "$dynamodb_home/lib/*" \
	software.amazon.dynamodb.services.local.main.ServerRunner \
	-inMemory -sharedDb -disableTelemetry -port "$dynamodb_port" >"$cache/dynamodb-local.log" 2>&1 &
dynamodb_pid=$!
started+=("$dynamodb_pid")

await "$moto_pid" "$moto_port" moto
await "$dynamodb_pid" "$dynamodb_port" dynamodb-local

export IGAUTH_TEST_DYNAMODB=http://127.0.0.1:$moto_port,http://127.0.0.1:$dynamodb_port
export IGAUTH_TEST_SECRETSMANAGER=http://127.0.0.1:$moto_port
export IGAUTH_TEST_EVENTBRIDGE=http://127.0.0.1:$moto_port

if (($# == 0)); then
	cd "$root"
	set -- go test -count=1 ./internal/igauth/awsstore/...
fi
"$@"
