# SPDX-License-Identifier: Apache-2.0
"""kill -9 at random moments of a sync, each followed by a restart: each time the store ends with the content of an undisturbed run.

usage: crash_test.py [KILLS] [SEED]
"""
import random
import subprocess
import sys
import time

from lab import Lab, Upstream, check, finish

KILLS = int(sys.argv[1]) if len(sys.argv) > 1 else 25
SEED = int(sys.argv[2]) if len(sys.argv) > 2 else 1

dice = random.Random(SEED)
with Upstream("--users", 3000, "--groups", 40, "--token", "secret", "--latency-ms", "10", "--page-max", "50") as upstream:
    undisturbed = Lab()
    undisturbed.scim(upstream)
    began = time.monotonic()
    status, runs, errors = undisturbed.sync()
    length = time.monotonic() - began
    check(status == 0, f"the undisturbed run is complete: {runs} {errors}")
    expected = undisturbed.content()
    received = {name: run["received"] for name, run in runs.items()}

    killed_in_mid_run = 0
    for kill in range(KILLS):
        lab = Lab()
        lab.scim(upstream)
        process = subprocess.Popen(lab.command("sync", "--json"), stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        try:
            process.wait(timeout=dice.uniform(0, 0.9 * length))
        except subprocess.TimeoutExpired:
            process.kill()
            killed_in_mid_run += 1
        process.wait()
        status, runs, errors = lab.sync()
        check(status == 0, f"kill {kill}: the run after it is complete: {runs} {errors}")
        check(lab.content() == expected, f"kill {kill}: the content is that of an undisturbed run")
        lab.audit_holds()
    check(killed_in_mid_run > KILLS // 3, f"most kills hit a run: {killed_in_mid_run} of {KILLS}")
    print(f"{KILLS} runs, {killed_in_mid_run} killed in mid run (one takes {length:.2f} s), seed {SEED}")
finish()
