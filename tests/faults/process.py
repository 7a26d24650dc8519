# SPDX-License-Identifier: Apache-2.0
"""Faults 92 to 96 and 112 to 126: the process and its clock."""
import contextlib
import os
import pathlib
import re
import resource
import signal
import sqlite3
import subprocess
import time

from batch import CONTROLS
from catalogue import probe, without
from changes import Changes
from lab import Daemon
from local import must
from store import half_run, killed, spread

PAGES = 4
STORES = pathlib.Path(__file__).resolve().parents[1] / "unit/store/stores.sql"
FAKETIME = "/usr/lib/x86_64-linux-gnu/faketime/libfaketimeMT.so.1"


# ---------------------------------------------------------------------- clock ----------------------------------------------------------


def clock(title, *times):
    """The wall clock of the second run, of the third, and so on; the first has the right one."""
    def case(stand):
        status, said = stand.run("sync")
        yield must(status == 0, f"the first run: {said[-200:]}")
        for at in times:
            status, said = stand.run("sync", environment={"LD_PRELOAD": FAKETIME, "FAKETIME": at, "DONT_FAKE_MONOTONIC": "1",
                                                          "FAKETIME_DONT_FAKE_MONOTONIC": "1"})
            yield must(status == 0 and "proven" in said, f"at {at}: {status} {said[-300:]}")
        yield from stand.whole()
    return title, case


def resumed(title, at):
    """The clock is another after a kill in mid run."""
    def case(stand):
        half_run(stand)
        status, said = stand.run("sync", environment={"LD_PRELOAD": FAKETIME, "FAKETIME": at, "DONT_FAKE_MONOTONIC": "1",
                                                      "FAKETIME_DONT_FAKE_MONOTONIC": "1"})
        yield must(status == 0 and "proven" in said, f"{status} {said[-300:]}")
        yield from stand.whole()
    return title, case


@probe(92, "+1 h", "clock", "S")
def ahead():
    return [clock("between two runs", "+1h"), clock("and back", "+1h", "+0"), clock("a day", "+1d"), resumed("after a kill", "+1h"),
                resumed("three days after a kill", "+3d")]


@probe(93, "-1 h", "clock", "S")
def behind():
    return [clock("between two runs", "-1h"), clock("and back", "-1h", "+0"), clock("a day", "-1d"), resumed("after a kill", "-1h"),
                resumed("three days after a kill", "-3d")]


@probe(94, "strobe", "clock", "S")
def strobe():
    return [clock("an hour to and fro", *["+1h", "-1h"] * 3), clock("a year to and fro", *["+1y", "-1y"] * 2),
                clock("a hundred times as fast", "+0 x100"), clock("a tenth as fast", "+0 x0.1")]


@probe(95, "1970 and 2038", "clock", "S")
def ends_of_time():
    return [clock(title, at) for title, at in (("1970", "@1970-01-01 00:00:05"), ("before 2038", "@2038-01-19 03:14:05"),
                                                   ("after 2038", "@2038-01-19 03:14:09"), ("2100", "@2100-02-28 23:59:58"))] + [
        resumed("2038 after a kill", "@2038-01-19 03:14:06")]


without(96, "asleep for 8 h: lease lost, fenced", "not yet built: there is one host on a store, and no lease that could be lost")


# ---------------------------------------------------------------------- kill -9 --------------------------------------------------------


def kill_at(shim, later=()):
    """The kill, further kills of the restarts, and then what an undisturbed run ends with."""
    def case(stand):
        yield killed(stand, shim, stand.run("sync", shim=shim)[0])
        for more in later:
            status, said = stand.run("sync", shim=more)
            yield must(status in (0, -signal.SIGKILL), f"a restart ends with {status}: {said[-200:]}")
        yield from stand.whole()
    return case


@probe(112, "kill -9 before a commit", "process", "F")
def before_commit():
    return [(f"before sync {n} of the log", kill_at(f"fdatasync {n} kill .db-wal")) for n in range(1, 11)]


@probe(113, "kill -9 inside a commit", "process", "F")
def inside_commit():
    return [(f"before write {n} of the log", kill_at(f"pwrite64 {n} kill .db-wal")) for n in spread(200, 40)] + [
        (f"before write {n} of the file", kill_at(f"pwrite64 {n} kill .db")) for n in spread(50, 12)]


@probe(114, "kill -9 after a commit, before the acknowledgement", "process", "F")
def after_commit():
    return [(f"after sync {n} of the log", kill_at(f"fdatasync {n} killed .db-wal")) for n in range(1, 11)] + [
        (f"after sync {n} of the file", kill_at(f"fdatasync {n} killed .db")) for n in (1, 2)]


@probe(115, "kill -9 between pages", "process", "F")
def between_pages():
    def case_of(*pages):
        def case(stand):
            for more in pages:
                half_run(stand, more)
            yield from stand.whole()
        return case
    return [(f"after {' and then '.join(str(more) for more in pages)} pages", case_of(*pages))
            for pages in ((1,), (2,), (3,), (1, 1), (1, 2), (2, 1), (1, 1, 1))]


@probe(116, "kill -9 in recovery", "process", "F")
def in_recovery():
    first = "fdatasync 5 killed .db-wal"
    calls = [f"pwrite64 {n} kill .db-wal" for n in (1, 2, 3, 5, 8, 13, 21, 34)] + [f"fdatasync {n} kill .db-wal" for n in (1, 2, 3)]
    calls += [f"pwrite64 {n} kill .db" for n in (1, 2, 3)] + [f"pread64 {n} kill .db" for n in (1, 2, 3, 4)] + ["pread64 1 kill .db-wal"]
    calls += [f"pread64 {n} kill .db-wal" for n in (2, 3, 5)]
    cases = [(f"at {call}", kill_at(first, [call])) for call in calls]
    cases += [(f"three times, at {call}", kill_at(first, [call] * 3)) for call in calls[::3]]
    return cases


def store_of(version):
    """The statements that make a store as the program of that version of the schema left it."""
    parts = re.split(r"^-- In (\d+) to (\d+)\n", STORES.read_text(), flags=re.MULTILINE)[1:]
    chosen = [text for first, last, text in zip(*[iter(parts)] * 3) if int(first) <= version <= int(last)]
    return "".join(["BEGIN;\n", *chosen, "COMMIT;\n"])


@probe(117, "kill -9 in migration", "process", "F")
def in_migration():
    def case_of(version, shim):
        def case(stand):
            with contextlib.closing(sqlite3.connect(stand.lab.store)) as store:
                store.executescript(store_of(version))
            status, _ = stand.run("sync", shim=shim)
            yield killed(stand, shim, status)
            yield from stand.whole()
            rows = stand.lab.query("SELECT id, login FROM account WHERE connection = 'acme' ORDER BY id")
            yield must(rows == [("a", "anna"), ("b", "l"), ("c", "l"), ("d", "dora"), ("e", "l")], f"what the older program wrote: {rows}")
        return case
    return [(f"from version {version}, at {call}", case_of(version, call)) for version in (1, 4)
            for call in ("fdatasync 1 kill .db-wal", *(f"pwrite64 {n} kill .db-wal" for n in (1, 2, 3, 5, 8, 13, 21)))]


without(118, "kill -9 in saving a token", "no case here: scenario.refresh kills around the saving of a rotated refresh token")
for number, title in ((119, "before a write's intent"), (120, "after a write's intent"), (121, "after sending a write"),
                      (122, "after the answer to a write")):
    without(number, f"kill -9 {title}", "not yet built: nothing is written to applications")


@probe(123, "two hosts on one store", "process", "the second X")
def two_hosts():
    def second_serve(stand):
        stand.configure('listen = "127.0.0.1:0";', 'every = "1s";')
        with Daemon(stand.lab) as daemon:
            status, said = stand.run("serve")
            yield must(status == 3 and str(daemon.process.pid) in said, f"a second serve: {status} {said[-200:]}")
            yield must(daemon.process.poll() is None, "the first one is gone")
        yield from stand.same() if stand.run("sync")[0] == 0 else ["the sync after them fails"]

    def beside_serve(stand):
        """A sync is handed to the host that has the store."""
        stand.configure('listen = "127.0.0.1:0";', 'every = "1h";')
        with Daemon(stand.lab) as daemon:
            status, said = stand.run("sync")
            yield must(status == 0 and daemon.process.poll() is None, f"sync beside serve: {status} {said[-200:]}")
        yield from stand.same()

    def two_syncs(stand):
        stand.site.control(stand.tenant, "script", b"/page/users delay 100\n")
        with Changes(stand.lab.folder) as changes:
            first = stand.start("sync")
            changes.until(stand.lab.store.exists, first, 20)
        status, said = stand.run("sync")
        yield must(status in (0, 3), f"the second sync: {status} {said[-200:]}")
        yield must(first.wait(30) == 0, "the first sync is harmed")
        stand.site.control(stand.tenant, "script")
        yield from stand.whole()

    return [("a second serve", second_serve), ("a sync beside serve", beside_serve), ("two syncs", two_syncs)]


without(124, "allocation fails", "no case here: inject.memory_all fails every allocation of a round, once and for good")


@probe(125, "out of descriptors", "process", "R")
def descriptors():
    def case_of(most):
        def case(stand):
            status, said = stand.run("sync", preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_NOFILE, (most, most)))
            yield must(status in (0, 1, 3, 4) and said.strip(), f"{most} descriptors: {status} {said[-300:]}")
            yield from stand.whole()
        return case
    return [(f"{most} of them", case_of(most)) for most in (8, 12, 16, 20, 24, 28, 32, 40)]


@probe(126, "SIGTERM in mid run", "process", "drains")
def terminated():
    def case_of(page, number):
        def case(stand):
            stand.site.control(stand.tenant, "script", f"/page/users nth={page}-99 delay 400\n".encode())
            process = stand.start("sync")
            deadline = time.monotonic() + 20
            while time.monotonic() < deadline and asked(stand) < page:
                time.sleep(0.01)  # between two looks
            process.send_signal(number)
            status = process.wait(30)
            yield must(status == 1, f"ends with {status}, must be 1: done, and something is partial")
            stand.site.control(stand.tenant, "script")
            before = asked(stand)
            yield from stand.whole()
            again = asked(stand) - before
            yield must(again <= PAGES - page + 2, f"it began anew: {again} requests after a stop at page {page}")
        return case
    return [(f"{signal.Signals(number).name} at page {page}", case_of(page, number)) for page in range(1, PAGES)
                for number in (signal.SIGTERM, signal.SIGINT)]


def asked(stand):
    return stand.site.ask("GET", f"/at/{stand.tenant}/_control/requests")["requests"]
