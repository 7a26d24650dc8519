# SPDX-License-Identifier: Apache-2.0
"""Every call that muster makes of the system fails, one after the other, once and from then on (faults 98 to 100, 125).

The real binary, with a shared object before the C library (preload.c) that counts and refuses. Whatever fails, the process ends by itself and
says why, what it left passes the audit, and the next sync comes to the undisturbed content.

usage: system_test.py PRELOAD [--quick]   Of what the store does with its files every tenth call only: store_test takes each of these.
                                          --quick: the first call of each function, once; a few of epoll_ctl.
"""
import collections
import concurrent.futures
import os
import pathlib
import re
import shutil
import sqlite3
import struct
import subprocess
import sys
import threading

sys.path.insert(0, str(pathlib.Path(__file__).parent.parent / "scenario"))
from lab import Lab, Upstream, check, finish  # noqa: E402

PRELOAD = pathlib.Path(sys.argv[1]).resolve()
QUICK = "--quick" in sys.argv
OF_THE_STORE = {"pread64", "pwrite64", "fcntl64", "fstat64"}
LOCKS = {"fcntl64"}  # that fail for good are held by another for good, and waited for each time: store_test does that without a clock
LIMIT_S = 60
POLICY = 'policy = { attempts_max = 2; backoff_first_ms = 5; backoff_most_ms = 20; breaker_open = "1s"; drain = "1s"; };'
CONTENT = ["SELECT id, state, login, display_name, attributes FROM account ORDER BY id",
           "SELECT id, state, display_name, attributes FROM \"group\" ORDER BY id",
           "SELECT subject_id, object_id, permission, state FROM \"grant\" ORDER BY 1, 2",
           "SELECT connection, kind, verdict, proof, gaps, live, missing, dead FROM verdict ORDER BY 1, 2"]

def names_of(source):
    """The functions in the order in which preload.c counts them."""
    text = pathlib.Path(source).read_text()
    plain = re.findall(r"X\([\w *]+?,\s*(\w+),", text[text.index("#define CALLS"):text.index("/* Those with")])
    odd = re.findall(r"X\((\w+)\)", text[text.index("#define ODD_CALLS"):text.index("enum call")])
    return plain + odd


NAMES = names_of(pathlib.Path(__file__).with_name("preload.c"))


class Attempt(Lab):
    """A folder whose store is a copy of an empty one, so that what is counted is the sync."""

    def __init__(self, upstream, pattern=None):
        super().__init__()
        self.scim(upstream, extra=POLICY)
        self.report = self.folder / "report"
        if pattern:
            shutil.copy(pattern, self.store)

    def broken(self, inject):
        self.report.write_bytes(bytes(8 * (len(NAMES) + 1)))
        environment = dict(os.environ, LD_PRELOAD=str(PRELOAD), INJECT=inject, INJECT_REPORT=str(self.report))
        try:
            done = subprocess.run(self.command("sync", "--json"), capture_output=True, text=True, timeout=LIMIT_S, env=environment)
        except subprocess.TimeoutExpired:
            return None, "", "it does not end"
        return done.returncode, done.stdout, done.stderr

    def counts(self):
        return struct.unpack(f"{len(NAMES) + 1}q", self.report.read_bytes())

    def known(self):
        store = sqlite3.connect(f"file:{self.store}?mode=ro", uri=True)
        try:
            return [store.execute(sql).fetchall() for sql in CONTENT]
        finally:
            store.close()

    def untouched(self, pattern):
        """Not a byte of the store is other than before, and there is no log of what is to become other."""
        log = self.store.with_name(f"{self.store.name}-wal")
        return self.store.read_bytes() == pattern.read_bytes() and (not log.exists() or log.stat().st_size == 0)

    def remove(self):
        shutil.rmtree(self.folder, ignore_errors=True)


def attempts(counts):
    for name, count in counts.items():
        step = 10 if name in OF_THE_STORE else 1
        most = 6 if name == "epoll_ctl" else 1  # the first three are the host's own; then come its requests'
        for k in range(1, (min(count, most) if QUICK else count) + 1, step):
            yield name, k, "once"
            if not QUICK and name not in LOCKS:
                yield name, k, "on"


outcomes = collections.Counter()
lock = threading.Lock()


def one(upstream, pattern, expected, name, k, how):
    lab = Attempt(upstream, pattern)
    status, printed, said = lab.broken(f"{name} {k} {how}")
    what = f"{name} number {k} fails {how}"
    hit = lab.counts()[len(NAMES)] > 0
    with lock:
        outcomes["not reached" if not hit else "hangs" if status is None else f"status {status}"] += 1
        check(status is not None and 0 <= status <= 4, f"{what}: it ends by itself: {status} {said}")
        check(status == 0 or said.strip() or printed.strip(), f"{what}: it says why")
    if lab.untouched(pattern):  # then the undisturbed sync is the next one
        with lock:
            outcomes["store untouched"] += 1
        lab.remove()
        return
    audit = lab.run("audit")
    status, runs, errors = lab.sync()
    with lock:
        check(audit.returncode == 0, f"{what}: the audit of what it left holds: {audit.stdout}{audit.stderr}")
        check(status == 0, f"{what}: the next sync is complete: {runs} {errors}")
        check(status != 0 or lab.known() == expected, f"{what}: the content is the undisturbed one")
    lab.remove()


with Upstream("--users", 12, "--groups", 2, "--token", "secret", "--page-max", "6") as upstream:
    first = Attempt(upstream)
    first.configure([], POLICY)
    first.run("sync")
    pattern = first.store
    undisturbed = Attempt(upstream, pattern)
    status, printed, said = undisturbed.broken("count 0 once")
    counts = dict(zip(NAMES, undisturbed.counts()))
    check(status == 0 and sum(counts.values()) > 100, f"the undisturbed sync is complete: {status} {said} {counts}")
    expected = undisturbed.known()
    tasks = list(attempts(counts))
    with concurrent.futures.ThreadPoolExecutor(2) as pool:
        for done in [pool.submit(one, upstream, pattern, expected, *task) for task in tasks]:
            done.result()
    print(", ".join(f"{name} {count}" for name, count in sorted(counts.items()) if count))
    print(f"{len(tasks)} syncs: " + ", ".join(f"{what} {count}" for what, count in sorted(outcomes.items())))
finish()
