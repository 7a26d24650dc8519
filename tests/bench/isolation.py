#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Isolation: 50 healthy connections alone, then beside one whose application has every fault of the sample application at once.

    isolation.py [--connections N] [--rounds N]     (MUSTER_BUILD names the build folder, build/release without it)

Printed is how long the healthy ones took beside the sick one, as a multiple of their time alone, by the slowest of them and
at the median of some rounds that take turns. Their books must be the same to the last column, or it fails.
"""
import argparse
import os
import pathlib
import statistics
import sys

HERE = pathlib.Path(__file__).resolve().parent
os.environ.setdefault("MUSTER_BUILD", str(HERE.parents[1] / "build/release"))
sys.path.insert(0, str(HERE.parent / "scenario"))
import lab as labs  # noqa: E402

# Every action that does harm, each at random on so many percent of the sick application's answers.
CHANCE = 2
FAULTS = """
drop
reset 500
cut 700
cut-chunks
stall 400 200
slow 512 2
delay 150 100
close-after
close-delimited
close-delimited 300
two-lengths
length-and-chunks
flood 40
headers 200 200
status 400
status 401
status 403
status 404
status 409
status 410
status 429
status 500
status 503
retry-after 1
retry-after nonsense
retry-after -5
login-page
error-object
empty-body
no-content
partial
not-modified
redirect http://127.0.0.2:9/elsewhere
redirect-loop
type text/plain
rate github 0 1
body {"Resources":7}
cut-json 900
trailing junk
twice
deep 100000
long-string 5
many-keys 20000
bomb 70
encodings
false-gzip
item 3 duplicate-id
item 4 duplicate-member
item 5 nul
item 6 bad-utf8
item 7 lone-surrogate
item 8 nan
item 9 id-null
item 10 id-huge
item 11 id-object
total 7
total-drift
empty-listing
""".strip().splitlines()

COUNTED = ["proof", "reason", "pages", "received", "created", "changed", "unchanged", "duplicate", "filtered", "dead", "missing"]


def healthy_books(lab, runs):
    books = {name: [run[column] for column in COUNTED] for name, run in runs.items() if not name.startswith("sick/")}
    rows = lab.query("SELECT connection, count(*), group_concat(id || login || state || coalesce(attributes, ''))"
                     " FROM (SELECT * FROM account WHERE connection <> 'sick' ORDER BY connection, id) GROUP BY connection")
    return books, rows


def once(healthy, sick, count):
    lab = labs.Lab()
    connections = []
    for i in range(count):
        lab.secret(f"token{i}", f"token{i}")
        connections.append((f"c{i:03}", "scim", f"{healthy.url}/scim/v2",
                            f'secrets = {{ token = "file:token{i}"; }}; streams = ["users"];'))
    if sick:
        sick.script("\n".join(f"/ chance={CHANCE} {fault}" for fault in FAULTS))
        connections.insert(0, ("sick", "sample", sick.url, 'secrets = { token = "file:token"; };'))
    lab.configure(connections, "policy = { backoff_most_ms = 500; retry_after_most_ms = 2000; };")
    _, runs, _ = lab.sync(timeout=600)
    slowest = max(run["seconds"] for name, run in runs.items() if not name.startswith("sick/"))
    labs.check(lab.audit_holds(), "the books hold")
    return slowest, healthy_books(lab, runs), [run for name, run in runs.items() if name.startswith("sick/")]


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--connections", type=int, default=50)
    parser.add_argument("--rounds", type=int, default=5)
    options = parser.parse_args()
    with labs.Upstream("--users", 2500, "--groups", 0, "--page-max", 50, "--latency-ms", 20) as healthy, \
            labs.Upstream("--users", 3000, "--groups", 20, "--page-max", 50, "--latency-ms", 20) as sick:
        alone, beside, sick_runs = [], [], []
        for _ in range(options.rounds):
            seconds, books, _ = once(healthy, None, options.connections)
            alone.append(seconds)
            seconds, others, sick_runs = once(healthy, sick, options.connections)
            beside.append(seconds)
            labs.check(books == others, "the healthy connections' books and objects are the same beside the sick one")
            labs.check(len(books[0]) == options.connections and all(book[0] == "proven" for book in books[0].values()),
                       "every healthy connection is proven")
    before, after = statistics.median(alone), statistics.median(beside)
    told = "; ".join(f'{run["stream"]} {run["proof"]} after {run["requests"]} requests, {run["retries"]} retries' for run in sick_runs)
    print(f"{options.connections} healthy connections: {before:.2f} s alone, {after:.2f} s beside a sick one: {after / before:.2f} times"
          f" (the sick one: {told})")
    labs.finish()


if __name__ == "__main__":
    main()
