# SPDX-License-Identifier: Apache-2.0
"""The SCIM connector against a server that this project did not write: exactly those people, groups and memberships, proven; nothing on an
unchanged run; missing and deleted by proof only. Once with pages smaller than asked for, once with a server that gives all that is asked."""
import contextlib
import json
import uuid

from lab import Lab, check, finish
from npm import Server

USERS, GROUPS = 2500, 50
FEW = 500  # where many runs are made: what this server works for a page grows with all its users
TOKEN = "secret"
ENTERPRISE = "urn:ietf:params:scim:schemas:extension:enterprise:2.0:User"
CORE = "urn:ietf:params:scim:schemas:core:2.0:"


def identifier(kind, number):
    return str(uuid.uuid5(uuid.NAMESPACE_URL, f"{kind}/{number}"))


def make_user(number):
    """Not all alike: inactive ones, ones without e-mail, with several, with and without the enterprise extension."""
    login = f"user{number:05}"
    user = {"schemas": [CORE + "User"], "id": identifier("User", number), "userName": login, "externalId": f"E-{number}",
            "name": {"givenName": "Zoë", "familyName": f"Ångström-{number}", "formatted": f"Zoë Ångström-{number}"},
            "active": number % 20 != 0}
    if number % 3:
        user["displayName"] = f"Zoë Å. {number}"
    if number % 11:
        user["emails"] = [{"value": f"{login}@home.test", "type": "home"}, {"value": f"{login}@work.test", "type": "work", "primary": True}]
    elif number % 2:
        user["emails"] = [{"value": f"{login}@only.test", "type": "other"}]
    if number % 7 == 0:
        user["schemas"].append(ENTERPRISE)
        user[ENTERPRISE] = {"employeeNumber": f"P{number}", "manager": {"value": identifier("User", 1)}}
    return user


def make_group(number, people):
    """The first one has half of all users, the one before the last nobody, the last one the first group."""
    group = {"schemas": [CORE + "Group"], "id": identifier("Group", number), "displayName": f"Gruppe {number:02} ß"}
    if number == GROUPS - 1:
        group["members"] = [{"value": identifier("Group", 0), "type": "Group"}]
    elif number < GROUPS - 2:
        group["members"] = [{"value": identifier("User", user)} | ({"type": "User"} if user % 5 else {})
                            for user in range(1, people + 1) if user % (number + 2) == 0]
    return group


def expected_account(user):
    emails = user.get("emails", [])
    primary = [email["value"] for email in emails if email.get("primary")] or [email["value"] for email in emails] or [None]
    extension = user.get(ENTERPRISE, {})
    return (user["id"], "live", user["userName"], user["externalId"], "active" if user["active"] else "disabled",
            user.get("displayName", user["name"]["formatted"]), primary[0], extension.get("employeeNumber"),
            extension.get("manager", {}).get("value"))


ACCOUNTS = "SELECT id, state, login, external_id, status, display_name, email, employee_id, manager_id FROM account ORDER BY id"
GRANTS = """SELECT subject_kind, subject_id, object_kind, object_id, permission FROM "grant" WHERE state = 'live' ORDER BY 2, 4"""


def expected_grants(groups, without=()):
    return sorted((("group" if member.get("type") == "Group" else "account"), member["value"], "group", group["id"], "member")
                  for group in groups for member in group.get("members", []) if member["value"] not in without)


def by_subject(grant):
    return grant[1], grant[3]


class People:
    def __init__(self, count):
        self.count = count
        self.users = [make_user(number) for number in range(1, count + 1)]
        self.groups = [make_group(number, count) for number in range(GROUPS)]
        self.grants = len(expected_grants(self.groups))


def proven(runs, stream, **counts):
    run = runs.get(f"acme/{stream}", {})
    seen = {name: run.get(name) for name in counts}
    check(run.get("proof") == "proven" and seen == counts, f"{stream}: proven with {counts}: {run}")
    return run


def first_and_unchanged(lab, people, page_most):
    """A first run has everything as the server has it, a second one writes nothing."""
    what = f"at most {page_most} a page"

    status, runs, errors = lab.sync()
    check(status == 0, f"{what}: complete: {runs} {errors}")
    # Each page but the first begins with the last one of the page before: the overlap probe.
    size = min(page_most, 201)
    pages = 1 + -(-(people.count - size) // (size - 1))
    proven(runs, "users", received=people.count, created=people.count, dead=0, duplicate=0, filtered=0, pages=pages)
    proven(runs, "groups", received=GROUPS + people.grants, created=GROUPS + people.grants, dead=0, duplicate=0, filtered=0, pages=1)
    check(lab.query(ACCOUNTS) == sorted(map(expected_account, people.users)), f"{what}: every account, each field as the server has it")
    check(lab.query("SELECT count(*) FROM account WHERE status = 'disabled'") == [(people.count // 20,)], f"{what}: inactive ones are disabled")
    check(lab.query("""SELECT id, display_name FROM "group" ORDER BY id""") == sorted((g["id"], g["displayName"]) for g in people.groups),
          f"{what}: every group")
    check(sorted(lab.query(GRANTS), key=by_subject) == sorted(expected_grants(people.groups), key=by_subject), f"{what}: every membership")
    check(lab.query("SELECT count(*) FROM dead_letter") == [(0,)], f"{what}: no dead letter")
    lab.audit_holds()
    first = lab.content()

    status, runs, errors = lab.sync()
    check(status == 0, f"{what}: complete again: {runs} {errors}")
    proven(runs, "users", received=people.count, unchanged=people.count, created=0, changed=0, dead=0, missing=0)
    proven(runs, "groups", unchanged=GROUPS + people.grants, created=0, changed=0, dead=0, missing=0)
    check(lab.content() == first, f"{what}: an unchanged run leaves the content as it was")


def two_leave(lab, server, people):
    """Two people leave, one of them from the middle, so that everybody behind it moves up."""
    gone = {people.users[0]["id"], people.users[people.count // 2]["id"]}
    for leaver in gone:
        check(server.request("DELETE", f"/scim/v2/Users/{leaver}", token=TOKEN)[0] == 204, f"the server lets {leaver} go")
    left = expected_grants(people.groups, gone)
    status, runs, errors = lab.sync()
    proven(runs, "users", received=people.count - 2, unchanged=people.count - 2, created=0, changed=0, missing=2)
    proven(runs, "groups", created=0, changed=0, missing=people.grants - len(left))
    missing = {row[0] for row in lab.query("SELECT id FROM account WHERE state = 'missing'")}
    check(missing == gone, f"exactly those two are missing: {missing}")
    check(sorted(lab.query(GRANTS), key=by_subject) == sorted(left, key=by_subject), "and their memberships")

    status, runs, errors = lab.sync()
    proven(runs, "users", received=people.count - 2, unchanged=people.count - 2)
    deleted = {row[0] for row in lab.query("SELECT id FROM account WHERE state = 'deleted'")}
    check(deleted == gone, f"deleted after a second proof: {deleted}")
    check(lab.query("SELECT count(*) FROM account WHERE state = 'live'") == [(people.count - 2,)], "the others live on")
    check(lab.query("""SELECT count(*) FROM "grant" WHERE state = 'deleted'""") == [(people.grants - len(left),)], "their grants too")
    lab.audit_holds()

    lab.secret("token", "wrong")
    status, runs, errors = lab.sync()
    check(status == 1 and runs["acme/users"]["proof"] == "partial", f"another token ends nothing well: {runs} {errors}")
    check(lab.query("SELECT count(*) FROM account WHERE state = 'live'") == [(people.count - 2,)], "and nobody is lost by it")


def leave_meanwhile(page, leavers):
    """People of the first page leave before the last page is read, so that those behind move up into pages that were read already. Where
    that empties the last page, this server gives the first one instead. Nobody who is still there may be missing for it."""
    people = People(FEW)
    with application(people, 100) as (lab, server):
        lab.scim(server, more='streams = ["users"];')
        status, runs, errors = lab.sync()
        proven(runs, "users", created=people.count)
        gone = {user["id"] for user in people.users[:leavers]}
        server.request("POST", "/_leave", {"after": page, "ids": sorted(gone)})
        status, runs, errors = lab.sync()
        what = f"{leavers} leave after page {page}: {runs} {errors}"
        absent = {row[0] for row in lab.query("SELECT id FROM account WHERE state <> 'live'")}
        check(absent <= gone, f"nobody who is there is missing: {len(absent - gone)} are; {what}")
        check(runs["acme/users"]["dead"] == 0, f"no dead letter; {what}")
        status, runs, errors = lab.sync()
        absent = {row[0] for row in lab.query("SELECT id FROM account WHERE state <> 'live'")}
        proven(runs, "users", received=people.count - leavers)
        held = {} if absent else runs["acme/users"]["held"]
        check(absent == gone or held == leavers, f"the next run finds just who left: {len(absent)}, held {held}: {runs} {errors}")
        lab.audit_holds()


@contextlib.contextmanager
def application(people, page_most):
    lab = Lab()
    data = lab.folder / "data.json"
    data.write_text(json.dumps({"User": people.users, "Group": people.groups}))
    with Server("scim", "--data", data, "--token", TOKEN, "--max-results", page_most) as server:
        lab.scim(server)
        yield lab, server


everybody, few = People(USERS), People(FEW)
with application(everybody, 1000000) as (lab, server):
    first_and_unchanged(lab, everybody, 1000000)
with application(few, 100) as (lab, server):
    first_and_unchanged(lab, few, 100)
    two_leave(lab, server, few)
for page, leavers in ((4, 3), (4, 100), (2, 20)):
    leave_meanwhile(page, leavers)
finish()
