#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# The comparator of the shell: for each page curl | jq | sqlite3, the page upserted in one durable transaction, then the next one, as the
# paging says. What jq writes is the statement; sqlite3 answers with how many items there were, and of how many.
#
#     pipeline.sh BASE_URL DATABASE RECORDS [PAGE_SIZE]
set -euo pipefail

base=$1 database=$2 records=$3 page_size=${4:-200}

sqlite3 "$database" >/dev/null <<'SQL'
PRAGMA journal_mode = WAL;
CREATE TABLE IF NOT EXISTS account (id TEXT PRIMARY KEY, login TEXT, email TEXT, status TEXT, display_name TEXT, attributes TEXT);
SQL

read -r -d '' statement <<'JQ' || true
def text: if . == null then "NULL" else "'" + (split("'") | join("''")) + "'" end;
(.Resources | length) as $items
| (if $items == 0 then "" else
    "INSERT INTO account VALUES\n"
    + ([.Resources[]
        | "(" + ([.id, .userName, first((.emails[]? | select(.primary) | .value), null), (if .active then "active" else "disabled" end),
                  .displayName, tojson] | map(text) | join(",")) + ")"] | join(",\n"))
    + "\nON CONFLICT (id) DO UPDATE SET login = excluded.login, email = excluded.email, status = excluded.status,"
    + " display_name = excluded.display_name, attributes = excluded.attributes;\n"
  end) + "SELECT \($items), \(.totalResults);"
JQ

stored=0 total=$records
while [ "$stored" -lt "$records" ] && [ "$stored" -lt "$total" ]; do
    answer=$(curl --silent --show-error --fail "$base/Users?startIndex=$((stored + 1))&count=$page_size" |
        jq --raw-output "$statement" |
        sqlite3 -bail -cmd 'PRAGMA synchronous = FULL' "$database")
    items=${answer%|*} total=${answer#*|}
    [ "$items" -gt 0 ] || break
    stored=$((stored + items))
done

echo "$stored"
