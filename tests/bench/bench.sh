#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# Measures a first and an unchanged second run of muster beside a bare C loop, a Python script and two shell pipelines, all
# against the same sample application, and prints one table. Needs python3-requests, jq, sqlite3, curl.
#
#     bench.sh [--records N] [--build DIR] [--muster FILE] [--connectors DIR] [--work DIR] [--page-size N] [--json]
#
# Without a muster binary only the comparators run, and the table says so. The pipelines read a tenth.
set -euo pipefail

records=${BENCH_RECORDS:-1000000}
page_size=200
build=
muster=
connectors=
work=
json=false
here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)

while [ $# -gt 0 ]; do
    case $1 in
    --records) records=$2; shift 2 ;;
    --page-size) page_size=$2; shift 2 ;;
    --build) build=$2; shift 2 ;;
    --muster) muster=$2; shift 2 ;;
    --connectors) connectors=$2; shift 2 ;;
    --work) work=$2; shift 2 ;;
    --json) json=true; shift ;;
    *) sed -n '6s/^# */usage: /p' "$0" >&2; exit 2 ;;
    esac
done
build=$(realpath "${build:-$here/../../build/release}")
muster=${muster:-$build/muster}
connectors=$(realpath --canonicalize-missing "${connectors:-$build/connectors}")

# The pipelines read whole pages, at least two of them, of a tenth.
if [ $((records % (10 * page_size))) -ne 0 ] || [ "$records" -lt $((20 * page_size)) ]; then
    echo "bench: --records must be a multiple of $((10 * page_size)), and at least $((20 * page_size))" >&2
    exit 2
fi

made_work=
if [ -z "$work" ]; then
    work=$(mktemp -d "${TMPDIR:-/tmp}/muster-bench.XXXXXX")
    made_work=$work
fi
# The application stops when its standard input, the co-process's pipe, closes: here, or with this shell.
cleanup() {
    if [ -n "${upstream_PID:-}" ]; then
        exec {upstream[1]}>&-
        wait "$upstream_PID" || true
    fi
    [ -z "$made_work" ] || rm -rf "$made_work"
}
trap cleanup EXIT

token=bench-token
coproc upstream { exec "$build/tests/upstream/muster-upstream" --users "$records" --groups 0 --until-stdin-closes; }
read -r _ address <&"${upstream[0]}"
base=http://$address/scim/v2

rows=()
baseline=

# result NAME RECORDS: reads what `measure` wrote.
result() {
    local name=$1 count=$2 wall cpu memory
    read -r wall cpu memory <"$work/cost"
    [ -n "$baseline" ] || baseline=$(awk "BEGIN { print $count / $wall }")
    rows+=("$(awk -v n="$name" -v c="$count" -v w="$wall" -v u="$cpu" -v m="$memory" -v b="$baseline" \
        'BEGIN { printf "%s|%d|%.2f|%.0f|%.2f|%.1f|%.1f|%.2f", n, c, w, c / w, u, u / c * 1e6, m / 1024, c / w / b }')")
}

# compare NAME RECORDS COMMAND...: a comparator prints how many records it stored.
compare() {
    local name=$1 count=$2 stored
    shift 2
    rm -f "$work/compare.db"*
    stored=$("$build/tests/bench/measure" "$work/cost" "$@" "$base" "$work/compare.db" "$count" "$page_size")
    if [ "$stored" != "$count" ]; then
        echo "bench: $name stored $stored of $count records" >&2
        exit 1
    fi
    result "$name" "$count"
    rm -f "$work/compare.db"*
}

# sync NAME OUTCOME: one full run, which must give every record that outcome and end proven.
sync_muster() {
    local name=$1 outcome=$2
    "$build/tests/bench/measure" "$work/cost" "$muster" -c "$work/muster.conf" sync --full --json >"$work/sync.json"
    if ! jq --exit-status --arg outcome "$outcome" --argjson count "$records" \
        '.runs | length == 1 and .[0][$outcome] == $count and .[0].proof == "proven"' "$work/sync.json" >/dev/null; then
        echo "bench: $name did not give $records $outcome, proven:" >&2
        cat "$work/sync.json" >&2
        exit 1
    fi
    result "$name" "$records"
}

compare "bare C loop" "$records" "$build/tests/bench/bare_loop"
compare "Python script" "$records" python3 "$here/script.py"
compare "shell pipeline" $((records / 10)) bash "$here/pipeline.sh"
compare "shell pipeline, one transaction, no upsert" $((records / 10)) bash "$here/pipeline_once.sh"

if [ -x "$muster" ]; then
    (umask 077 && printf '%s' "$token" >"$work/token")
    cat >"$work/muster.conf" <<EOC
store       = { path = "$work/muster.db"; };
connectors  = { directory = "$connectors"; };
connections = (
  { name = "bench"; connector = "scim"; base_url = "$base";
    secrets = { token = "file:$work/token"; };
    streams = ( "users" ); every = "1d"; allow_http = true; allow_private = true; }
);
EOC
    sync_muster "muster, first run" created
    sync_muster "muster, unchanged" unchanged
else
    echo "bench: $muster is not there; only the comparators ran" >&2
fi

if $json; then
    printf '%s\n' "${rows[@]}" | jq --raw-input --slurp 'split("\n") | map(select(. != "") | split("|")
        | {name: .[0], records: (.[1] | tonumber), seconds: (.[2] | tonumber), records_per_second: (.[3] | tonumber),
           cpu_seconds: (.[4] | tonumber), peak_mib: (.[6] | tonumber), ratio: (.[7] | tonumber)})'
else
    printf '%-43s %10s %9s %11s %8s %13s %9s %7s\n' '' records seconds records/s 'CPU s' 'CPU s/million' 'peak MiB' ratio
    for row in "${rows[@]}"; do
        IFS='|' read -r name count wall rate cpu each memory ratio <<<"$row"
        printf '%-43s %10s %9s %11s %8s %13s %9s %7s\n' "$name" "$count" "$wall" "$rate" "$cpu" "$each" "$memory" "$ratio"
    done
fi
