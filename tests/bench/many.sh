#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# Many small applications at once: CONNECTIONS connections, each with 50 pages of 10 records at 50 ms an answer, in one sync. The ideal is the
# 2.5 s that one of them needs at the least; printed is the time as a multiple of it. Once by cursors, 50 requests each, and once by SCIM's
# start index, 56 each: every page begins with the last item of the one before it, so that of ten items nine are new.
#
#     many.sh [--connections N] [--build DIR]
set -euo pipefail

connections=200
here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
build=$here/../../build/release
while [ $# -gt 0 ]; do
    case $1 in
    --connections) connections=$2; shift 2 ;;
    --build) build=$2; shift 2 ;;
    *) sed -n '7s/^# */usage: /p' "$0" >&2; exit 2 ;;
    esac
done
build=$(realpath "$build")
work=$(mktemp -d "${TMPDIR:-/tmp}/muster-bench.XXXXXX")
cleanup() {
    if [ -n "${upstream_PID:-}" ]; then
        exec {upstream[1]}>&-
        wait "$upstream_PID" || true
    fi
    rm -rf "$work"
}
trap cleanup EXIT

coproc upstream { exec "$build/tests/upstream/muster-upstream" --users 500 --groups 0 --page-max 10 --latency-ms 50 --until-stdin-closes; }
read -r _ address <&"${upstream[0]}"

# many LABEL CONNECTOR BASE_URL STREAM REQUESTS. A token each: connections with the same origin and credential share one budget, and these are
# to be strangers to each other.
many() {
    local label=$1 connector=$2 url=$3 stream=$4 requests=$5 proven wall cpu memory slowest
    rm -rf "${work:?}"/*
    {
        echo 'store = { path = "muster.db"; };'
        echo "connectors = { directory = \"$build/connectors\"; };"
        echo 'connections = ('
        for ((i = 0; i < connections; i++)); do
            echo "token$i" >"$work/token$i"
            [ "$i" -eq 0 ] || echo ','
            printf '  { name = "c%d"; connector = "%s"; base_url = "%s"; secrets = { token = "file:token%d"; };' "$i" "$connector" "$url" "$i"
            printf ' streams = ["%s"]; allow_http = true; allow_private = true; }' "$stream"
        done
        printf '\n);\n'
    } >"$work/muster.conf"

    "$build/tests/bench/measure" "$work/cost" "$build/muster" -c "$work/muster.conf" sync --json >"$work/runs.json"
    proven=$(jq --argjson requests "$requests" \
        '[.runs[] | select(.proof == "proven" and .created == 500 and .requests == $requests)] | length' "$work/runs.json")
    if [ "$proven" -ne "$connections" ]; then
        echo "many: $proven of $connections connections are whole and proven after $requests requests" >&2
        exit 1
    fi
    read -r wall cpu memory <"$work/cost"
    slowest=$(jq '[.runs[].seconds] | max' "$work/runs.json")
    awk -v l="$label" -v r="$requests" -v n="$connections" -v w="$wall" -v c="$cpu" -v m="$memory" -v s="$slowest" 'BEGIN {
        printf "%d connections, 500 records in pages of 10 %s, 50 ms an answer: %.2f s, %.2f times the ideal 2.5 s (the slowest run %.2f times);" \
            " %d requests each, %.1f CPU s, %.1f MiB\n", n, l, w, w / 2.5, s / 2.5, r, c, m / 1024 }'
}

umask 077
many "by cursor" sample "http://$address" users_by_cursor 50
many "by start index" scim "http://$address/scim/v2" users 56
