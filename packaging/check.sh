#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# Installs what the tests need, builds, and runs every test through CTest; ends with CTest's summary.
# usage: check.sh [--quick|--long]     --quick leaves out the long tests, the sanitizers and the linters; --long searches with every
#                                      fuzz target for two minutes besides, measures the branches taken, and lets clang-tidy follow
#                                      as many paths through a function as it likes
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."
umask 022
export LC_ALL=C.UTF-8 no_proxy=127.0.0.1,localhost

quick=
long=
case "$*" in
--quick) quick=1 ;;
--long) long=1 ;;
"") ;;
*)
    echo "usage: $0 [--quick|--long]" >&2
    exit 2
    ;;
esac

packaging/dependencies.sh test
jobs=$(nproc)
mkdir -p build

step() { printf '\n== %s\n' "$*"; }

# logged NAME COMMAND...: says nothing where it goes well, and what it said where it does not.
logged() {
    local log=build/$1.log
    shift
    "$@" >"$log" 2>&1 || {
        tail -n 80 "$log"
        exit 1
    }
}

build() {
    step "build: $1"
    logged "$1" cmake --preset "$1"
    logged "$1" cmake --build --preset "$1" -j "$jobs"
}

sources() { find host plugin-api plugins tests \( -name '*.c' -o -name '*.h' \) -not -path '*/node_modules/*' -print0; }

if [ -z "$quick" ]; then
    step "formatting"
    sources | xargs -0 clang-format --dry-run --Werror
    build layers
    step "headers stand by themselves"
    logged headers cmake --build build/layers --target all_verify_interface_header_sets -j "$jobs"
    build asan-ubsan
    step "tests under the address and undefined-behaviour sanitizers"
    logged asan-ubsan-tests ctest --test-dir build/asan-ubsan -LE long -E '^(scenario|packaging|faults)\.' --timeout 300 --output-on-failure \
        --no-tests=error -j "$jobs"
    tail -n 5 build/asan-ubsan-tests.log
    build release
fi

if [ -n "$long" ]; then
    step "fuzz targets, two minutes each"
    packaging/fuzz.sh 120
    step "branches that the tests take"
    packaging/coverage.sh
fi

build dev
if [ -z "$quick" ]; then
    step "clang-tidy"
    # Its own limit, 225,000 states a function, costs four times as much.
    states=()
    [ -n "$long" ] || states=(--extra-arg={-Xclang,-analyzer-config,-Xclang,max-nodes=60000})
    find host -name '*.c' -print0 |
        logged clang-tidy xargs -0 -P "$jobs" -n 4 clang-tidy -p build/dev --quiet "${states[@]}"
fi
step "tests"
# A sample is a short form of a long test, and shows nothing where that runs.
exclude=(-LE sample)
[ -z "$quick" ] || exclude=(-LE long)
ctest --test-dir build/dev "${exclude[@]}" --timeout 900 --output-on-failure --no-tests=error -j "$jobs"
