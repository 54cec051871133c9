#!/usr/bin/env bash
# Schemathesis over the API of a daemon of its own: makes requests of the OpenAPI document, good and bad ones, and
# looks whether every answer is one that the document names. tests/run runs it; by hand:
#
#   tests/schemathesis.sh                                 all operations
#   tests/schemathesis.sh --include-path-regex tickets    options of `schemathesis run`
#   RINGBACK_TEST_PHASES=examples,coverage,fuzzing tests/schemathesis.sh    at random too
#
# It needs Python 3.10 and the package index, for a virtual environment below target/. `RINGBACK` names another
# binary than target/debug/ringback.
set -uo pipefail
cd "$(dirname "$0")/.."

VERSION=4.32.5
here=$PWD
venv="$here/target/schemathesis"
ringback=$(realpath "${RINGBACK:-target/debug/ringback}")
fail() { printf 'CANNOT RUN: %s\n' "$*" >&2; exit 2; }

[ -x "$ringback" ] || fail "there is no $ringback: cargo build"
if ! "$venv/bin/schemathesis" --version 2>/dev/null | grep -qF "$VERSION"; then
    python3 -m venv "$venv" || fail "python3 cannot make a virtual environment: install python3-venv"
    "$venv/bin/pip" install --quiet "schemathesis==$VERSION" || fail "pip could not install schemathesis"
fi

folder=$(mktemp -d "${TMPDIR:-/tmp}/ringback-schemathesis.XXXXXX")
daemon=""
stop() {
    [ -z "$daemon" ] || { kill "$daemon" && wait "$daemon"; } 2>/dev/null
    rm -rf "$folder"
}
trap stop EXIT
trap 'exit 130' INT
trap 'exit 143' TERM

read -r sip api < <(python3 -c '
import socket
sockets = [socket.socket() for _ in range(2)]
for s in sockets: s.bind(("127.0.0.1", 0))
print(*(s.getsockname()[1] for s in sockets))')
root="http://127.0.0.1:$api"
cat >"$folder/ringback.toml" <<END
[data]
dir = "data"
recordings = "recordings"
[sip]
udp = ["127.0.0.1:$sip"]
[rtp]
address = "127.0.0.1"
[api]
listen = ["127.0.0.1:$api"]
# One client asks here, as fast as it can.
rate = 100000
burst = 1000000
[log]
level = "warn"
[[trunk]]
name = "main"
server = "127.0.0.1:9"
END
(cd "$folder" && exec "$ringback" serve -c ringback.toml) >"$folder/log" 2>&1 &
daemon=$!
for _ in $(seq 1 600); do
    curl -sf "$root/readyz" >/dev/null 2>&1 && break
    kill -0 "$daemon" 2>/dev/null || { cat "$folder/log"; fail "the daemon did not start (above)"; }
    read -r -t 0.1 <> <(:) || true
done
token=$(cd "$folder" && "$ringback" token create --name schemathesis --scope admin --json -c ringback.toml |
    python3 -c 'import json, sys; print(json.load(sys.stdin)["secret"])') || fail "no token could be made"

# Something that the requests can find.
ask() { curl -sS -o /dev/null -H "Authorization: Bearer $token" "$@"; }
ask -H 'Content-Type: text/csv' --data-binary $'phone,name\n13800000001,A\n13800000002,B\n' \
    "$root/api/v1/imports?list_name=march"
for body in '{"name":"march","list_name":"march"}'; do
    ask -H 'Content-Type: application/json' -d "$body" "$root/api/v1/campaigns"
done
for kind in complaint repair; do
    ask -H 'Content-Type: application/json' "$root/api/v1/tickets" \
        -d "{\"pack\":\"default\",\"kind\":\"$kind\",\"name\":\"A\",\"phone\":\"13800000001\",\"fields\":{\"content\":\"x\"}}"
done

# What it remembers stays in the folder that goes away.
# Streams have no end, who stops the daemon stops the run, and nobody here makes sound.
cd "$folder" || exit 2
"$venv/bin/schemathesis" --config-file "$here/tests/schemathesis.toml" run "$root/api/v1/openapi.json" \
    -H "Authorization: Bearer $token" --phases "${RINGBACK_TEST_PHASES:-examples,coverage}" -n "${RINGBACK_TEST_EXAMPLES:-15}" \
    --workers 4 --request-timeout 30 --suppress-health-check all --warnings off --no-color \
    --exclude-operation-id get_events --exclude-operation-id get_changes_events \
    --exclude-operation-id get_agents_events --exclude-operation-id get_agents_name_events \
    --exclude-operation-id put_prompts_sound --exclude-path /api/v1/drain "$@"
result=$?
kill -0 "$daemon" 2>/dev/null || { echo "the daemon ended:"; tail -n 20 "$folder/log"; result=1; }
grep -aE 'panicked|"level":"ERROR"| ERROR ' "$folder/log" | sort | uniq -c | sort -rn | head -n 20
exit "$result"
