#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# The systemd unit: sound, tight, and still wide enough. The daemon starts, reads connectors, answers, reloads and drains under
# the unit's filter of system calls.
# usage: unit_test.sh UNIT BINARY CONNECTORS FILTERED WORK      77: this machine has no systemd-analyze
set -euo pipefail
unit=$1 binary=$2 connectors=$3 filtered=$4 work=$5
exposure_most=15 # tenths, of `systemd-analyze security`

command -v systemd-analyze >/dev/null || exit 77
rm -rf "$work"
mkdir -p "$work"
daemon=
trap '[ -z "$daemon" ] || kill "$daemon" 2>/dev/null || true' EXIT

# verify wants a binary that is there; all else is the unit as it is installed.
sed -E "s|^ExecStart=[^ ]+|ExecStart=$binary|" "$unit" >"$work/muster.service"
systemd-analyze verify --man=no "$work/muster.service" >"$work/verify" 2>&1 || true
# kill comes with procps, which every installed system has and not every build machine.
if grep 'muster\.service' "$work/verify" | grep -v /bin/kill; then exit 1; fi
systemd-analyze security --no-pager --offline=true --threshold="$exposure_most" "$work/muster.service" >"$work/security" || {
    tail -n 1 "$work/security"
    exit 1
}

# The names that SystemCallFilter= stands for, sets expanded: the lines with ~ are taken away.
expand() {
    local word
    for word in "$@"; do
        case $word in
        @*)
            # shellcheck disable=SC2046  # names are words
            expand $(systemd-analyze syscall-filter --no-pager "$word" 2>/dev/null | sed -E '1d; /^ *#/d')
            ;;
        *) echo "$word" ;;
        esac
    done
}
# shellcheck disable=SC2046
expand $(sed -nE 's/^SystemCallFilter=([^~].*)/\1/p' "$unit") | sort -u >"$work/given"
# shellcheck disable=SC2046
expand $(sed -nE 's/^SystemCallFilter=~(.*)/\1/p' "$unit") | sort -u >"$work/taken"
comm -23 "$work/given" "$work/taken" >"$work/calls"

cat >"$work/muster.conf" <<C
store = { path = "muster.db"; };
connectors = { directory = "$connectors"; };
listen = "127.0.0.1:0";
connections = (
  { name = "acme"; connector = "scim"; base_url = "http://127.0.0.1:1/scim/v2"; secrets = { token = "env:TOKEN"; };
    every = "1d"; allow_http = true; allow_private = true; }
);
C
export TOKEN=secret

# Were the reader child kept from its work, each file would be refused.
"$filtered" "$binary" -c "$work/muster.conf" connectors <"$work/calls"

mkfifo "$work/log"
"$filtered" "$binary" -c "$work/muster.conf" serve <"$work/calls" 2>"$work/log" &
daemon=$!
exec {log}<"$work/log"
# Reads on until an event is logged, at most so long; prints its line.
await() {
    local line
    while read -r -t 20 -u "$log" line; do
        case $line in *" event=$1 "*)
            echo "$line"
            return
            ;;
        esac
    done
    echo "the daemon did not log $1" >&2
    return 1
}
line=$(await listening)
port=${line##*port=}
[ "$(curl -sS --noproxy '*' "http://127.0.0.1:$port/readyz")" = ready ]
kill -HUP "$daemon"
line=$(await configuration_loaded)
case $line in *" refused=0 "*) ;; *)
    echo "after a reload: $line" >&2
    exit 1
    ;;
esac
kill -TERM "$daemon"
await stopped >/dev/null
wait "$daemon"
daemon=
