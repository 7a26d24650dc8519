#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# Installs the connector package into a temporary folder, builds a connector against it with CMake and with pkg-config, under
# flags that a vendor's build may well have, and has both taken in.
set -eu
build=$1 libdir=$2 source=$3 accept=$4 compiler=$5

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
umask 022
cmake --install "$build" --prefix "$work/usr" --component connector_api >/dev/null

# With CMake: sanitizers and coverage of the surrounding build must not reach the connector.
mkdir "$work/vendor"
cp "$source" "$work/vendor/connector.c"
cat >"$work/vendor/CMakeLists.txt" <<'END'
cmake_minimum_required(VERSION 3.25)
project(vendor LANGUAGES C)
find_package(Muster REQUIRED)
add_compile_options(-fsanitize=address --coverage)
add_link_options(-fsanitize=address --coverage)
muster_add_connector(vendor SOURCES connector.c)
END
cmake -S "$work/vendor" -B "$work/build" -DCMAKE_PREFIX_PATH="$work/usr" -DCMAKE_C_COMPILER="$compiler" \
    -DCMAKE_C_FLAGS="-fsanitize=undefined" >/dev/null
cmake --build "$work/build" >/dev/null
"$accept" "$work/build/connectors/vendor.so" >"$work/by-cmake"

# With pkg-config, in one command. The prefix is where it was installed, not where the build was told.
PKG_CONFIG_PATH="$work/usr/$libdir/pkgconfig"
export PKG_CONFIG_PATH
flags=$(pkg-config --define-variable=prefix="$work/usr" --cflags --libs muster-connector)
# shellcheck disable=SC2086  # flags are words
"$compiler" -fsanitize=address $flags "$work/vendor/connector.c" -o "$work/vendor.so"
"$accept" "$work/vendor.so" >"$work/by-pkg-config"

cmp "$work/by-cmake" "$work/by-pkg-config"
