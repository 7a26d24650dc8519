#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# Searches with every fuzz target for a time, one target a core, and prints a line for each: executions, a second, what is new, crashes.
# usage: fuzz.sh [SECONDS [TARGET...]]     120 seconds each; every target of tests/fuzz
# What is found stays in build/fuzz/found/TARGET; a crash goes into tests/fuzz/corpus/TARGET as a seed, with the fix.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."

seconds=${1:-120}
shift || true
[[ $seconds =~ ^[0-9]+$ ]] || {
    echo "usage: $0 [SECONDS [TARGET...]]" >&2
    exit 2
}
cmake --preset fuzz >/dev/null
cmake --build --preset fuzz -j "$(nproc)" >build/fuzz.log 2>&1 || {
    tail -n 40 build/fuzz.log
    exit 1
}
targets=("$@")
[ ${#targets[@]} -gt 0 ] || mapfile -t targets < <(ls tests/fuzz/corpus)

search() {
    local target=$1 seconds=$2 found=build/fuzz/found/$1 log=build/fuzz/$1.log
    local seeds=("tests/fuzz/corpus/$target")
    [ "$target" != elf ] || seeds+=(build/fuzz/connectors) # what an ELF file that is sound looks like
    mkdir -p "$found"
    build/fuzz/tests/fuzz/"fuzz_$target" -max_total_time="$seconds" -print_final_stats=1 -timeout=10 -rss_limit_mb=2048 \
        -artifact_prefix="$found/" "$found" "${seeds[@]}" >"$log" 2>&1 || true
    awk -v target="$target" -v crashes="$(find "$found" \( -name 'crash-*' -o -name 'leak-*' -o -name 'timeout-*' -o -name 'oom-*' \) | wc -l)" '
        /number_of_executed_units/ { runs = $2 } /average_exec_per_sec/ { rate = $2 } /new_units_added/ { new = $2 }
        END { printf "%-14s %11d executions %8d a second %6d new inputs %3d crashes\n", target, runs, rate, new, crashes
              exit crashes > 0 || runs == 0 }' "$log"
}
export -f search
printf '%s\n' "${targets[@]}" | xargs -P "$(nproc)" -I{} bash -c 'search {} '"$seconds"
