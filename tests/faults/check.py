# SPDX-License-Identifier: Apache-2.0
"""What came of one case against what must have: the expectation, and the promises that hold for every run, whatever struck it."""
from case import STREAMS

CONTENT = """SELECT connection, id, state, incarnation, login, email, display_name, class, status, privileged, mfa, created_at, last_login_at,
             manager_id, attributes, field_state FROM account WHERE connection = ? ORDER BY id"""
OUTCOMES = ("created", "changed", "unchanged", "duplicate", "filtered", "dead")


def live(lab, tenant, kind="account"):
    return {row[0] for row in lab.query(f"SELECT id FROM \"{kind}\" WHERE connection = ? AND state = 'live'", tenant)}


def promises(case, run, truth, known):
    """Sentences about what no fault excuses."""
    if run["received"] != sum(run[outcome] for outcome in OUTCOMES):
        yield f"the books do not balance: {run}"
    if run["proof"] not in ("proven", "asserted", "partial"):
        yield f"the proof is {run['proof']}"
    if run["proof"] != "proven" and not run["reason"]:
        yield f"{run['proof']}, and does not say why"
    if run["proof"] == "partial" and (run["missing"] or run["deleted"]):
        yield f"a partial run concludes from absence: {run['missing']} missing, {run['deleted']} deleted"
    if run["proof"] == "proven" and known != truth and not case.expect.strangers and not run["held"] and not run["dead"]:
        yield f"proven, but {len(truth - known)} are not there and {len(known - truth)} are too many"


def judge(case, expect, tenant, runs, errors, lab, site):
    """Everything that is not as it must be, as sentences."""
    run = runs.get((tenant, case.stream))
    alerts = [line for line in errors.splitlines() if f"muster: {tenant}: " in line]
    if run is None:
        return [f"there is no run; {alerts or errors[-200:]}"]
    kind, collection = ("group", "groups") if case.stream in ("groups", "group_members") else ("account", "users")
    truth = site.ids(tenant, collection) if case.url is None else set()
    known = live(lab, tenant, kind)
    wrong = list(promises(case, run, truth, known)) if case.url is None else []
    reason = run["reason"] or ""
    allowed = expect.proof or (STREAMS[case.stream][1],)
    if run["proof"] not in allowed:
        wrong.append(f"is {run['proof']} ({reason}), must be {' or '.join(allowed)}")
    wrong += [f"the reason does not say \"{word}\": {reason}" for word in expect.reason if word.lower() not in reason.lower()]
    wrong += [f"nobody is told \"{word}\": {alerts}" for word in expect.alert if not any(word in line for line in alerts)]
    if expect.retries == "some" and run["retries"] == 0:
        wrong.append("nothing was tried again")
    if expect.retries == "none" and run["retries"] > 0:
        wrong.append(f"was tried again {run['retries']} times")
    wrong += [f"{member} is {run.get(member)}, must be {value} ({reason})" for member, value in expect.counts.items() if run.get(member) != value]
    if expect.everybody and known != truth:
        wrong.append(f"{len(truth - known)} of {len(truth)} are not live, {len(known - truth)} are that should not be; {run['proof']} {reason}")
    if expect.held is not None and (run["held"] > 0) != expect.held:
        wrong.append(f"{run['held']} absences wait for a person")
    if expect.requests_most and run["requests"] > expect.requests_most:
        wrong.append(f"{run['requests']} requests, at most {expect.requests_most} may be")
    if expect.seconds and run["seconds"] > expect.seconds:
        wrong.append(f"takes {run['seconds']} s, may take {expect.seconds}")
    if expect.throttled and run["throttled_s"] <= 0:
        wrong.append("no time was spent waiting for the rate")
    if not expect.strangers and known - truth - site.first_ids(collection):
        wrong.append(f"{len(known - truth)} live ids never were the application's")
    if expect.letters is not None:
        letters = tuple(row[0] for row in lab.query(
            "SELECT reason FROM dead_letter WHERE connection = ? AND state = 'open' AND raw IS NOT NULL ORDER BY reason", tenant))
        if letters != expect.letters:
            wrong.append(f"the dead letters are {letters}, must be {expect.letters}")
    if expect.drift and not lab.query("SELECT 1 FROM drift WHERE connection = ? AND kind || ' ' || path LIKE ?", tenant, f"%{expect.drift}%"):
        wrong.append(f"no drift like {expect.drift}: {lab.query('SELECT kind, path FROM drift WHERE connection = ?', tenant)}")
    return wrong

