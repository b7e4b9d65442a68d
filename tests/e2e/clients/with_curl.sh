#!/usr/bin/env bash
# cubby with curl. See clients_test.py.

set -euo pipefail
url=$1
scratch=$(mktemp -d)
trap 'rm -rf "$scratch"' EXIT

fail() {
  printf 'failed: %s\n' "$*" >&2
  exit 1
}

# request METHOD PATH [OPTION...] leaves the status in $status, the fields in head and the body in body.
request() {
  status=$(curl --silent --show-error --max-time 30 --request "$1" --dump-header "$scratch/head" \
    --output "$scratch/body" --write-out '%{http_code}' "${@:3}" "$url$2")
}

# field NAME prints the field of the last reply.
field() { sed -n "s/^$1: \(.*\)\r\$/\1/Ip" "$scratch/head"; }

expect() {
  [[ $status == "$1" ]] || fail "$check: $status instead of $1: $(cat "$scratch/body")"
}

body_is() { printf '%s' "$1" | cmp - "$scratch/body" || fail "$check: another body"; }

# results EXPRESSION prints what of the reply matches, with a space behind each.
results() { grep -o "$1" "$scratch/body" | tr '\n' ' '; }

text=(--header 'Content-Type: text/plain')

check='put creates'
request PUT /v1/keys/greeting "${text[@]}" --data-binary hello
expect 201
first=$(field ETag)
echo "$check"

check='put replaces'
request PUT /v1/keys/greeting "${text[@]}" --data-binary 'hello again'
expect 204
tag=$(field ETag)
[[ -n $tag && $tag != "$first" ]] || fail "$check: $first, then $tag"
echo "$check"

check='get returns value, type and tag'
request GET /v1/keys/greeting
expect 200
body_is 'hello again'
[[ $(field Content-Type) == text/plain && $(field ETag) == "$tag" ]] || fail "$check: $(cat "$scratch/head")"
echo "$check"

check='get of nothing is a problem'
request GET /v1/keys/nothing
expect 404
[[ $(field Content-Type) == application/problem+json ]] || fail "$check: $(field Content-Type)"
grep -q '"type":"urn:cubby:error:key-not-found"' "$scratch/body" || fail "$check: $(cat "$scratch/body")"
echo "$check"

check='get of the same is 304'
: >"$scratch/body"
request GET /v1/keys/greeting --header "If-None-Match: $tag"
expect 304
[[ ! -s $scratch/body ]] || fail "$check: there is a body"
echo "$check"

check='put if absent'
request PUT /v1/keys/greeting --header 'If-None-Match: *' --data-binary other
expect 412
request PUT /v1/keys/other --header 'If-None-Match: *' --data-binary other
expect 201
echo "$check"

check='put if unchanged'
request PUT /v1/keys/greeting --header "If-Match: $first" --data-binary lost
expect 412
request PUT /v1/keys/greeting --header "If-Match: $tag" --data-binary won
expect 204
request GET /v1/keys/greeting
body_is won
echo "$check"

for ((byte = 0; byte < 256; ++byte)); do
  printf '%b' "\\x$(printf %02x "$byte")"
done >"$scratch/bytes"

check='every byte as a value'
request PUT /v1/keys/bytes --header 'Content-Type: application/octet-stream' --data-binary "@$scratch/bytes"
expect 201
request GET /v1/keys/bytes
expect 200
cmp "$scratch/bytes" "$scratch/body" || fail "$check"
echo "$check"

check='every byte in a batch'
encoded=$(base64 -w 0 "$scratch/bytes")
request POST /v1/batch --data-binary '[
  {"op": "put", "key": "batched", "value_base64": "'"$encoded"'"},
  {"op": "get", "key": "batched"}]'
expect 200
[[ $(sed -n 's/.*"value_base64":"\([^"]*\)".*/\1/p' "$scratch/body") == "$encoded" ]] ||
  fail "$check: $(cat "$scratch/body")"
request GET /v1/keys/batched
cmp "$scratch/bytes" "$scratch/body" || fail "$check"
echo "$check"

check='batch'
request POST /v1/batch --data-binary '[
  {"op": "put", "key": "one", "value": "1", "ttl": 60},
  {"op": "incr", "key": "one", "by": 41},
  {"op": "get", "key": "one"},
  {"op": "delete", "key": "one"},
  {"op": "get", "key": "one"}]'
expect 200
[[ $(results '"status":[0-9]*') == '"status":201 "status":200 "status":200 "status":204 "status":404 ' ]] ||
  fail "$check: $(cat "$scratch/body")"
[[ $(results '"value":[^,}]*') == '"value":42 "value":"42" ' ]] || fail "$check: $(cat "$scratch/body")"
echo "$check"
