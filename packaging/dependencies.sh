#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# Installs what Muster needs from Debian 12's packages, and only what is missing.
# usage: dependencies.sh build|test
#   build: compiler, cmake, and the libraries of the host; jq, curl and sqlite3 for the quickstart's own look at the store
#   test:  besides, what the tests, the linters and the comparison programs need
set -euo pipefail

build=(gcc cmake ninja-build pkg-config libcurl4-openssl-dev libjson-c-dev libconfig-dev libsqlite3-dev libsodium-dev
    libseccomp-dev libmicrohttpd-dev zlib1g-dev sqlite3)
test=(check clang clang-format clang-tidy cppcheck libclang-rt-14-dev jq curl python3 python3-requests time openssl shellcheck mandoc)

case "${1:-}" in
build) packages=("${build[@]}") ;;
test) packages=("${build[@]}" "${test[@]}") ;;
*)
    echo "usage: $0 build|test" >&2
    exit 2
    ;;
esac

# Node may come from elsewhere than Debian, with npm in the same package: then Debian's npm would not fit it.
if [ "$1" = test ] && ! { command -v node && command -v npm; } >/dev/null; then
    packages+=(nodejs npm)
fi

missing=()
for package in "${packages[@]}"; do
    dpkg-query -W -f='${Status}' "$package" 2>/dev/null | grep -q 'install ok installed' || missing+=("$package")
done
[ ${#missing[@]} -eq 0 ] && exit 0

as_root=()
if [ "$(id -u)" -ne 0 ]; then
    command -v sudo >/dev/null || {
        echo "these Debian packages are missing, and there is no sudo to install them with: ${missing[*]}" >&2
        exit 1
    }
    as_root=(sudo)
fi
echo "installing: ${missing[*]}"
export DEBIAN_FRONTEND=noninteractive
"${as_root[@]}" apt-get update -qq
"${as_root[@]}" apt-get install -y -qq --no-install-recommends "${missing[@]}" >/dev/null
