#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# From a fresh clone to a roll with proof: installs what is needed, builds, starts the bundled sample application on loopback, synchronises
# it into a store in a temporary folder, and prints the roll, the books and the verdict. Leaves nothing running.
# usage: quickstart.sh [--keep]     --keep leaves the folder with configuration and store, and says where it is
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."

keep=
case "${1:-}" in
--keep) keep=1 ;;
"") ;;
*)
    echo "usage: $0 [--keep]" >&2
    exit 2
    ;;
esac

packaging/dependencies.sh build
mkdir -p build
echo "Building; what the compiler says is in build/quickstart.log."
if ! { [ -f build/release/build.ninja ] || cmake --preset release; } >build/quickstart.log 2>&1 ||
    ! cmake --build --preset release --target muster muster_upstream muster_connectors >>build/quickstart.log 2>&1; then
    tail -n 40 build/quickstart.log >&2
    exit 1
fi
muster=build/release/muster

folder=$(mktemp -d "${TMPDIR:-/tmp}/muster-quickstart.XXXXXX")
upstream=
# shellcheck disable=SC2317  # the trap calls it
finish() {
    if [ -n "$upstream" ]; then
        kill "$upstream" 2>/dev/null || true
        wait "$upstream" 2>/dev/null || true
    fi
    if [ -n "$keep" ]; then echo "kept: $folder"; else rm -rf "$folder"; fi
}
trap finish EXIT

# A service of 2,500 people and 50 groups, that pages, asks for a token, and has a bad moment on its way.
cat >"$folder/faults" <<'F'
/scim/v2/Users nth=4 once      status 503
/scim/v2/Users nth=9 once      status 429
/scim/v2/Users nth=9 once      retry-after 1
/scim/v2/Users nth=12 once     cut 5000
F
mkfifo "$folder/address"
build/release/tests/upstream/muster-upstream --port 0 --users 2500 --groups 50 --token quickstart --script "$folder/faults" \
    >"$folder/address" &
upstream=$!
read -r _ address <"$folder/address" || {
    echo "the sample application did not start" >&2
    exit 1
}

umask 077
echo quickstart >"$folder/token"
cat >"$folder/muster.conf" <<C
store      = { path = "muster.db"; };
connectors = { directory = "$PWD/build/release/connectors"; };
connections = (
  { name = "acme"; connector = "scim"; base_url = "http://$address/scim/v2";
    secrets = { token = "file:token"; };
    allow_http = true; allow_private = true; }
);
C

# What is partial is shown like what is whole; the exit status tells them apart.
status=0
run() {
    printf '\n$ muster %s\n' "$*"
    "$muster" -c "$folder/muster.conf" "$@" || status=$?
}
look() { sqlite3 -init /dev/null -batch -readonly -box "$folder/muster.db" "$@"; }

echo "The sample application listens on $address; it will fail three times on the way."
run sync
echo
echo "The roll: people and machines, and what they may do"
look \
    "SELECT id, login, status, email FROM account ORDER BY id LIMIT 4;" \
    "SELECT kind, count(*) AS live FROM (SELECT 'account' AS kind, state FROM account UNION ALL SELECT 'group', state FROM \"group\"
       UNION ALL SELECT 'grant', state FROM \"grant\") WHERE state = 'live' GROUP BY kind;"
echo
echo "The books: each page balances, and the chain of pages holds"
look \
    "SELECT run, count(*) AS pages, sum(received) AS received, sum(created) AS created, sum(changed) AS changed,
       sum(unchanged) AS unchanged, sum(duplicate) AS duplicate, sum(filtered) AS filtered, sum(dead) AS dead
       FROM batch GROUP BY run ORDER BY run;"
run audit
echo
echo "The verdict: complete as of when, by which proof"
run status
exit "$status"
