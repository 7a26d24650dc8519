#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# Runs the tests on an instrumented build and prints how many of the branches of each layer they took; what was not is in
# build/coverage/branches.txt by file and line. Fails where the engine has less than 95 %, or the rest of the host less than 80 %.
# usage: coverage.sh [CTEST OPTION...]     such as -LE long
# Branches that only an out-of-memory or an assertion takes count like any other.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."

engine_least=95
host_least=80
rm -rf build/coverage # what an earlier tree left behind would be counted with this one
cmake --preset coverage >/dev/null
cmake --build --preset coverage -j "$(nproc)" >build/coverage.log 2>&1 || {
    tail -n 40 build/coverage.log
    exit 1
}
ctest --test-dir build/coverage -E '^(packaging|planted)' -j "$(nproc)" --timeout 900 "$@" >build/coverage-tests.log 2>&1 || {
    tail -n 20 build/coverage-tests.log
    exit 1
}
gcovr --root . --object-directory build/coverage --filter host/ --branches --exclude-unreachable-branches --exclude-throw-branches \
    --exclude-lines-by-pattern '.*\bassert\(.*' --json-summary-pretty --json-summary build/coverage/summary.json \
    --txt build/coverage/branches.txt
jq --raw-output --argjson engine "$engine_least" --argjson host "$host_least" '
    def share: if .total == 0 then 100 else 1000 * .taken / .total | round / 10 end;
    [.files[] | {layer: (.filename | split("/")[1]), total: .branch_total, taken: .branch_covered}]
    | group_by(.layer)
    | map({layer: .[0].layer, total: (map(.total) | add), taken: (map(.taken) | add)})
    | (map(select(.layer != "engine")) | {layer: "all but engine", total: (map(.total) | add), taken: (map(.taken) | add)}) as $rest
    | (. + [$rest])[] | "\(.layer)|\(.taken)|\(.total)|\(share)"' build/coverage/summary.json |
    awk -F'|' -v engine="$engine_least" -v host="$host_least" '
        { printf "%-14s %6d of %6d branches %6.1f %%\n", $1, $2, $3, $4 }
        $1 == "engine" && $4 < engine || $1 == "all but engine" && $4 < host { low = 1 }
        END { exit low }'
