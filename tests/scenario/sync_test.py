# SPDX-License-Identifier: Apache-2.0
"""sync, end to end: a roll that is proven, an unchanged second run, changes, absence by proof only, and the commands that show it."""
import json

from lab import Lab, Upstream, check, finish

USERS, GROUPS = 2500, 50

with Upstream("--users", USERS, "--groups", GROUPS, "--token", "secret") as upstream:
    lab = Lab()
    lab.scim(upstream)

    status, runs, errors = lab.sync()
    users, groups = runs["acme/users"], runs["acme/groups"]
    check(status == 0, f"the first run is complete: {runs} {errors}")
    check(users["proof"] == "proven" and users["created"] == USERS and users["received"] == USERS, f"users: {users}")
    check(groups["proof"] == "proven" and users["full"] is True, f"groups: {groups}")
    check(groups["kind"] == "group" and users["kind"] == "account", "each run names its first kind")
    grants = groups["created"] - GROUPS
    check(grants > 0 and lab.query('SELECT count(*) FROM "grant" WHERE state = \'live\'')[0][0] == grants, "one grant a membership")
    check(lab.query("SELECT count(*) FROM account WHERE state = 'live'")[0][0] == USERS, "the view has every account")
    first = lab.content()
    lab.audit_holds()

    status, runs, _ = lab.sync()
    check(status == 0 and runs["acme/users"]["unchanged"] == USERS, f"nothing changed: {runs}")
    check(all(run["created"] == run["changed"] == 0 for run in runs.values()), f"nothing is written for it: {runs}")
    check(lab.content() == first, "an unchanged run leaves the content as it was")

    upstream.control("change?in=users&count=7")
    upstream.control("add?in=users&count=3")
    status, runs, _ = lab.sync()
    users = runs["acme/users"]
    check((users["changed"], users["created"], users["unchanged"]) == (7, 3, USERS - 7), f"what changed is found: {users}")

    upstream.control("delete?in=users&count=2")
    _, runs, _ = lab.sync()
    check(runs["acme/users"]["missing"] == 2, f"absent from a proven run: missing: {runs['acme/users']}")
    check(lab.query("SELECT count(*) FROM account WHERE state = 'missing'")[0][0] == 2, "two accounts are missing")
    _, runs, _ = lab.sync()
    check(lab.query("SELECT count(*) FROM account WHERE state = 'deleted'")[0][0] == 2, "a second proof: deleted")

    upstream.control("delete?in=users&count=400")
    status, runs, _ = lab.sync()
    check(status == 1 and runs["acme/users"]["held"] > 0, f"a mass absence waits for a person: {runs['acme/users']}")
    check(lab.query("SELECT count(*) FROM account WHERE state = 'live'")[0][0] >= USERS, "nobody is missing until then")
    holds = json.loads(lab.run("hold", "list", "--json").stdout)["holds"]
    check(len(holds) >= 1, f"the hold is listed: {holds}")

    for command in (["status"], ["runs"], ["ledger", "1"], ["dead", "list"], ["hold", "list"]):
        done = lab.run(*command)
        check(done.returncode == 0 and done.stdout.strip(), f"{command} prints something: {done.stdout!r} {done.stderr!r}")
        document = lab.run(*command, "--json")
        check(document.returncode == 0 and isinstance(json.loads(document.stdout), dict), f"{command} --json is one document")
    verdict = {row["kind"]: row for row in json.loads(lab.run("status", "--json").stdout)["verdict"]}
    check("account" in verdict and "credential" in verdict, f"the verdict has every kind: {sorted(verdict)}")
    csv = lab.run("export", "account", "--format", "csv").stdout.splitlines()
    check(csv[0].startswith("connection,stream,id,state"), f"csv begins with the columns: {csv[0]}")
    check(lab.run("ledger", "999999").returncode == 2, "a run that is not there is an error")
    lab.audit_holds()
finish()
