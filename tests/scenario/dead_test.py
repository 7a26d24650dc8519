# SPDX-License-Identifier: Apache-2.0
"""Dead letters from the first sight to the last (faults 49-53, 55, 60): items that a connector reads too narrowly are kept whole,
a better connector takes its place, and a replay turns them into objects without a request; alone and beside a daemon."""
import json
import re

from lab import BUILD, Daemon, Lab, Upstream, check, finish

NARROW, WIDE = BUILD / "tests/letters_narrow", BUILD / "tests/letters_wide"
USERS, GROUPS = 60, 4
SECRET = "sk-live-0123456789abcdef"
BAD = "/page/users nth=1 item 5 login-null\n/page/users nth=1 item 7 time-bad\n/page/users nth=1 item 7 secret\n" \
      "/page/users nth=1 item 9 bad-utf8\n/page/users nth=2 item 3 id-null\n"
LISTEN = 'listen = "127.0.0.1:0";'
BOOKS = ("SELECT * FROM batch ORDER BY batch", "SELECT * FROM dead_letter ORDER BY letter", "SELECT * FROM run ORDER BY run",
         "SELECT id, state, mapping, login, content_hash FROM account ORDER BY id",
         'SELECT id, state, mapping FROM "grant" ORDER BY id')


def configure(lab, upstream, connectors, more="", extra=""):
    lab.configure([("acme", "letters", upstream.url, f'secrets = {{ token = "file:token"; }}; {more}')], extra, connectors)


def replay(lab, *arguments):
    done = lab.run("dead", "replay", "--json", *arguments)
    try:
        return done.returncode, json.loads(done.stdout)
    except json.JSONDecodeError:
        check(False, f"dead replay {arguments} prints one document: {done.stdout!r} {done.stderr!r}")
        return done.returncode, {"letters": []}


def state(lab):
    return [lab.query(sql) for sql in BOOKS]


def fates(document):
    counts = {}
    for letter in document["letters"]:
        counts[letter["fate"]] = counts.get(letter["fate"], 0) + 1
    return counts


def holds_secret(lab):
    return any(SECRET.encode() in path.read_bytes() for path in lab.folder.iterdir() if path.is_file())


def open_letters(lab, stream="users"):
    return lab.query("SELECT letter, reason, pointer FROM dead_letter WHERE state='open' AND stream=? ORDER BY letter", stream)


def with_letters(upstream):
    """A store whose first sync was narrow, and bad items on the way."""
    lab = Lab()
    configure(lab, upstream, NARROW)
    upstream.script(BAD)
    lab.sync()
    upstream.script("")
    return lab


def dry_and_real(upstream):
    lab = with_letters(upstream)
    reasons = sorted(row[1] for row in open_letters(lab))
    check(reasons == ["bad_time", "bad_utf8", "field_missing", "id_missing"], f"four letters of users: {reasons}")
    gaps = lab.query("SELECT gaps FROM verdict WHERE kind='account'")[0][0]
    check(gaps and "4 dead letters open" in gaps, f"the verdict says what bars the proof: {gaps}")
    members = len(open_letters(lab, "members"))
    check(members > 0 and lab.query('SELECT count(*) FROM "grant"')[0][0] == 0, f"no member maps: {members} letters")
    check(not holds_secret(lab), "a declared secret is in no file, letters included")
    shown = lab.run("dead", "show", str(open_letters(lab)[0][0])).stdout
    for column in ("raw", "reason", "pointer", "run", "page", "declaration", "state"):
        check(f"\n{column} " in f"\n{shown}", f"dead show has {column}: {shown}")
    check('"status"' in shown and "…" not in shown, "and the raw bytes whole")

    before = state(lab)
    status, document = replay(lab)
    check(status == 1 and fates(document) == {"fails": 4 + members}, f"the same mapping fails the same way: {fates(document)}")
    check(all(one["now_reason"] == one["reason"] for one in document["letters"]), "with the same reasons")
    tried = state(lab)
    check(tried[0] == before[0] and tried[2:] == before[2:], "no batch, no run and no object comes of it")
    check(replay(lab)[1] == document and state(lab) == tried, "and a second time changes nothing")

    configure(lab, upstream, WIDE)
    requests = upstream.requests()["requests"]
    status, document = replay(lab, "--dry-run")
    check(status == 1 and document["dry_run"] and fates(document) == {"replayed": 2 + members, "fails": 2}, f"dry: {fates(document)}")
    check(state(lab) == tried, "a dry run leaves no trace in the books")
    text = lab.run("dead", "replay", "--dry-run", "--stream", "users").stdout
    check("would be replayed" in text and "login: absent -> " in text and "fails still: bad_utf8" in text, f"and says field by field: {text}")

    status, document = replay(lab, "--connection", "acme", "--stream", "users")
    check(status == 1 and fates(document) == {"replayed": 2, "fails": 2}, f"users: {fates(document)}")
    created = [record for one in document["letters"] for record in one["records"]]
    check(all(record["kind"] == "account" and record["outcome"] == "created" for record in created), f"they become accounts: {created}")
    row = lab.query("SELECT run, received, created, filtered, dead, superseded FROM batch WHERE kind='replay'")
    check(len(row) == 1 and row[0][1:] == (2, 2, 0, 0, 0), f"in a batch of their own: {row}")
    ledger = lab.run("ledger", str(row[0][0])).stdout
    check("replay" in ledger, f"which the ledger shows: {ledger}")
    check(lab.query("SELECT what FROM run WHERE run=?", row[0][0]) == [("replay",)], "and the runs")
    closed = lab.query("SELECT state, replay_run, closed_by IS NOT NULL FROM dead_letter WHERE stream='users' AND state<>'open'")
    check(closed == [("replayed", row[0][0], 1)] * 2, f"the letters stay, closed: {closed}")
    check([r[1] for r in open_letters(lab)] == ["bad_utf8", "id_missing"], f"what fails stays open: {open_letters(lab)}")
    check(lab.query("SELECT count(*) FROM account WHERE attributes LIKE '%[redacted]%'")[0][0] == 1, "what was redacted stays so")
    after = state(lab)
    again = replay(lab, "--stream", "users")
    check(fates(again[1]) == {"fails": 2} and state(lab) == after, f"replaying twice changes nothing: {again}")
    number = lab.query("SELECT letter FROM dead_letter WHERE state='replayed' LIMIT 1")[0][0]
    status, document = replay(lab, str(number))
    check(status == 0 and document["closed"] == 1 and state(lab) == after, f"a closed letter stays closed: {document}")
    check(lab.run("dead", "replay", "999999").returncode == 2, "a letter that does not exist is named")

    status, document = replay(lab)
    check(fates(document) == {"replayed": members, "fails": 2}, f"members: {fates(document)}")
    check(upstream.requests()["requests"] == requests, "and all of it without a request")
    lab.audit_holds()
    upstream.script("/page/users nth=1 item 7 secret\n")
    fresh = Lab()
    configure(fresh, upstream, WIDE)
    fresh.sync()
    upstream.script("")
    grants = "SELECT id, subject_id, object_id, condition, granted_at, content_hash IS NULL FROM \"grant\" ORDER BY id"
    check(lab.query(grants) == fresh.query(grants) != [], "members belong to their groups, with the parent's fields")
    _, runs, _ = lab.sync()
    run = runs["acme/members"]
    check(run["created"] == run["changed"] == run["missing"] == 0, f"the next pull finds the members as they are: {run}")
    run = runs["acme/users"]
    check(run["proof"] == "proven" and run["missing"] == 0 and run["created"] == 2, f"and the two users that could not be read: {run}")
    states = lab.query("SELECT DISTINCT state FROM dead_letter WHERE stream='users' ORDER BY 1")
    check(states == [("replayed",), ("superseded",)], f"the open letters are overtaken by it: {states}")
    lab.audit_holds()


def newer_wins(upstream):
    """The object was listed whole since: the letter does not touch it."""
    lab = with_letters(upstream)
    upstream.control("rename?number=5&login=newest")
    upstream.script("/page/users nth=2 status 404\n")
    lab.sync()
    upstream.script("")
    rows = open_letters(lab)
    check(len(rows) == 4, f"a partial run closes no letter: {rows}")
    before = lab.query("SELECT id, login FROM account ORDER BY id")
    configure(lab, upstream, WIDE)
    status, document = replay(lab, "--stream", "users")
    late = [one for one in document["letters"] if one["reason"] == "field_missing"]
    check([one["fate"] for one in late] == ["superseded"], f"superseded: {document['letters']}")
    check(all(r["outcome"] == "superseded" for one in late for r in one["records"]), f"and its record: {late}")
    check(lab.query("SELECT id, login FROM account ORDER BY id") == before, "nobody is overwritten")
    check(lab.query("SELECT sum(superseded), sum(filtered) FROM batch WHERE kind='replay'")[0] == (2, 2), "it is counted")
    lab.audit_holds()


def failed_is_cleared(upstream):
    """A live object whose item stops mapping stays, marked; the replay mends it."""
    lab = Lab()
    configure(lab, upstream, NARROW, more='streams = ["users"];')
    lab.sync()
    upstream.script("/page/users nth=1 item 7 time-bad\n")
    _, runs, _ = lab.sync()
    run = runs["acme/users"]
    check(run["dead"] == 1 and run["missing"] == 0 and run["proof"] == "asserted", f"seen, though it does not map; and nothing says when it joined: {run}")
    failed = "SELECT id, state FROM account WHERE mapping='failed'"
    marked = lab.query(failed)
    check(len(marked) == 1 and marked[0][1] == "live", f"it stays live, and is marked: {marked}")
    gate = lab.run("status").stdout
    check("dead" in gate, f"the verdict counts it: {gate}")
    configure(lab, upstream, WIDE, more='streams = ["users"];')
    _, document = replay(lab)
    check(fates(document) == {"replayed": 1} and document["letters"][0]["records"][0]["outcome"] == "changed", f"{document}")
    check(lab.query(failed) == [], "the replay clears the mark")
    lab.audit_holds()
    upstream.script("")


def gauge_is_right(daemon, lab, when):
    """What `muster_dead_letters` says, whoever changed it, is what is open."""
    said = dict(re.findall(r'^muster_dead_letters\{connection="acme",stream="(\w+)"\} (\d+)', daemon.get("/metrics")[1], re.M))
    for stream in ("users", "members"):
        check(said.get(stream) == str(len(open_letters(lab, stream))), f"the gauge of {stream} {when}: {said}")


def beside_a_daemon(upstream):
    lab = with_letters(upstream)
    configure(lab, upstream, WIDE, extra=LISTEN)
    members = len(open_letters(lab, "members"))
    before = state(lab)
    with Daemon(lab) as daemon:
        gauge_is_right(daemon, lab, "as it begins")
        status, dry = replay(lab, "--dry-run")
        check(status == 1 and fates(dry) == {"replayed": 2 + members, "fails": 2} and state(lab) == before, f"dry: {fates(dry)}")
        one = open_letters(lab)[0][0]
        status, document = replay(lab, str(one))
        check(status == 0 and fates(document) == {"replayed": 1}, f"one letter: {document}")
        gauge_is_right(daemon, lab, "after a replay of one")
        status, document = replay(lab)
        gauge_is_right(daemon, lab, "after a replay")
        check(status == 1 and fates(document) == {"replayed": 1 + members, "fails": 2}, f"the rest: {fates(document)}")
        check("fails still" in lab.run("dead", "replay").stdout, "a table for people, too")
        check(lab.run("dead", "replay", "999999").returncode == 2, "a letter that does not exist is named")
        check(lab.run("dead", "discard", str(open_letters(lab)[0][0]), "--reason", "known").returncode == 0, "discard beside it")
        gauge_is_right(daemon, lab, "after a discard")
        _, runs, errors = lab.sync()
        check(runs["acme/users"]["proof"] == "proven" and runs["acme/users"]["missing"] == 0, f"the host goes on with it: {runs} {errors}")
    lab.audit_holds()


for scenario in (dry_and_real, newer_wins, failed_is_cleared, beside_a_daemon):
    with Upstream("--users", USERS, "--groups", GROUPS, "--token", "secret") as application:
        scenario(application)
finish()
