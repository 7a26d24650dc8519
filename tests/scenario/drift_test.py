# SPDX-License-Identifier: Apache-2.0
"""Drift over pulls by separate processes (faults 58 and 59): what is new, changed or vanished is said once, never a value."""
from lab import BUILD, Lab, Upstream, check, finish

WIDE = BUILD / "tests/letters_wide"
USERS = 60


def drift(lab):
    return lab.query("SELECT kind, path FROM drift ORDER BY drift")


with Upstream("--users", USERS, "--groups", 2, "--token", "secret") as upstream:
    lab = Lab()
    lab.configure([("acme", "letters", upstream.url, 'secrets = { token = "file:token"; }; streams = ["users"];')], "", WIDE)

    def sync(script=""):
        upstream.script(script)
        _, runs, errors = lab.sync()
        run = runs.get("acme/users", {})
        check(run.get("proof") == "proven", f"the listing itself is sound: {run} {errors}")
        return run

    check(sync()["drift"] == 0 and drift(lab) == [], "the first pull is what later ones are compared with")
    check(sync()["drift"] == 0 and drift(lab) == [], "the same again, by another process, is no news")

    run = sync("/page/users nth=1 item 5 status-unknown\n")
    check(run["drift"] == 1 and drift(lab) == [("unknown_value", "/status")], f"a word that nobody declared: {run} {drift(lab)}")
    check(lab.query("SELECT count(*) FROM account WHERE status='unknown' AND raw LIKE '%hibernating%'") == [(1,)], "its raw word is kept")

    run = sync("/page/users nth=1 item 7 secret\n")
    check(run["drift"] == 1 and drift(lab)[1:] == [("new_path", "/api_token")], f"a member that was not there: {run} {drift(lab)}")

    run = sync("/page/users item 1 status-renamed 20\n")
    check(run["drift"] == 1 and drift(lab)[2:] == [("vanished_path", "/status")], f"a member that nobody has any more: {run} {drift(lab)}")
    check(sync("/page/users item 1 status-renamed 20\n")["drift"] == 0, "said once")
    check(lab.query("SELECT sum(drift) FROM run") == [(3,)], "the history of runs counts it")
    check("sk-live" not in str(lab.query("SELECT * FROM drift")) and "hibernating" not in str(lab.query("SELECT * FROM drift")), "no value stands in it")
    lab.audit_holds()
finish()
