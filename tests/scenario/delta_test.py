# SPDX-License-Identifier: Apache-2.0
"""Delta tokens: everything once, then what changed and what went, until the token is no longer taken; through kill -9."""
import subprocess

from lab import BUILD, Lab, Upstream, check, finish

USERS = 230

with Upstream("--users", USERS, "--groups", 1) as upstream:
    lab = Lab()
    lab.configure([("sample", "delta", upstream.url, "")], connectors=BUILD / "tests/connectors")

    def expect(what, full, **counts):
        status, runs, errors = lab.sync()
        run = runs.get("sample/users", {})
        seen = {name: run.get(name) for name in counts}
        check(status == 0 and run.get("full") == full and seen == counts, f"{what}: full {full}, {counts}: {run} {errors}")

    def token():
        return lab.query("SELECT CAST(value AS TEXT) FROM checkpoint WHERE what = 'bookmark'")

    expect("the first run", True, received=USERS, created=USERS, pages=5)
    first = token()
    expect("nothing has changed", False, received=0, pages=1)
    upstream.control("change?in=users&count=60")
    upstream.control("delete?in=users&number=100&count=2")
    expect("what changed, and what went", False, received=62, changed=62, pages=2)
    check(lab.query("SELECT state, count(*) FROM account GROUP BY state ORDER BY 1") == [("deleted", 2), ("live", USERS - 2)], "tombstones delete")
    check(token() != first, "the token has moved")
    before = token()

    upstream.control("change?in=users&count=60")
    upstream.script("/delta/users with=cursor= status 404\n")
    status, runs, errors = lab.sync()
    check(status == 1 and token() == before, f"a run that is cut leaves the token: {runs} {errors}")
    upstream.script("/delta/users with=cursor= once delay 20000\n")
    process = subprocess.Popen(lab.command("sync"), stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    try:
        process.wait(timeout=1.5)
    except subprocess.TimeoutExpired:
        process.kill()
    process.wait()
    check(token() == before, "and so does a kill")
    upstream.script("")
    status, runs, errors = lab.sync()
    check(status == 0 and not runs["sample/users"]["full"] and token() != before, f"the next run goes on: {runs} {errors}")

    upstream.control("change?in=users&count=3")
    upstream.script("/delta/users with=delta=d status 410\n")
    expect("an expired token", True, received=USERS - 2, changed=3)
    why = lab.query("SELECT why_full FROM run ORDER BY run DESC LIMIT 1")
    check(why == [("the bookmark expired",)], f"and the history says why: {why}")
    upstream.script("")
    expect("and after it", False, received=0)
    lab.audit_holds()
finish()
