#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# Installs what the tests need, builds, and runs every test through CTest; ends with CTest's summary.
# usage: check.sh [--quick]     --quick leaves out the long tests, the sanitizers and the linters
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."

quick=
case "${1:-}" in
--quick) quick=1 ;;
"") ;;
*)
    echo "usage: $0 [--quick]" >&2
    exit 2
    ;;
esac

packaging/dependencies.sh test
jobs=$(nproc)

step() { printf '\n== %s\n' "$*"; }

build() {
    step "build $1"
    cmake --preset "$1" >/dev/null
    cmake --build --preset "$1" -j "$jobs" >"build/$1/build.log" 2>&1 || {
        tail -n 60 "build/$1/build.log"
        exit 1
    }
}

if [ -z "$quick" ]; then
    build layers
    step "headers stand by themselves"
    cmake --build build/layers --target all_verify_interface_header_sets -j "$jobs" >/dev/null
    step "formatting"
    git ls-files '*.c' '*.h' | xargs clang-format --dry-run --Werror
    build asan-ubsan
    step "tests under the address and undefined-behaviour sanitizers"
    ctest --test-dir build/asan-ubsan -LE 'long|timing' --output-on-failure --no-tests=error -j "$jobs" | tail -n 15
fi

build dev
if [ -z "$quick" ]; then
    step "clang-tidy"
    git ls-files 'host/**.c' | xargs -P "$jobs" -n 4 clang-tidy -p build/dev --quiet 2>/dev/null
fi
step "tests"
if [ -n "$quick" ]; then
    ctest --test-dir build/dev -LE long --output-on-failure --no-tests=error -j "$jobs"
else
    ctest --test-dir build/dev --output-on-failure --no-tests=error -j "$jobs"
fi
