# SPDX-License-Identifier: Apache-2.0
"""The GitHub connector against the answers that GitHub publishes: each example of its OpenAPI description, once for each object of a made
organization. Exactly what is there arrives, with no more proof than the API gives; a closed repository, limits and bad tokens stay apart."""
import json
import math
import time

from lab import Lab, check, finish
from npm import Server

ORG, TOKEN = "acme", "secret"
MEMBERS, OWNERS, OUTSIDERS, TEAMS, REPOSITORIES, INSTALLATIONS = 350, 5, 130, 12, 110, 7
LIMITS_PAGE = "https://docs.github.com/rest/using-the-rest-api/rate-limits-for-the-rest-api"
PERMISSIONS = ["pull", "triage", "push", "maintain", "admin"]


def people(first, count, kind="User"):
    return [{"id": number, "login": f"user-{number}", "type": kind} for number in range(first, first + count)]


def make_plan():
    owners, members, outsiders = people(1, OWNERS), people(1001, MEMBERS), people(5001, OUTSIDERS)
    members[0]["type"] = "Bot"
    teams = [{"id": 100 + number, "slug": f"team-{number}", "name": f"Team {number}",
              "parent": None if number % 4 else {"id": 101, "slug": "team-1", "name": "Team 1"}} for number in range(1, TEAMS + 1)]
    repositories = [{"id": 9000 + number, "name": f"repo-{number}", "full_name": f"{ORG}/repo-{number}", "archived": number % 10 == 0,
                     "private": number % 3 == 0, "visibility": "private" if number % 3 == 0 else "public"}
                    for number in range(1, REPOSITORIES + 1)]
    listings = {f"/orgs/{ORG}": [{"id": 7, "login": ORG}],
                f"/orgs/{ORG}/members?role=admin": owners, f"/orgs/{ORG}/members?role=member": members,
                f"/orgs/{ORG}/outside_collaborators": outsiders, f"/orgs/{ORG}/teams": teams, f"/orgs/{ORG}/repos": repositories,
                f"/orgs/{ORG}/installations": [{"id": 400 + number, "app_slug": f"app-{number}",
                                                 "suspended_at": "2024-05-01T08:00:00Z" if number == 3 else None}
                                                for number in range(1, INSTALLATIONS + 1)]}
    for place, team in enumerate(teams):
        path = f"/orgs/{ORG}/teams/{team['slug']}"
        # One team has more members than a page, one has none. Half of the teams do not say who is inherited: the example's enterprise does.
        belonging = members if place == 0 else [] if place == 1 else members[place::TEAMS]
        listings[f"{path}/members?role=maintainer"] = [owner | {"role": "maintainer", "inherited": False} for owner in owners[:place % 3]]
        listings[f"{path}/members?role=member"] = [member | {"role": "member", "inherited": member["id"] % 2 == 0} for member in belonging]
        # The example names no role_name, the schema does: both are to be expected.
        listings[f"{path}/repos"] = [repository | ({"role_name": PERMISSIONS[place % 5]} if repository["id"] % 2 else {})
                                     for repository in (repositories if place == 2 else repositories[place::TEAMS])]
    for place, repository in enumerate(repositories):
        path = f"/repos/{ORG}/{repository['name']}"
        letting = outsiders if place == 0 else outsiders[place % 7:place % 7 + place % 4]
        listings[f"{path}/collaborators?affiliation=direct"] = [person | {"role_name": PERMISSIONS[person["id"] % 5]} for person in letting]
        listings[f"{path}/keys"] = [{"id": repository["id"] * 10 + key, "title": f"key {key}", "read_only": key == 0, "enabled": key != 2}
                                    for key in range(place % 4)]
    return {"org": ORG, "org_id": 7, "repositories": {entry["full_name"]: entry["id"] for entry in repositories}, "listings": listings}


PLAN = make_plan()


def planned(path):
    """(path, items) of every listing whose path ends so."""
    return [(key, items) for key, items in PLAN["listings"].items() if key.endswith(path)]


def count(path):
    return sum(len(items) for _, items in planned(path))


TEAM_IDS = {team["slug"]: str(team["id"]) for team in PLAN["listings"][f"/orgs/{ORG}/teams"]}
REPOSITORY_IDS = {entry["name"]: str(entry["id"]) for entry in PLAN["listings"][f"/orgs/{ORG}/repos"]}


def expected_grants():
    grants = set()
    for role in ("admin", "member"):
        for person in PLAN["listings"][f"/orgs/{ORG}/members?role={role}"]:
            grants.add(("account", str(person["id"]), "resource", ORG, role, 1))
    for role in ("maintainer", "member"):
        for key, items in planned(f"/members?role={role}"):
            if "/teams/" in key:
                team = TEAM_IDS[key.split("/")[4]]
                grants |= {("account", str(person["id"]), "group", team, role, int(not person["inherited"])) for person in items}
    for key, items in planned("/collaborators?affiliation=direct"):
        grants |= {("account", str(person["id"]), "resource", REPOSITORY_IDS[key.split("/")[3]], person["role_name"], 1) for person in items}
    for key, items in planned("/repos"):
        if "/teams/" in key:
            team = TEAM_IDS[key.split("/")[4]]
            grants |= {("group", team, "resource", str(entry["id"]), entry.get("role_name"), None) for entry in items}
    return grants


# Stream: how many of its items arrive, in how many scopes, and as what.
STREAMS = {
    "organization": (1, 1), "owners": (OWNERS, 1), "members": (MEMBERS, 1), "outside_collaborators": (OUTSIDERS, 1), "teams": (TEAMS, 1),
    "team_maintainers": (sum(len(items) for key, items in planned("/members?role=maintainer")), TEAMS),
    "team_members": (sum(len(items) for key, items in planned("/members?role=member") if "/teams/" in key), TEAMS),
    "repositories": (REPOSITORIES, 1), "repository_collaborators": (count("/collaborators?affiliation=direct"), REPOSITORIES),
    "team_repositories": (sum(len(items) for key, items in planned("/repos") if "/teams/" in key), TEAMS),
    "deploy_keys": (count("/keys"), REPOSITORIES), "installations": (INSTALLATIONS, 1),
}
TWO_RECORDS = {"owners", "members"}  # an account and a grant each
GRANTS = """SELECT subject_kind, subject_id, object_kind, object_id, permission, direct FROM "grant" WHERE state = 'live'"""


def github(server, extra=""):
    lab = Lab()
    lab.configure([("acme", "github", server.url, f'parameters = {{ org = "{ORG}"; }}; secrets = {{ token = "file:token"; }};')], extra)
    return lab


def script(server, *rules):
    server.request("POST", "/_script", rules)


def whole(lab, runs, outcome):
    """Every stream as planned: this outcome for each record, and the proof that the API allows."""
    for stream, (items, scopes) in STREAMS.items():
        run = runs.get(f"acme/{stream}", {})
        records = items * (2 if stream in TWO_RECORDS else 1)
        check((run.get("received"), run.get(outcome), run.get("dead"), run.get("scopes")) == (records, records, 0, scopes),
              f"{stream}: {records} {outcome} in {scopes} scopes: {run}")
        proof = "proven" if stream == "installations" else "asserted"
        check(run.get("proof") == proof, f"{stream}: {proof}: {run.get('proof')} {run.get('reason')}")
    check(set(map(tuple, lab.query(GRANTS))) == expected_grants(), "every grant, and no other")


def first_runs(server):
    lab = github(server)
    status, runs, errors = lab.sync()
    check(status == 0, f"complete as far as GitHub says: {errors}")
    whole(lab, runs, "created")
    counts = dict(lab.query("SELECT class, count(*) FROM account WHERE state = 'live' GROUP BY class"))
    check(counts == {"human": OWNERS + MEMBERS - 1, "app": 1, "external": OUTSIDERS}, f"people, a bot and outsiders: {counts}")
    check(lab.query("SELECT count(*) FROM account WHERE privileged = 1") == [(OWNERS,)], "owners are privileged")
    check(lab.query("""SELECT count(*) FROM "group" WHERE parent_id = '101'""") == [(TEAMS // 4,)], "teams know the team above them")
    archived = lab.query("SELECT count(*) FROM resource WHERE type = 'repository' AND status = 'archived'")
    check(archived == [(REPOSITORIES // 10,)], f"archived repositories: {archived}")
    credentials = dict(lab.query("SELECT type, count(*) FROM credential WHERE state = 'live' GROUP BY type"))
    check(credentials == {"deploy_key": count("/keys"), "app_installation": INSTALLATIONS}, f"machines' credentials: {credentials}")
    keys = dict(lab.query("SELECT status || ' ' || scopes, count(*) FROM credential WHERE type = 'deploy_key' GROUP BY 1"))
    planned_keys = {}
    for _, items in planned("/keys"):
        for key in items:
            word = ("active" if key["enabled"] else "disabled") + (" read" if key["read_only"] else " read write")
            planned_keys[word] = planned_keys.get(word, 0) + 1
    check(keys == planned_keys, f"keys that are switched off, and what they allow: {keys}, expected {planned_keys}")
    suspended = lab.query("SELECT id FROM credential WHERE attributes ->> '$.suspended_at' IS NOT NULL")
    check(suspended == [("403",)], f"an app that is suspended: {suspended}")
    created = lab.query("SELECT DISTINCT created_at FROM credential WHERE type = 'app_installation'")
    check(created == [("2017-05-16T15:47:09.000Z",)] or created == [("2017-05-16T15:47:09Z",)], f"a time with an offset, in UTC: {created}")
    check(lab.query("SELECT count(*) FROM dead_letter") == [(0,)], "no dead letter")
    lab.audit_holds()

    asked = server.request("GET", "/_requests")[2]
    check(all(entry["accept"] == "application/vnd.github+json" and entry["version"] == "2022-11-28" for entry in asked), "GitHub's headers")
    pages = [entry["query"].get("per_page") for entry in asked if entry["path"] != f"/orgs/{ORG}"]
    check(set(pages) == {"100"}, f"pages as large as allowed, also behind links: {set(pages)}")
    check(len({json.dumps(entry | {"at": 0}) for entry in asked}) == len(asked), "nothing was asked for twice")

    first = lab.content()
    status, runs, errors = lab.sync()
    check(status == 0, f"complete again: {errors}")
    whole(lab, runs, "unchanged")
    check(lab.content() == first, "an unchanged run leaves the content as it was")
    return lab


def closed_repository(server, lab):
    """Two repositories that this token may not look into: those scopes alone are partial, and their grants stay."""
    before = lab.query(GRANTS)
    script(server,
           {"path": f"/repos/{ORG}/repo-3/collaborators", "times": 1000, "status": 403,
            "body": {"message": "Must have push access to view repository collaborators.", "status": "403",
                     "documentation_url": "https://docs.github.com/rest/collaborators/collaborators#list-repository-collaborators"}},
           {"path": f"/repos/{ORG}/repo-5/keys", "times": 1000, "status": 404,
            "body": {"message": "Not Found", "documentation_url": "https://docs.github.com/rest/deploy-keys", "status": "404"}})
    status, runs, errors = lab.sync()
    check(status == 1, f"something is partial: {errors}")
    for stream, id_, word in (("repository_collaborators", "9003", "403"), ("deploy_keys", "9005", "404")):
        partial = lab.query("SELECT stream, parent, reason FROM scope WHERE proof = 'partial' AND stream = ?", stream)
        check(len(partial) == 1 and partial[0][1] == id_ and word in partial[0][2], f"{stream}: {id_} alone is partial: {partial}")
        check(runs[f"acme/{stream}"]["proof"] == "partial" and runs[f"acme/{stream}"]["missing"] == 0, f"{stream}: {runs[f'acme/{stream}']}")
    others = {stream: runs[f"acme/{stream}"]["proof"] for stream in STREAMS if stream not in ("repository_collaborators", "deploy_keys")}
    check("partial" not in others.values(), f"the other streams are as before: {others}")
    check(lab.query(GRANTS) == before, "no grant is lost")
    script(server)
    status, runs, errors = lab.sync()
    check(status == 0 and all(run["proof"] != "partial" for run in runs.values()), f"opened again, whole again: {runs} {errors}")
    lab.audit_holds()


def limited(server):
    """Limits in GitHub's three forms are waited out; they cost no attempt, and nothing is partial for them."""
    words = {"message": "You have exceeded a secondary rate limit. Please wait a few minutes before you try again.",
             "documentation_url": LIMITS_PAGE + "#about-secondary-rate-limits"}
    primary = {"message": "API rate limit exceeded for user ID 1.", "documentation_url": LIMITS_PAGE}
    for name, rule, wait_s in (
            ("a secondary limit with Retry-After", {"status": 403, "headers": {"Retry-After": "2"}, "body": words}, 2),
            ("a secondary limit as 429", {"status": 429, "headers": {"Retry-After": "1"}, "body": words}, 1),
            ("the hourly limit", {"status": 403, "headers": {"X-RateLimit-Remaining": "0"}, "body": primary}, 2)):
        lab = github(server, 'policy = { attempts_max = 2; };')
        path = f"/orgs/{ORG}/members"
        if "X-RateLimit-Remaining" in rule["headers"]:
            rule["headers"]["X-RateLimit-Reset"] = str(math.ceil(time.time()) + wait_s)
        script(server, {"path": path, "times": 1} | rule)
        earlier = len(server.request("GET", "/_requests")[2])
        status, runs, errors = lab.sync()
        check(status == 0, f"{name} is waited out: {errors}")
        whole(lab, runs, "created")
        throttled = sum(run["throttled_s"] for run in runs.values())
        at = [entry["at"] for entry in server.request("GET", "/_requests")[2][earlier:] if entry["path"] == path]
        waited = max(later - sooner for sooner, later in zip(at, at[1:])) / 1000
        check(waited >= wait_s - 0.05, f"{name}: {waited} s were waited, {wait_s} were asked for")
        check(throttled > 0, f"{name}: the runs say so: {throttled}")
        script(server)


def refused(server, lab):
    """A token that was revoked, and one that may not see the apps."""
    before = lab.content()
    forbidden = {"message": "Resource not accessible by personal access token", "status": "403",
                 "documentation_url": "https://docs.github.com/rest/orgs/orgs#list-app-installations-for-an-organization"}
    script(server, {"path": f"/orgs/{ORG}/installations", "times": 1000, "status": 403, "body": forbidden})
    status, runs, errors = lab.sync()
    run = runs["acme/installations"]
    check(status == 1 and run["proof"] == "partial" and run["missing"] == 0, f"installations: not permitted: {run} {errors}")
    check(all(runs[f"acme/{stream}"]["proof"] == "asserted" for stream in STREAMS if stream != "installations"), "the others ran")
    script(server)
    lab.secret("token", "revoked")
    status, runs, errors = lab.sync()
    check(status == 1 and all(run["proof"] == "partial" for run in runs.values()), f"a revoked token ends nothing well: {runs}")
    check("Bad credentials" in (runs["acme/members"]["reason"] or ""), f"GitHub's own word is shown: {runs['acme/members']['reason']}")
    check(lab.content() == before, "and nothing is lost by either")


with open(Lab().folder / "plan.json", "w", encoding="utf-8") as file:
    json.dump(PLAN, file)
with Server("github", "--plan", file.name, "--token", TOKEN) as server:
    one = first_runs(server)
    closed_repository(server, one)
    limited(server)
    refused(server, one)
finish()
