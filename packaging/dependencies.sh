#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# Installs what Muster needs from Debian 12's packages, and only what is missing.
# usage: dependencies.sh build|test
#   build: compiler, cmake, and the libraries of the host; check and python3, without which the tests' lists are not read, and the
#          sample application is one of the tests' programs; sqlite3 for the quickstart's own look at the store
#   test:  besides, what the tests, the linters and the comparison programs need
set -euo pipefail

build=(gcc libc6-dev cmake ninja-build pkg-config libcurl4-openssl-dev libjson-c-dev libconfig-dev libsqlite3-dev libsodium-dev
    libseccomp-dev libmicrohttpd-dev zlib1g-dev check python3 sqlite3)
test=(git clang clang-format clang-tidy cppcheck libclang-rt-14-dev jq curl python3-requests python3-h2 faketime time openssl binutils
    procps shellcheck mandoc gcovr)

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

if ! command -v dpkg-query >/dev/null || ! command -v apt-get >/dev/null; then
    echo "this is no Debian: the packages below, or what they are called here, have to be there already: ${packages[*]}" >&2
    exit 1
fi
missing=()
for package in "${packages[@]}"; do
    dpkg-query -W -f='${Status}' "$package" 2>/dev/null | grep -q 'install ok installed' || missing+=("$package")
done
[ ${#missing[@]} -eq 0 ] && exit 0

# env, because sudo passes no variables on; a fresh machine may be busy with its own updates for the first minutes.
as_root=(env DEBIAN_FRONTEND=noninteractive)
if [ "$(id -u)" -ne 0 ]; then
    command -v sudo >/dev/null || {
        echo "these Debian packages are missing, and there is no sudo to install them with: ${missing[*]}" >&2
        exit 1
    }
    as_root=(sudo "${as_root[@]}")
fi
echo "installing: ${missing[*]}"
"${as_root[@]}" apt-get -o DPkg::Lock::Timeout=300 update -qq
"${as_root[@]}" apt-get -o DPkg::Lock::Timeout=300 install -y -qq --no-install-recommends "${missing[@]}" >/dev/null
