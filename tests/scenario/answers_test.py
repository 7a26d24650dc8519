# SPDX-License-Identifier: Apache-2.0
"""Bad answers: a clear sentence each, the right class, and nothing lost or merged."""
from lab import Lab, Upstream, check, finish

USERS = 400
FAST = "policy = { attempts_max = 2; backoff_first = \"10ms\"; backoff_most = \"20ms\"; body_bytes_most = 2000000; };"

# What the application does, what the run ends as, a word of the reason.
FOR_GOOD = [
    ("login-page", "partial", "html"),
    ("empty-body", "partial", "body"),
    ("no-content", "partial", "body"),
    ("cut 2000", "partial", "page 2"),
    ("endless-body", "partial", ""),
    ("status 500", "partial", "500"),
    ("status 400", "partial", "400"),
    ("status 404", "partial", "404"),
    ("status 403", "partial", "403"),
    ("trailing xx", "partial", "byte"),
]
FOR_A_WHILE = ["status 503", "drop", "reset 500", "cut 2000", "status 429"]


def fresh(upstream, extra=FAST):
    lab = Lab()
    lab.scim(upstream, more='streams = ["users"];', extra=extra)
    return lab


with Upstream("--users", USERS, "--groups", 3, "--token", "secret") as upstream:
    for action, proof, word in FOR_GOOD:
        upstream.script(f"/scim/v2/Users with=startIndex=20 {action}\n")
        lab = fresh(upstream)
        status, runs, errors = lab.sync()
        run = runs.get("acme/users", {})
        check(run.get("proof") == proof and status == 1, f"{action}: {run} {errors}")
        check(run.get("reason") and word.lower() in run["reason"].lower(), f"{action}: the reason says what: {run.get('reason')}")
        check(run.get("created") == 200 and run.get("missing") == 0, f"{action}: the page before is kept, nobody is missing: {run}")
        upstream.script("")
        status, runs, errors = lab.sync()
        check(status == 0 and runs["acme/users"]["proof"] == "proven", f"{action}: healed, the next run is proven: {runs} {errors}")
        check(lab.query("SELECT count(*) FROM account WHERE state='live'")[0][0] == USERS, f"{action}: everybody is there")
        lab.audit_holds()
    for action in FOR_A_WHILE:
        upstream.script(f"/scim/v2/Users nth=2 once {action}\n")
        lab = fresh(upstream, extra="policy = { backoff_first = \"10ms\"; };")
        status, runs, errors = lab.sync()
        check(status == 0 and runs["acme/users"]["proof"] == "proven", f"{action} once: retried, proven: {runs} {errors}")
        # A connection that is reset before the first byte of an answer is opened anew by the library: no retry of ours.
        check((action == "drop" or runs["acme/users"]["retries"] >= 1) and runs["acme/users"]["created"] == USERS, f"{action} once: {runs}")
        upstream.script("")

    # One bad item: one dead letter, the rest goes on; an id is never merged with another.
    for mutation, readable in (("id-null", False), ("id-missing", False), ("duplicate-member", True), ("nul", True),
                               ("bad-utf8", True), ("lone-surrogate", True), ("id-object", False)):
        upstream.script(f"/scim/v2/Users nth=1 item 5 {mutation}\n")
        lab = fresh(upstream)
        _, runs, errors = lab.sync()
        run = runs["acme/users"]
        check(run["dead"] == 1 and run["created"] == USERS - 1, f"{mutation}: one letter, the rest is there: {run} {errors}")
        check(run["proof"] == ("proven" if readable else "asserted"), f"{mutation}: {run['proof']}: {run['reason']}")
        letters = lab.query("SELECT reason, pointer, raw IS NOT NULL FROM dead_letter")
        check(len(letters) == 1 and letters[0][2] == 1, f"{mutation}: the letter is kept whole: {letters}")
        lab.audit_holds()
        upstream.script("")

    upstream.script("/scim/v2/Users nth=1 item 5 id-huge\n")
    lab = fresh(upstream)
    _, runs, errors = lab.sync()
    ids = [row[0] for row in lab.query("SELECT id FROM account ORDER BY id")]
    check(len(ids) == len(set(ids)) == USERS, f"ids past 64 bits stay apart: {len(ids)} {runs} {errors}")
    check(any(len(i) >= 20 and i.isdigit() for i in ids), f"and stay as they were sent: {[i for i in ids if i.isdigit()][:3]}")
    upstream.script("")
finish()
