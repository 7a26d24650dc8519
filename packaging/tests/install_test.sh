#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# Installs a build below a folder of its own and uses what is there: the files, the binary, a connector, completion, the unit.
# usage: install_test.sh BUILD SOURCE WORK PREFIX LIBDIR VERSION
set -euo pipefail
build=$1 source=$2 work=$3 prefix=$4 libdir=$5 version=$6

fail() {
    printf '%s\n' "$*" >&2
    exit 1
}

rm -rf "$work"
mkdir -p "$work"
umask 022
DESTDIR="$work/root" cmake --install "$build" >"$work/install.log"
installed=$work/root$prefix

# Exactly these: what is missing is noticed, and so is what strays in.
sort >"$work/wanted" <<W
bin/muster
include/muster/connector.h
$libdir/cmake/Muster/MusterConfig.cmake
$libdir/cmake/Muster/MusterConfigVersion.cmake
$libdir/cmake/Muster/MusterConnector.cmake
$libdir/pkgconfig/muster-connector.pc
lib/muster/connectors/github.so
lib/muster/connectors/scim.so
lib/systemd/system/muster.service
lib/sysusers.d/muster.conf
lib/tmpfiles.d/muster.conf
share/bash-completion/completions/muster
share/doc/muster/examples/muster.conf
share/man/man1/muster.1
share/man/man5/muster.conf.5
share/man/man7/muster-connector.7
W
(cd "$installed" && find . ! -type d | sed 's|^\./||' | sort) >"$work/found"
diff "$work/wanted" "$work/found" || fail "above: < wanted, > installed"
[ "$(stat -c %a "$installed/bin/muster")" = 755 ] || fail "bin/muster is not 0755"

# Nothing points back to where it was built, which a package's user does not have.
readelf -d "$installed/bin/muster" | grep -E 'RPATH|RUNPATH' && fail "bin/muster has a path to libraries"
grep -rIlF -e "$build" -e "$source" -e "$work" "$installed" && fail "the files above name a folder of the build"

muster=$installed/bin/muster
[ "$("$muster" --version)" = "muster $version" ] || fail "--version says $("$muster" --version)"
"$muster" lint "$installed/lib/muster/connectors/"*.so

# Without `connectors` the host looks where they are installed; outside DESTDIR that may well be empty, but it is named.
echo 'connections = ();' >"$work/muster.conf"
said=$("$muster" -c "$work/muster.conf" connectors 2>&1) || true
case $said in
*"$prefix/lib/muster/connectors"*) ;;
*) fail "connectors are not looked for in $prefix/lib/muster/connectors: $said" ;;
esac

grep -q "^ExecStart=$prefix/bin/muster " "$installed/lib/systemd/system/muster.service" ||
    fail "the unit does not start $prefix/bin/muster"

# shellcheck disable=SC2016  # the inner shell expands them
offered=$(bash -euc '. "$1"; COMP_WORDS=(muster -c "$2" export acc); COMP_CWORD=4; _muster; echo "${COMPREPLY[*]}"' \
    - "$installed/share/bash-completion/completions/muster" "$work/muster.conf")
[ "$offered" = account ] || fail "completion of \"export acc\" offers \"$offered\""

# pkg-config finds the header from where its file lies, not from where a build was configured for, and what it names is enough.
export PKG_CONFIG_PATH=$installed/$libdir/pkgconfig
[ "$(realpath "$(pkg-config --variable=prefix muster-connector)")" = "$(realpath "$installed")" ] ||
    fail "pkg-config says prefix=$(pkg-config --variable=prefix muster-connector)"
cat >"$work/acme.c" <<'C'
#include <muster/connector.h>
const struct muster_connector muster_connector = {
    MUSTER_CONNECTOR_HEADER,
    .name = "acme",
    .version = "1.0.0",
    .base_url = "https://api.acme.example/v1",
    .streams = MUSTER_LIST(struct muster_stream,
        {.name = "users",
            .request = {.path = "/users", .query = MUSTER_LIST(struct muster_pair, {"active", "true"})},
            .items = "/data",
            .yields = MUSTER_LIST(struct muster_yield,
                {.kind = MUSTER_ACCOUNT,
                    .fields = MUSTER_LIST(struct muster_field, {.to = "id", .from = "/id", .flags = MUSTER_REQUIRED})})}),
};
C
# shellcheck disable=SC2046  # a list of flags
"${CC:-cc}" $(pkg-config --cflags --libs muster-connector) "$work/acme.c" -o "$work/acme.so"
"$muster" lint "$work/acme.so"
