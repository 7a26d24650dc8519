#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# The shell in a hurry: curl | jq | sqlite3, one process each, everything in one transaction and nothing updated: not the same work as the others.
#
#     pipeline_once.sh BASE_URL DATABASE RECORDS [PAGE_SIZE]
set -euo pipefail

base=$1 database=$2 records=$3 page_size=${4:-200}

sqlite3 "$database" >/dev/null <<'SQL'
PRAGMA journal_mode = WAL;
CREATE TABLE IF NOT EXISTS account (id TEXT PRIMARY KEY, login TEXT, email TEXT, status TEXT, display_name TEXT, attributes TEXT);
SQL

# curl's own range of URLs keeps one connection for all pages.
curl --silent --show-error --fail "$base/Users?startIndex=[1-$records:$page_size]&count=$page_size" |
    jq --raw-output '.Resources[]
        | [.id, .userName, (first(.emails[] | select(.primary)) | .value), (if .active then "active" else "disabled" end), .displayName, tojson]
        | @csv' |
    sqlite3 "$database" 'PRAGMA synchronous = FULL' '.import --csv /dev/stdin account'

sqlite3 "$database" 'SELECT count(*) FROM account'
