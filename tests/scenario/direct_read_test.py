# SPDX-License-Identifier: Apache-2.0
"""Direct reads: what a listing that proves nothing left out is deleted only once a direct read says that it is gone while another object
can be read; what is there after all is live again; and a child's listing that is not found has its parent read first (fault 29)."""
from lab import Lab, Upstream, check, finish

USERS = 60
STREAM = "users_by_last_flag"  # its end is a flag: complete by its own word, never proven


def lab_with(upstream, *streams, extra=""):
    lab = Lab()
    selection = ", ".join(f'"{stream}"' for stream in streams)
    lab.configure([("sample", "sample", upstream.url, f'secrets = {{ token = "file:token"; }}; streams = [{selection}];')], extra)
    return lab


def states(lab):
    return dict(lab.query("SELECT state, count(*) FROM account GROUP BY state"))


with Upstream("--users", USERS, "--groups", 6, "--token", "secret", "--page-max", 40) as upstream:
    lab = lab_with(upstream, STREAM)
    lab.sync()
    check(states(lab) == {"live": USERS}, f"everybody is there at first: {states(lab)}")

    upstream.control("delete?in=users&count=2")
    status, runs, errors = lab.sync()
    run = runs.get(f"sample/{STREAM}", {})
    check(run.get("proof") == "asserted" and status == 0, f"complete by its own word: {run} {errors}")
    check(states(lab) == {"live": USERS - 2, "deleted": 2}, f"gone, and read as gone: {states(lab)}")
    evidence = {row[0] for row in lab.query("SELECT evidence FROM account WHERE state = 'deleted'")}
    check(len(evidence) == 1 and evidence.pop().startswith("direct read answered 404, while "), f"each names its evidence: {evidence}")
    history = lab.query("SELECT state, count(*) FROM account_history GROUP BY state")
    check(("missing", 2) in history and ("deleted", 2) in history, f"the history shows the way: {history}")

    # Where the application hides what it has, 404 says nothing: the control is not found either.
    upstream.control("delete?in=users&count=1")
    upstream.script("/users/ status 404\n")
    lab.sync()
    check(states(lab) == {"live": USERS - 3, "missing": 1, "deleted": 2}, f"404 for all is no word on one: {states(lab)}")
    upstream.script("")
    lab.sync()
    check(states(lab) == {"live": USERS - 3, "deleted": 3}, f"the next run asks again: {states(lab)}")
    lab.audit_holds()

    # None is asked for where the policy says so.
    lab = lab_with(upstream, STREAM, extra="policy = { direct_reads_most = 0; };")
    lab.sync()
    upstream.control("delete?in=users&count=1")
    lab.sync()
    check(states(lab) == {"live": USERS - 4, "missing": 1}, f"direct_reads_most = 0: {states(lab)}")

    # A child's listing that is not found, though its parent is there: that scope is partial, and nothing of it goes.
    lab = lab_with(upstream, "groups", "group_members")
    lab.sync()
    before = lab.query('SELECT count(*) FROM "grant" WHERE state = \'live\'')
    upstream.script("/offset/groups/ every=3 times=1 status 404\n")
    status, runs, errors = lab.sync()
    run = runs.get("sample/group_members", {})
    partial = lab.query("SELECT count(*) FROM scope WHERE proof = 'partial'")[0][0]
    check(status == 1 and run.get("proof") == "partial" and partial == 1, f"one scope is partial: {partial} {run} {errors}")
    check(lab.query('SELECT count(*) FROM "grant" WHERE state = \'live\'') == before, f"and nothing of it is gone: {run}")
    check("not_found" in (run.get("reason") or ""), f"the reason says what: {run}")
    lab.audit_holds()
finish()
