#!/usr/bin/env bash
# The life of an account through the functions as SAM builds and runs them: in containers, behind its API, against an
# emulator of AWS (moto) and the simulator of Instagram. It is lived once with the token in Secrets Manager, and once more
# with sealed tokens.
#
#   bash e2e/sam.sh
#
# Needs bash 4.4, Docker, Go, make, jq, curl 7.79 or newer, and `pip install aws-sam-cli cfn-lint 'moto[server]'`.
#
# Environment:
#   CONTAINER_HOST_ADDRESS  under which containers reach this machine (default: host.docker.internal)
#   ARCHITECTURE            what to build for, arm64 or x86_64 (default: this machine's, which the containers run on)
#   KEEP=1                  keeps the folder with all logs
#
# Nothing leaves this machine, no AWS account is needed, and all ports are chosen when they are needed. If neither the
# base image nor the network is there, `sam` says so.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."

host=${CONTAINER_HOST_ADDRESS:-host.docker.internal}
arch=${ARCHITECTURE:-$(uname -m)}
arch=${arch/aarch64/arm64}
work=$(mktemp -d)
stack=igauth
app_secret=0123456789abcdef0123456789abcdef
state_key=e2eStateKeyOfSixtyFourCharacters0123456789abcdefghijklmnopqrstuvw
account=17841400000010111
shop=https://shop.example/connected

# An own identity, so that nothing of a developer's AWS account is ever used.
unset AWS_PROFILE AWS_DEFAULT_PROFILE AWS_SESSION_TOKEN AWS_ENDPOINT_URL
# SAM gives functions the value that a variable of theirs has in this shell.
unset SSL_CERT_DIR "${!IGAUTH_@}"
export AWS_ACCESS_KEY_ID=e2e AWS_SECRET_ACCESS_KEY=e2e AWS_REGION=us-east-1 AWS_DEFAULT_REGION=us-east-1
export AWS_EC2_METADATA_DISABLED=true AWS_CONFIG_FILE=/dev/null AWS_SHARED_CREDENTIALS_FILE=/dev/null
export SAM_CLI_TELEMETRY=0 ARCHITECTURE=$arch

pids=()
finish() {
  local status=$?
  trap - EXIT
  for pid in "${pids[@]}"; do kill "$pid" 2>/dev/null || true; done
  for pid in "${pids[@]}"; do wait "$pid" 2>/dev/null || true; done
  if [ "$status" -ne 0 ]; then
    for log in "$work"/*.log; do
      [ -s "$log" ] && printf '\n--- the end of %s\n' "${log##*/}" >&2 && tail -n 25 "$log" >&2
    done
    echo "✗ failed" >&2
  fi
  if [ -n "${KEEP:-}" ]; then echo "logs: $work"; else rm -rf "$work"; fi
  exit "$status"
}
trap finish EXIT
trap 'exit 130' INT TERM

say() { printf '\n%s\n' "$*"; }
ok() { printf '  ✓ %s\n' "$*"; }
fail() {
  printf '  ✗ %s\n' "$*" >&2
  exit 1
}
# same WHAT GOT WANT
same() {
  [ "$2" = "$3" ] || fail "$1: got '$2', want '$3'"
  ok "$1"
}

for tool in sam moto_server go make jq curl docker; do
  command -v "$tool" >/dev/null || fail "$tool is not installed"
done
docker info >/dev/null 2>&1 || fail "Docker does not answer${DOCKER_HOST:+ at $DOCKER_HOST}"

# free_port prints a port on which nothing listens.
free_port() {
  local port
  while :; do
    port=$((20000 + RANDOM % 12000))
    (: <"/dev/tcp/127.0.0.1/$port") 2>/dev/null || break
  done
  echo "$port"
}

# await WHAT LOG COMMAND...: until the command succeeds. The process just started must live as long.
await() {
  local what=$1 log=$2
  shift 2
  for _ in $(seq 300); do
    "$@" >/dev/null 2>&1 && return
    kill -0 "${pids[-1]}" 2>/dev/null || break
    sleep 0.2
  done
  tail -n 20 "$log" >&2
  fail "$what did not start"
}

# --- AWS, by its own wire format

moto_port=$(free_port)
moto=http://127.0.0.1:$moto_port
aws() { # aws SERVICE TARGET BODY
  curl -sS --fail-with-body --aws-sigv4 "aws:amz:$AWS_REGION:$1" --user e2e:e2e \
    -H "X-Amz-Target: $2" -H 'Content-Type: application/x-amz-json-1.1' --data "$3" "$moto/"
}
dynamodb() { aws dynamodb "DynamoDB_20120810.$1" "$2"; }
sqs() { aws sqs "AmazonSQS.$1" "$2"; }
events() { aws events "AWSEvents.$1" "$2"; }
# told takes what EventBridge has got, one line for each event: its type and the account.
told() { sqs ReceiveMessage "{\"QueueUrl\":\"$queue\",\"MaxNumberOfMessages\":10}" | jq -r '.Messages // [] | .[].Body | fromjson | ."detail-type" + " " + .detail.account_id' | sort; }
secrets() { aws secretsmanager "secretsmanager.$1" "$2"; }
row() { dynamodb GetItem "{\"TableName\":\"$stack-ledger\",\"Key\":{\"pk\":{\"S\":\"account#$account\"}}}" | jq .Item; }
# account_secrets counts the secrets of accounts, also those that could still be restored.
account_secrets() { secrets ListSecrets '{"IncludePlannedDeletion":true}' | jq --arg of "$stack/accounts/" '[.SecretList[] | select(.Name | startswith($of))] | length'; }
kept_token() { secrets GetSecretValue "{\"SecretId\":\"$stack/accounts/$account\",\"VersionStage\":\"AWSCURRENT\"}" | jq -r .SecretString; }

say "The template"
sam validate --lint >"$work/validate.log" 2>&1
ok "sam validate --lint"

say "The build, for $arch"
sam build --build-dir "$work/build" --parameter-overrides "Architecture=$arch" >"$work/build.log" 2>&1
for function in Authorize Callback Refresh Accounts Deauthorize Deletion; do
  # The processor that a file in ELF format is for stands in its bytes 18 and 19.
  case $(od -An -tx1 -j18 -N2 "$work/build/${function}Function/bootstrap" | tr -d ' ') in
    3e00) built=x86_64 ;;
    b700) built=arm64 ;;
    *) built=unknown ;;
  esac
  [ "$built" = "$arch" ] || fail "${function}Function was built for $built: does the Makefile heed ARCHITECTURE?"
  ok "${function}Function, $(du -k "$work/build/${function}Function/bootstrap" | cut -f1) KiB"
done
# SAM passes only variables that the template declares. On AWS nobody needs this one, so it is added to the built template
# and not to ours.
awk '{ print } /SSL_CERT_DIR:/ { sub(/SSL_CERT_DIR:.*/, "AWS_ENDPOINT_URL: \"\""); print }' \
  "$work/build/template.yaml" >"$work/build/template.e2e.yaml"
grep -q AWS_ENDPOINT_URL "$work/build/template.e2e.yaml" || fail "the built template has no SSL_CERT_DIR to stand beside"

say "AWS and Instagram"
api_port=$(free_port)
api=http://127.0.0.1:$api_port
go build -o "$work/igauth" ./cmd/igauth
"$work/igauth" sim --verbose --listen 0.0.0.0:0 --app-secret "$app_secret" --redirect-uri "$api/callback" >"$work/simulator.out" 2>"$work/simulator.log" &
pids+=($!)
await "the simulator" "$work/simulator.log" grep -q Address "$work/simulator.out"
sim_port=$(sed -n 's|^ *Address .*:\([0-9]*\)/.*|\1|p' "$work/simulator.out")
app_id=$(sed -n 's|^ *App id *||p' "$work/simulator.out")
sim=http://127.0.0.1:$sim_port
curl -sSf "$sim/healthz" >/dev/null || fail "the simulator is not healthy"
ok "the simulator of Instagram answers"
moto_server -H 0.0.0.0 -p "$moto_port" >"$work/moto.log" 2>&1 &
pids+=($!)
await "moto" "$work/moto.log" curl -sSf "$moto/moto-api/"
dynamodb CreateTable "{\"TableName\":\"$stack-ledger\",\"BillingMode\":\"PAY_PER_REQUEST\",
  \"AttributeDefinitions\":[{\"AttributeName\":\"pk\",\"AttributeType\":\"S\"},
    {\"AttributeName\":\"due_shard\",\"AttributeType\":\"S\"},{\"AttributeName\":\"due_nanos\",\"AttributeType\":\"N\"},
    {\"AttributeName\":\"kind\",\"AttributeType\":\"S\"},{\"AttributeName\":\"id\",\"AttributeType\":\"S\"},
    {\"AttributeName\":\"status\",\"AttributeType\":\"S\"},{\"AttributeName\":\"expires_nanos\",\"AttributeType\":\"N\"}],
  \"KeySchema\":[{\"AttributeName\":\"pk\",\"KeyType\":\"HASH\"}],
  \"GlobalSecondaryIndexes\":[
    {\"IndexName\":\"due\",\"Projection\":{\"ProjectionType\":\"ALL\"},\"KeySchema\":[
      {\"AttributeName\":\"due_shard\",\"KeyType\":\"HASH\"},{\"AttributeName\":\"due_nanos\",\"KeyType\":\"RANGE\"}]},
    {\"IndexName\":\"accounts\",\"Projection\":{\"ProjectionType\":\"KEYS_ONLY\"},\"KeySchema\":[
      {\"AttributeName\":\"kind\",\"KeyType\":\"HASH\"},{\"AttributeName\":\"id\",\"KeyType\":\"RANGE\"}]},
    {\"IndexName\":\"status\",\"Projection\":{\"ProjectionType\":\"KEYS_ONLY\"},\"KeySchema\":[
      {\"AttributeName\":\"status\",\"KeyType\":\"HASH\"},{\"AttributeName\":\"expires_nanos\",\"KeyType\":\"RANGE\"}]}]}" >/dev/null
secrets CreateSecret "{\"Name\":\"$stack/app\",\"ClientRequestToken\":\"$(printf '%032d' 1)\",\"SecretString\":\"{\\\"app_secret\\\":\\\"$app_secret\\\"}\"}" >/dev/null
secrets CreateSecret "{\"Name\":\"$stack/state-key\",\"ClientRequestToken\":\"$(printf '%032d' 2)\",\"SecretString\":\"$state_key\"}" >/dev/null
queue=$(sqs CreateQueue '{"QueueName":"told"}' | jq -r .QueueUrl)
events PutRule '{"Name":"told","EventPattern":"{\"source\":[\"igauth\"]}"}' >/dev/null
events PutTargets "{\"Rule\":\"told\",\"Targets\":[{\"Id\":\"queue\",\"Arn\":\"arn:aws:sqs:$AWS_REGION:123456789012:told\"}]}" >/dev/null
ok "the emulator of AWS has the table, the secrets, and a rule for events"

# settings VAULT: what the functions that are started from now on have in their environment.
settings() {
  jq -n --arg vault "$1" --arg app_id "$app_id" --arg stack "$stack" --arg api "$api" --arg shop "$shop" \
    --arg sim "$sim" --arg inside "http://$host:$sim_port" --arg aws "http://$host:$moto_port" '{Parameters: {
      AWS_ENDPOINT_URL: $aws,
      IGAUTH_APP_ID: $app_id, IGAUTH_APP_SECRET_NAME: ($stack + "/app"), IGAUTH_STATE_KEY_NAME: ($stack + "/state-key"),
      IGAUTH_PUBLIC_URL: $api, IGAUTH_RETURN_URLS: $shop, IGAUTH_SCOPES: "instagram_business_basic,instagram_business_manage_comments",
      IGAUTH_TABLE: ($stack + "-ledger"), IGAUTH_SECRET_PREFIX: $stack, IGAUTH_SECRET_KEY: "",
      IGAUTH_VAULT: $vault, IGAUTH_KEYSET_NAME: ($stack + "/keyset"),
      IGAUTH_INSTAGRAM_WWW: $sim, IGAUTH_INSTAGRAM_API: $inside, IGAUTH_INSTAGRAM_GRAPH: $inside
    }}' >"$work/env.json"
}
settings secretsmanager

local_options=(--template "$work/build/template.e2e.yaml" --env-vars "$work/env.json" --parameter-overrides "Architecture=$arch"
  --skip-pull-image)
if [ "$host" = host.docker.internal ]; then
  # Docker on Linux knows the name only when it is told.
  local_options+=(--add-host host.docker.internal:host-gateway)
fi

# invoke FUNCTION EVENT: one invocation in a container of its own. The answer goes to answer.json.
invoke() {
  sam local invoke "$1Function" --event "events/$2.json" "${local_options[@]}" >"$work/answer.json" 2>>"$work/invoke.log" ||
    fail "sam local invoke $1Function did not work"
}
# answers FUNCTION EVENT WHAT FILTER: an invocation for which the filter of jq must be true.
answers() {
  invoke "$1" "$2"
  jq -e "$4" "$work/answer.json" >/dev/null || fail "$1 with events/$2.json, which should be $3: $(cut -c1-600 "$work/answer.json")"
  ok "$1 with events/$2.json: $3"
}

say "Each function with its events"
page='.headers["content-type"] | startswith("text/html")'
answers Authorize authorize "the way to Instagram" \
  ".statusCode == 302 and (.cookies | length == 1 and (.[0] | startswith(\"__Host-\"))) and (.headers.location | startswith(\"$sim/oauth/authorize?\"))"
answers Authorize authorize-return-url-unknown "refused" ".statusCode == 400 and ($page) and (.headers.location == null)"
answers Callback callback-approved "refused, as nobody signed its state" ".statusCode == 400 and ($page)"
answers Callback callback-no-cookie "refused" ".statusCode == 400 and ($page)"
answers Callback callback-denied "a calm page" ".statusCode == 200 and ($page)"
answers Accounts accounts-list "an empty list" '.statusCode == 200 and (.body | fromjson | .accounts == [])'
answers Accounts accounts-show "unknown" '.statusCode == 404 and (.body | fromjson | .error.code == "account_not_found")'
answers Accounts accounts-token "unknown" '.statusCode == 404 and (.body | fromjson | .error.code == "account_not_found")'
answers Accounts accounts-disconnect "unknown" '.statusCode == 404 and (.body | fromjson | .error.code == "account_not_found")'
answers Accounts claims-redeem "unknown" '.statusCode == 404 and (.body | fromjson | .error.code == "claim_invalid")'
answers Accounts accounts-reconnect "unknown" '.statusCode == 404 and (.body | fromjson | .error.code == "account_not_found")'
answers Refresh refresh "nothing to do" '.due == 0 and .refreshed == 0'
answers Refresh refresh-part "a part of a run" '. == null'
answers Refresh refresh-tell "nothing to tell" '.batchItemFailures == []'

# serve starts the API with the settings that there are; stop_serving ends the one that was started last.
serve() {
  sam local start-api --port "$api_port" --warm-containers LAZY "${local_options[@]}" >>"$work/api.out" 2>>"$work/api.log" &
  pids+=($!)
  await "sam local start-api" "$work/api.log" curl -sS "$api/"
  ok "sam local start-api serves $api"
}
stop_serving() {
  kill "${pids[-1]}"
  wait "${pids[-1]}" 2>/dev/null || true
  unset 'pids[-1]'
}

say "The API"
serve

# visit ARGUMENTS...: one request of a browser. Sets $status and $location; the body goes to body.
# Cookies are kept in $jar. They are Secure, which curl takes for this machine as browsers do.
visit() {
  status=$(curl -sS --max-time 60 -b "$jar" -c "$jar" -D "$work/headers" -o "$work/body" -w '%{http_code}' "$@")
  location=$(tr -d '\r' <"$work/headers" | sed -n 's/^[Ll]ocation: //p')
}
# backend METHOD PATH: one request of the site's backend. Sets $status; the body goes to body.
backend() {
  status=$(curl -sS --max-time 60 -X "$1" -o "$work/body" -w '%{http_code}' "$api$2")
}
# consent DECISION: opens the consent window at $location and decides. Sets $location to the way back.
consent() {
  visit "$location"
  [ "$status" = 200 ] || fail "the consent window answers $status"
  local fields=() name value
  while IFS=$'\t' read -r name value; do
    fields+=(--data-urlencode "$name=$value")
  done < <(sed -n 's/.*<input type="hidden" name="\([^"]*\)" value="\([^"]*\)".*/\1\t\2/p' "$work/body" | sed 's/&#43;/+/g; s/&#34;/"/g; s/&#39;/'"'"'/g; s/&lt;/</g; s/&gt;/>/g; s/&amp;/\&/g')
  [ ${#fields[@]} -gt 0 ] || fail "the consent window has no form"
  visit "${fields[@]}" --data-urlencode account=maria.bakes \
    --data-urlencode scope=instagram_business_manage_comments --data-urlencode "decision=$1" "$sim/oauth/authorize"
  [ "$status" = 302 ] || fail "the consent window answers $status to its form"
  case $location in
    "$api/callback?"*) ;;
    *) fail "Instagram sends the visitor to $location" ;;
  esac
}
alive() { curl -sS --data-urlencode "token=$1" "$sim/_sim/alive" | jq .alive; }
parameter() { printf '%s' "$location" | sed -n "s/.*[?&]$1=\([^&#]*\).*/\1/p"; }

say "A visitor connects"
jar=$work/jar
visit "$api/authorize?return_to=$shop"
same "/authorize answers 302" "$status" 302
consent approve
ok "Instagram sends the visitor back"
back=$location
code=$(parameter code)
state=$(parameter state)
jar=$work/stranger visit "$back"
same "another browser with the same address is refused" "$status" 400
jar=$work/jar
visit "$back"
same "/callback answers 303" "$status" 303
case $location in
  "$shop?"*) ok "the visitor goes on to $shop" ;;
  *) fail "the visitor goes on to $location" ;;
esac
same "the shop learns that it worked" "$(parameter status)" connected
claim=$(parameter claim)
first=$location
visit "$back"
same "loading the callback again gives the same answer" "$location" "$first"
visit "$api/callback/result?outcome=connected"
same "the result page is there for those without a return URL" "$status" 200

say "The backend"
backend GET "/claims/$claim"
same "the claim is redeemed" "$status $(jq -r '.id + " " + .username' "$work/body")" "200 $account maria.bakes"
backend GET "/claims/$claim"
same "once" "$status" 404
backend GET /accounts
same "the account is listed" "$(jq -r '.accounts[] | .id + " " + .status' "$work/body")" "$account active"
backend GET "/accounts/$account"
same "and shown" "$status $(jq -r .generation "$work/body")" "200 1"
backend GET "/accounts/$account/token?min_valid_seconds=3600"
same "its token is handed out" "$status" 200
token=$(jq -r .access_token "$work/body")
same "and alive" "$(alive "$token")" true
same "the secret holds the same token" "$(kept_token | jq -r .access_token)" "$token"

say "A visitor says no"
visit "$api/authorize"
consent deny
visit "$location"
same "/callback answers 303" "$status" 303
same "the shop learns it" "$(parameter status)" denied

# forty_days_later: the functions have the real clock. So the row is made to look forty days old, which is what the refresh
# judges by, and the simulator's clock is moved far enough for Meta's own rule: a token must be a day old.
forty_days_later() {
  local then=$(($(date +%s) - 40 * 86400))
  curl -sSf -d advance=48h "$sim/_sim/clock" >/dev/null
  row | jq --arg issued "$(jq -rn "$then | todate")" --arg expires "$(jq -rn "$then + 60 * 86400 | todate")" --arg nanos "${then}000000000" \
    --arg table "$stack-ledger" '{TableName: $table, Item: (. + {issued_at: {S: $issued}, checked_at: {S: $issued}, expires_at: {S: $expires},
      due_at: {S: $issued}, due_nanos: {N: $nanos}})}' >"$work/aged.json"
  dynamodb PutItem "@$work/aged.json" >/dev/null
}

say "Forty days later"
forty_days_later
before=$(kept_token)
answers Refresh refresh "one token refreshed" '.due == 1 and .refreshed == 1 and .failed == null'
same "the row has a new generation" "$(row | jq -r .generation.N)" 2
after=$(kept_token)
[ "$(jq -r .expires_at <<<"$after")" \> "$(jq -r .expires_at <<<"$before")" ] || fail "the secret's token does not live longer"
ok "the secret's current version lives longer"
backend GET "/accounts/$account/token"
same "the backend gets it" "$status $(jq -r .access_token "$work/body")" "200 $(jq -r .access_token <<<"$after")"
refreshed=$(jq -r .access_token <<<"$after")
same "and it is alive" "$(alive "$refreshed")" true
answers Refresh refresh "nothing left to do" '.due == 0'

say "What the outside is told"
jq --arg pk "account#$account" '.Records |= [.[0] | .dynamodb.Keys.pk.S = $pk]' events/refresh-tell.json >"$work/tell.json"
sam local invoke RefreshFunction --event "$work/tell.json" "${local_options[@]}" >"$work/answer.json" 2>>"$work/invoke.log" ||
  fail "sam local invoke RefreshFunction did not work"
same "the stream's record is served" "$(jq -c .batchItemFailures "$work/answer.json")" "[]"
same "EventBridge has the connection and the refresh" "$(told | paste -sd,)" "Account Connected $account,Token Refreshed $account"
same "the row has nothing left to tell" "$(row | jq -r '.outbox_since.S // ""')" ""

say "The end"
backend DELETE "/accounts/$account"
same "the account is disconnected" "$status $(jq -r .status "$work/body")" "200 disconnected"
backend GET "/accounts/$account/token"
same "its token is refused" "$status $(jq -r .error.code "$work/body")" "409 account_disconnected"
if left=$(secrets GetSecretValue "{\"SecretId\":\"$stack/accounts/$account\"}" 2>&1); then fail "the secret is still there"; fi
case $left in
  *ResourceNotFoundException* | *"marked deleted"*) ok "the secret is gone" ;;
  *) fail "the secret cannot be asked for: $left" ;;
esac

secret_texts=("$app_secret" "$state_key" "$token" "$refreshed")
query_texts=("$code" "$state" "$claim")

say "The same with sealed tokens"
stop_serving
# As CloudFormation generates it by the template.
key=$(secrets GetRandomPassword '{"PasswordLength":43,"ExcludePunctuation":true}' | jq -r .RandomPassword)
secrets CreateSecret "$(jq -n --arg name "$stack/keyset" --arg token "$(printf '%032d' 3)" --arg key "$key" \
  '{Name: $name, ClientRequestToken: $token, SecretString: ({primary: 1, key_1: $key} | tojson)}')" >/dev/null
ok "there is a keyset"
settings sealed
serve
jar=$work/sealed.jar
visit "$api/authorize"
consent approve
code=$(parameter code)
state=$(parameter state)
visit "$location"
same "the visitor connects" "$status $(parameter status)" "303 connected"
claim=$(parameter claim)
backend GET "/accounts/$account/token"
same "the token is handed out" "$status" 200
token=$(jq -r .access_token "$work/body")
same "and alive" "$(alive "$token")" true
same "Secrets Manager has none" "$(account_secrets)" 0
row | jq -e '.ref.S | length > 100' >/dev/null || fail "the row has no sealed token"
if row | grep -qF -- "$token"; then fail "the row holds the token as it is"; fi
ok "the row holds it sealed"
forty_days_later
generation=$(row | jq -r .generation.N)
answers Refresh refresh "one token refreshed" '.due == 1 and .refreshed == 1 and .failed == null'
same "the row has a new generation" "$(row | jq -r .generation.N)" $((generation + 1))
backend GET "/accounts/$account/token"
refreshed=$(jq -r .access_token "$work/body")
same "the backend gets a living token" "$status $(alive "$refreshed")" "200 true"
same "which lives longer" "$(jq '(.expires_at | fromdate) - now > 58 * 86400' "$work/body")" true
secret_texts+=("$key" "$token" "$refreshed")
query_texts+=("$code" "$state" "$claim")

say "A change of the vault while it is in use"
# migrate VAULT: as its owner does it from outside.
migrate() { AWS_ENDPOINT_URL=$moto "$work/igauth" vault migrate --aws --stack "$stack" --to "$1" >>"$work/migrate.log" 2>&1 || fail "igauth vault migrate --to $1 did not work"; }
migrate secretsmanager
same "the token stands in its secret" "$(kept_token | jq -r .access_token)" "$refreshed"
backend GET "/accounts/$account/token"
same "the backend notices nothing" "$status $(jq -r .access_token "$work/body")" "200 $refreshed"
migrate sealed
same "the token is sealed again, and its secret gone" "$(account_secrets)" 0
backend DELETE "/accounts/$account"
same "the account is disconnected" "$status $(jq -r .status "$work/body")" "200 disconnected"
backend GET "/accounts/$account/token"
same "its token is refused" "$status $(jq -r .error.code "$work/body")" "409 account_disconnected"
same "its row holds nothing of it" "$(row | jq -r '.ref.S // ""')" ""
same "no secret of an account is left" "$(account_secrets)" 0

say "The logs"
for secret in "${secret_texts[@]}"; do
  if [ -z "$secret" ] || grep -qF -- "$secret" "$work/invoke.log" "$work/api.log" "$work/api.out" "$work/simulator.log" "$work/migrate.log"; then
    fail "a log holds a secret"
  fi
done
ok "hold no token, app secret, state key or key of the keyset"
# SAM itself logs the addresses that it serves, so that these are looked for only in what the functions say.
for secret in "${query_texts[@]}"; do
  if [ -z "$secret" ] || grep -h '^{' "$work/invoke.log" "$work/api.log" | grep -qF -- "$secret"; then
    fail "a function logs a code, a state or a claim"
  fi
done
ok "and those of the functions no code, state or claim"
say "✓ the journey is complete"
