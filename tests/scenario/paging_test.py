# SPDX-License-Identifier: Apache-2.0
"""Every way of paging that a connector can declare, against the sample application: all of it, twice, with the proof that it can give;
child streams, incremental runs, and what a listing that lies ends as."""
from lab import Lab, Upstream, check, finish

USERS = 350
STREAMS = {
    "users_by_page": "proven", "users_by_last_flag": None, "users_by_empty_page": None, "users_by_offset": None,
    "users_by_has_more": None, "users_by_cursor": None, "users_by_absent_cursor": None, "users_by_empty_cursor": None,
    "users_by_link": None, "users_by_next_url": None, "users_by_relative_url": None, "users_by_keyset": None,
    "users_by_scim": "proven", "users_in_one": None,
}


def lab_with(upstream, *streams, extra="", more=""):
    lab = Lab()
    selection = ", ".join(f'"{stream}"' for stream in streams)
    lab.configure([("sample", "sample", upstream.url, f'secrets = {{ token = "file:token"; }}; streams = [{selection}]; {more}')], extra)
    return lab


with Upstream("--users", USERS, "--groups", 12, "--token", "secret", "--page-max", 40) as upstream:
    for stream, proof in STREAMS.items():
        lab = lab_with(upstream, stream)
        for turn, outcome in (("first", "created"), ("second", "unchanged")):
            status, runs, errors = lab.sync()
            run = runs.get(f"sample/{stream}", {})
            check(status == 0 and run.get(outcome) == USERS, f"{stream}, {turn}: everybody {outcome}: {run} {errors}")
            check(run.get("proof") == proof if proof else run.get("proof") in ("proven", "asserted"), f"{stream}: {run.get('proof')}")
            check(run.get("proof") == "proven" or run.get("reason"), f"{stream}: what is not proven says why: {run}")

    # A listing that lies about its end, its next page or its total never passes for complete.
    for stream, fault in (("users_by_cursor", "/cursor/users nth=3 next-self"), ("users_by_cursor", "/cursor/users nth=4 next-cycle 2"),
                          ("users_by_cursor", "/cursor/users nth=2 next-missing"), ("users_by_next_url", "/next/users nth=2 next-host elsewhere.test"),
                          ("users_by_page", "/page/users total 3"), ("users_by_cursor", "/cursor/users endless"),
                          ("users_by_cursor", "/cursor/users nth=3 repeat-page")):
        upstream.script(fault + "\n")
        lab = lab_with(upstream, stream, extra='policy = { backoff_first = "5ms"; backoff_most = "10ms"; attempts_max = 2; empty_pages_most = 3; };')
        status, runs, errors = lab.sync()
        run = runs.get(f"sample/{stream}", {})
        check(status == 1 and run.get("proof") == "partial" and run.get("reason"), f"{fault}: partial, and says why: {run} {errors}")
        lab.audit_holds()
        upstream.script("")

    # Child streams: one scope for each group.
    lab = lab_with(upstream, "groups", "group_members")
    status, runs, errors = lab.sync()
    members = runs["sample/group_members"]
    check(status == 0 and members["scopes"] == 12 and members["received"] > 0, f"one scope a group: {members} {errors}")
    upstream.script("/next/groups/ every=5 times=1 status 403\n/cursor/groups/ every=5 times=1 status 403\n/link/groups/ every=5 times=1 status 403\n"
                    "/page/groups/ every=5 times=1 status 403\n/offset/groups/ every=5 times=1 status 403\n")
    status, runs, errors = lab.sync()
    members = runs["sample/group_members"]
    partial = lab.query("SELECT count(*) FROM scope WHERE proof = 'partial'")[0][0]
    check(status == 1 and members["proof"] == "partial" and partial == 1, f"one group's 403 makes one scope partial: {partial} {members} {errors}")
    check(members["missing"] == 0, f"and nobody is missing for it: {members}")
    upstream.script("")

    # Incremental: the second run asks for what changed only.
    lab = lab_with(upstream, "users_changed", extra='policy = { look_back = "1s"; };')
    status, runs, errors = lab.sync()
    check(status == 0 and runs["sample/users_changed"]["full"], f"the first run is full: {runs} {errors}")
    upstream.control("change?in=users&count=5")
    status, runs, errors = lab.sync()
    run = runs["sample/users_changed"]
    check(status == 0 and not run["full"] and run["changed"] == 5, f"the second run reads what changed: {run} {errors}")
    check(run["received"] < USERS, f"and not everything again: {run}")
    upstream.control("change?in=users&number=9&late=1")
    status, runs, errors = lab.sync()
    run = runs["sample/users_changed"]
    check(not run["full"] and run["changed"] == 1, f"what was stamped late is found by looking back: {run} {errors}")

    # A bookmark that is no longer taken: one full run in its place, in the same round; a second refusal is the end.
    upstream.control("change?in=users&count=3")
    upstream.script("/changes/users with=since= status 410\n")
    status, runs, errors = lab.sync()
    run = runs["sample/users_changed"]
    check(status == 0 and run["full"] and run["received"] == USERS and run["changed"] == 3, f"an expired bookmark: {run} {errors}")
    why = lab.query("SELECT why_full FROM run ORDER BY run DESC LIMIT 1")
    check(why == [("the bookmark expired",)], f"and the history says why it was full: {why}")
    upstream.script("/changes/users with=since= status 410\n/changes/users with=cursor= status 410\n")
    status, runs, errors = lab.sync()
    run = runs["sample/users_changed"]
    check(status == 1 and run["proof"] == "partial" and "cursor_expired" in run["reason"], f"expired again: {run} {errors}")
    check(run["missing"] == 0, f"nothing is concluded from it: {run}")
    upstream.script("")
    status, runs, errors = lab.sync()
    run = runs["sample/users_changed"]
    check(status == 0 and not run["full"], f"and the bookmark is where it was: {run} {errors}")
    lab.audit_holds()
    status, runs, errors = lab.sync("--full")
    check(runs["sample/users_changed"]["full"] and runs["sample/users_changed"]["received"] == USERS, f"--full reads all: {runs} {errors}")

with Upstream("--users", 200, "--groups", 1, "--oauth", "robot:s3cret", "--token-lifetime", 3600) as upstream:
    from lab import BUILD
    lab = Lab()
    lab.secret("client_secret", "s3cret")
    connection = ("robot", "oauth", upstream.url, 'parameters = { client = "robot"; }; secrets = { client_secret = "file:client_secret"; };')
    lab.configure([connection], connectors=BUILD / "tests/connectors")
    status, runs, errors = lab.sync()
    check(status == 0 and runs["robot/users"]["created"] == 200, f"client credentials: {runs} {errors}")
    upstream.script("/cursor/users nth=12 once status 401\n")
    status, runs, errors = lab.sync()
    check(status == 0 and runs["robot/users"]["unchanged"] == 200, f"a 401 once is a renewal: {runs} {errors}")
    upstream.script("/cursor/users status 401\n")
    status, runs, errors = lab.sync()
    check(status == 1 and "refuses the login" in (errors + str(runs)), f"a 401 for good stops the connection: {runs} {errors}")
    upstream.script("")
    lab.secret("client_secret", "wrong")
    status, runs, errors = lab.sync()
    check(status == 1 and "access token" in errors and "wrong" not in errors, f"a wrong secret is said, not shown: {errors}")
finish()
