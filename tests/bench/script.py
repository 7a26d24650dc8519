#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""The comparator in Python: requests, json and sqlite3, as a careful hand would write it in an hour.

    script.py BASE_URL DATABASE RECORDS [PAGE_SIZE]

One kept connection, one transaction a page, WAL and synchronous FULL, as in bare_loop.c.
"""
import json
import sqlite3
import sys

import requests

SCHEMA = """
PRAGMA journal_mode = WAL;
PRAGMA synchronous = FULL;
CREATE TABLE IF NOT EXISTS account (id TEXT PRIMARY KEY, login TEXT, email TEXT, status TEXT, display_name TEXT, attributes TEXT);
"""
UPSERT = """
INSERT INTO account VALUES (?, ?, ?, ?, ?, ?) ON CONFLICT (id) DO UPDATE SET login = excluded.login, email = excluded.email,
status = excluded.status, display_name = excluded.display_name, attributes = excluded.attributes
"""


def row(user):
    email = next((e["value"] for e in user.get("emails", ()) if e.get("primary")), None)
    status = "active" if user.get("active") else "disabled"
    return (user["id"], user.get("userName"), email, status, user.get("displayName"),
            json.dumps(user, ensure_ascii=False, separators=(",", ":")))


def main():
    base, path, records = sys.argv[1], sys.argv[2], int(sys.argv[3])
    page_size = int(sys.argv[4]) if len(sys.argv) > 4 else 200
    session = requests.Session()
    database = sqlite3.connect(path)
    database.executescript(SCHEMA)
    stored, total = 0, records
    while stored < min(records, total):
        answer = session.get(f"{base}/Users", params={"startIndex": stored + 1, "count": page_size}, timeout=60)
        answer.raise_for_status()
        page = json.loads(answer.content)
        users = page["Resources"]
        if not users:
            break
        with database:
            database.executemany(UPSERT, map(row, users))
        stored, total = stored + len(users), page["totalResults"]
    database.close()
    print(stored)


if __name__ == "__main__":
    main()
