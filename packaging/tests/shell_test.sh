#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# Every script that is in the repository, through shellcheck; the completion as bash.
# usage: shell_test.sh SOURCE
set -euo pipefail
cd "$1"

# Without a repository (a source package) the scripts are found by name.
mapfile -t scripts < <(git ls-files '*.sh' .ci/run 2>/dev/null || find packaging tests plugins .ci -name '*.sh' -o -path .ci/run)
[ ${#scripts[@]} -gt 5 ] || {
    echo "only ${#scripts[@]} scripts found: ${scripts[*]}" >&2
    exit 1
}
# SC1083, SC2093: version 0.9 takes `exec {array[i]}>&-`, which closes a descriptor, for a command. Style alone is no error.
shellcheck --severity=info --exclude=SC1083,SC2093 "${scripts[@]}"
shellcheck --severity=info --shell=bash packaging/completion/muster
