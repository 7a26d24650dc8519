# SPDX-License-Identifier: Apache-2.0
"""People leave while a listing by position is being read: those behind them move up into pages that were read already. Nobody who is still
there is concluded to be missing, and the run looks a second time before it calls itself proven (faults 66 and 68)."""
from lab import Lab, Upstream, check, finish

USERS, LEAVERS = 350, 3
LISTINGS = {"users_by_page": "/page/users", "users_by_offset": "/offset/users", "users_by_scim": "/scim/v2/Users"}


def absent(lab):
    return {row[0] for row in lab.query("SELECT id FROM account WHERE state <> 'live'")}


for stream, path in LISTINGS.items():
    with Upstream("--users", USERS, "--token", "secret", "--page-max", 40) as upstream:
        lab = Lab()
        lab.configure([("sample", "sample", upstream.url, f'secrets = {{ token = "file:token"; }}; streams = ["{stream}"];')])
        lab.sync()
        everybody = [row[0] for row in lab.query("SELECT id FROM account ORDER BY id")]
        check(len(everybody) == USERS, f"{stream}: everybody is there at first")

        upstream.script(f"{path} nth=5 once remove {LEAVERS}\n")
        status, runs, errors = lab.sync()
        run = runs.get(f"sample/{stream}", {})
        gone = absent(lab)
        upstream.script("")
        settled = Lab()
        settled.configure([("sample", "sample", upstream.url, f'secrets = {{ token = "file:token"; }}; streams = ["{stream}"];')])
        settled.sync()
        left = {row[0] for row in settled.query("SELECT id FROM account")}
        check(len(left) == USERS - LEAVERS, f"{stream}: {LEAVERS} left: {len(left)}")
        check(not gone & left, f"{stream}: {len(gone & left)} who are there are missing: {run} {errors}")
        check(run.get("proof") == "proven" and gone == set(everybody) - left, f"{stream}: a second pass proves it: {gone} {run} {errors}")

        # The listing never rests: complete by its own word at most.
        upstream.script(f"{path} every=1 remove 1\n")
        status, runs, errors = lab.sync()
        run = runs.get(f"sample/{stream}", {})
        check(run.get("proof") in ("asserted", "partial") and "while" in (run.get("reason") or ""), f"{stream}: no proof: {run} {errors}")
        check(absent(lab) == gone, f"{stream}: and nobody is concluded to be missing")
        upstream.script("")
        lab.audit_holds()
finish()
