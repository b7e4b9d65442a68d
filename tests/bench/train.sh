#!/usr/bin/env bash
# train.sh CUBBYD LOAD: runs a daemon that records a profile under what caches are mostly asked for,
# so that GCC knows which way its branches go (CUBBY_PROFILE, ./dev tuned).

set -euo pipefail
cubbyd=$1
load=$2

coproc daemon { exec "$cubbyd" --host 127.0.0.1 --port 0 --threads 2 --max-memory 64m 2>&1; }
# shellcheck disable=SC2154  # coproc assigns it.
pid=$daemon_PID
trap 'kill "$pid" 2>/dev/null || true' EXIT
exec {log}<&"${daemon[0]}"
read -r line <&"$log"
[[ $line =~ http://127\.0\.0\.1:([0-9]+) ]] || {
  printf 'train.sh: no port in: %s\n' "$line" >&2
  exit 1
}
port=${BASH_REMATCH[1]}

# run FACE KEYS VALUE_BYTES CONNECTIONS DEPTH PUT_PERCENT SECONDS
run() { "$load" "$1" "$port" run "$2" "$3" "$4" "$4" "$5" "$6" "$7" </dev/null >/dev/null; }

# Both faces alike: what is not seen here counts as hardly ever executed.
for face in cubby cubby-v1; do
  "$load" "$face" "$port" fill 50000 64 >/dev/null
  run "$face" 50000 64 64 1 10 3
  run "$face" 50000 64 64 16 10 3
  run "$face" 50000 64 1 1 10 1
  run "$face" 200000 1024 16 1 50 1
  run "$face" 1000 65536 4 1 20 1
done

# The profile is written when the daemon ends.
kill "$pid"
wait "$pid"
