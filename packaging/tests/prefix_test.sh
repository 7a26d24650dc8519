#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# What a packager does: configures with a prefix and without tests, builds, installs; the installed host then finds the
# installed connectors with no word about them in its configuration.
# usage: prefix_test.sh SOURCE WORK COMPILER
set -euo pipefail
source=$1 work=$2 compiler=$3

rm -rf "$work"
mkdir -p "$work"
umask 022
cmake -S "$source" -B "$work/build" -G Ninja -DCMAKE_BUILD_TYPE=Debug -DMUSTER_TESTS=OFF -DCMAKE_C_COMPILER="$compiler" \
    -DCMAKE_INSTALL_PREFIX="$work/usr" >"$work/log"
cmake --build "$work/build" -j 2 >>"$work/log" || {
    tail -n 40 "$work/log"
    exit 1
}
cmake --install "$work/build" >>"$work/log"

echo 'connections = ();' >"$work/muster.conf"
"$work/usr/bin/muster" -c "$work/muster.conf" connectors --json >"$work/connectors.json"
found=$(jq -r '.connectors[] | select(.refused == null) | .file' "$work/connectors.json" | sort | xargs)
wanted="$work/usr/lib/muster/connectors/github.so $work/usr/lib/muster/connectors/scim.so"
[ "$found" = "$wanted" ] || {
    printf 'found:  %s\nwanted: %s\n' "$found" "$wanted"
    exit 1
}
