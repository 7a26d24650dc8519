# SPDX-License-Identifier: Apache-2.0
"""Faults 97 to 111: what happens to the store's files, beneath the real binary or behind its back."""
import contextlib
import os
import re
import shutil
import signal
import sqlite3
import subprocess
import sys

from catalogue import probe, without
from changes import Changes
from local import drops_privileges, must

EIO, ENOSPC = 5, 28
STOPPED = (1, 3)  # a run was broken off, or the store could not even be opened


def sides(stand):
    """The store's files, in the order in which they are made."""
    return [stand.lab.folder / f"muster.db{suffix}" for suffix in ("", "-wal", "-shm")]


@probe(97, "busy", "store", "R")
def busy():
    def held(seconds):
        def case(stand):
            yield from (sentence for sentence in [must(stand.run("sync")[0] == 0, "the first sync fails")] if sentence)
            with contextlib.closing(sqlite3.connect(stand.lab.store, isolation_level=None)) as other, Changes(stand.lab.folder) as changes:
                other.execute("BEGIN IMMEDIATE")
                sync = stand.start("sync")
                lock, said = stand.lab.folder / "muster.db.lock", f"{sync.pid}\n"
                yield must(changes.until(lambda: lock.read_text() == said, sync, 20), "the sync does not take the store")
                with contextlib.suppress(subprocess.TimeoutExpired):
                    sync.wait(seconds)  # the time is what is tested: so long the sync has to bear it, and cannot end
                yield must(sync.returncode is None, f"a sync that cannot write ends with {sync.returncode}")
                other.execute("ROLLBACK")
            status = sync.wait(30)
            yield must(status == 0, f"another's transaction of {seconds} s ends the sync with {status}")
            yield from stand.whole()
        return case

    def locked(stand):
        stand.run("sync")
        holder = subprocess.Popen([sys.executable, "-c", "import fcntl, sys; f = open(sys.argv[1], 'w'); fcntl.flock(f, fcntl.LOCK_EX); "
                                   "print('held', flush=True); sys.stdin.read()", f"{stand.lab.store}.lock"],
                                  stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        holder.stdout.readline()
        status, said = stand.run("sync")
        yield must(status == 3 and "in use" in said, f"the lock of another process: {status} {said[-200:]}")
        holder.communicate("")
        yield from stand.whole()

    return [(f"another's transaction for {s} s", held(s)) for s in (0.1, 0.5, 1.5)] + [("another's lock", locked)]


# Which call is the last one depends on how many commits went together. Up to these every run comes.
SURE = {"fdatasync": 4, "pwrite64": 60, "pread64": 3}


def past_the_end(stand, shim, status):
    """The run was over before its n-th call, which only a high one may be."""
    call, nth = shim.split()[:2]
    return status == 0 and int(nth.rstrip("+")) > SURE[call] and all(what == "-" for _, _, what, _ in stand.calls())


def killed(stand, shim, status):
    return must(status == -signal.SIGKILL or past_the_end(stand, shim, status), f"it should have been killed, and ended with {status}")


def struck(shim, words=(), statuses=STOPPED):
    """The sync is struck, says so, and the next one ends as if nothing had been."""
    def case(stand):
        status, said = stand.run("sync", shim=shim)
        if past_the_end(stand, shim, status):
            return
        yield must(any(what != "-" for _, _, what, _ in stand.calls()), f"the fault never struck: {len(stand.calls())} calls")
        yield must(status in statuses, f"ends with {status}: {said[-300:]}")
        yield from (f"does not say \"{word}\": {said[-300:]}" for word in words if word not in said)
        yield from stand.whole()
    return case


def spread(last, count):
    """About that many numbers from 1 to `last`, the first ones all of them."""
    return sorted({*range(1, min(last, 8) + 1), *(1 + i * last // count for i in range(count))} & set(range(1, last + 1)))


@probe(98, "no space", "store", "rolled back, paused, resumes")
def no_space():
    cases = [(f"write {n} of the log", struck(f"pwrite64 {n} {ENOSPC} .db-wal", ("disk is full",))) for n in spread(200, 24)]
    cases += [(f"from write {n} of the log on", struck(f"pwrite64 {n}+ {ENOSPC} .db-wal", ("disk is full",))) for n in spread(200, 16)]
    return cases


@probe(99, "read error", "store", "F")
def read_error():
    def again(n):
        def case(stand):
            stand.run("sync")
            yield from struck(f"pread64 {n}+ {EIO} .db", ())(stand)
        return case
    return [(f"read {n} of the file", again(n)) for n in range(1, 7)]


@probe(100, "fsync error", "store", "F, never retried")
def sync_error():
    def served(stand):
        """The daemon ends, for whoever watches it to start it again."""
        stand.configure('listen = "127.0.0.1:0";', 'every = "1s";')
        process = stand.start("serve", shim=f"fdatasync 14 {EIO} .db-wal")
        try:
            yield must(process.wait(30) == 3, f"serve ends with {process.returncode}, must be 3")
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()
            yield "serve goes on with a store that it can no longer write"
        stand.configure()
        yield from stand.whole()

    def case_of(n, lasting):
        def case(stand):
            shim = f"fdatasync {n}{'+' if lasting else ''} {EIO} .db-wal"
            status, said = stand.run("sync", shim=shim)
            if status == 0 and n > SURE["fdatasync"]:  # over, or in closing: all was durable before
                yield from stand.same()
                return
            yield must(status in STOPPED and "store" in said, f"ends with {status}: {said[-300:]}")
            # What is written after a sync that failed may look durable and not be: the process must not try again.
            done = [what for _, _, what, _ in stand.calls()]
            yield must(str(EIO) in done, f"the fault never struck: {len(done)} calls")
            yield must(len(done) == n, f"{len(done) - n} syncs of the log after the one that failed")
            yield from stand.whole()
        return case
    return [(f"sync {n} of the log{', for good' if lasting else ''}", case_of(n, lasting)) for n in range(1, 11)
            for lasting in (False, True)] + [("under serve", served)]


@probe(101, "short or torn write", "store", "F")
def torn():
    def torn_at(n):
        def case(stand):
            shim = f"pwrite64 {n} torn .db-wal"
            yield killed(stand, shim, stand.run("sync", shim=shim)[0])
            yield from stand.whole()
        return case
    cases = [(f"write {n} of the log torn by a kill", torn_at(n)) for n in spread(200, 30)]
    # The library writes the rest of what was short: nobody notices.
    cases += [(f"write {n} of the log short", struck(f"pwrite64 {n} short .db-wal", statuses=(0,))) for n in spread(200, 16)]
    cases += [(f"write {n} of the file torn by a kill", struck(f"pwrite64 {n} torn .db", statuses=(-signal.SIGKILL,))) for n in spread(50, 12)]
    return cases


@probe(102, "unsynced pages lost", "store", "F")
def lost():
    def case_of(n):
        def case(stand):
            shim = f"pwrite64 {n} kill .db-wal"
            yield killed(stand, shim, stand.run("sync", shim=shim)[0])
            # What was durable is what the log had when it was synchronized last.
            again = [size for call, _, _, size in stand.calls() if call == "fdatasync"]
            log = sides(stand)[1]
            keep = again[-1] if again else 0
            with open(log, "r+b") as file:
                file.seek(min(keep, log.stat().st_size))
                length = log.stat().st_size - file.tell()
                file.write(bytes(length))
            yield from stand.whole()
        return case
    return [(f"after write {n} of the log", case_of(n)) for n in spread(200, 24)]


@probe(103, "bit flip", "store", "A")
def bit_flip():
    def flip(stand, places):
        with open(sides(stand)[0], "r+b") as file:
            for at in places:
                file.seek(at)
                byte = file.read(1)[0]
                file.seek(at)
                file.write(bytes([byte ^ 0x01]))

    def anywhere(i):
        def case(stand):
            stand.run("sync")
            at = sides(stand)[0].stat().st_size * i // 60
            flip(stand, [at])
            status, said = stand.run("audit")
            if status == 0:  # then nobody may be worse off for it
                yield from (f"bit {at * 8} goes unnoticed: {sentence}" for sentence in stand.same())
            else:
                yield must(status in STOPPED and said.strip(), f"the audit ends with {status} and says {said[-200:]!r}")
        return case

    def in_text(column, nth):
        """Of the n-th account; in what pages no longer use there may be copies of it."""
        def case(stand):
            stand.run("sync")
            text = stand.lab.query(f"SELECT {column} FROM account ORDER BY id LIMIT 1 OFFSET {nth}")[0][0].encode()
            pages = sides(stand)[0].read_bytes()
            flip(stand, [found.start() + 1 for found in re.finditer(re.escape(text), pages)])
            status, said = stand.run("audit")
            yield must(status == 1 and "objects " in said and "(account " in said, f"the audit ends with {status}: {said[-300:]}")
            status, said = stand.run("export", "account")
            yield must(status == 3 and "not as it was written" in said, f"the export ends with {status}: {said[-300:]}")
            status, said = stand.run("sync")  # what is collected is not held up by it
            yield must(status == 0, f"the sync ends with {status}: {said[-300:]}")
            status, said = stand.run("audit")
            yield must(status == 1 and "not as it was written" in said, f"after a sync the audit ends with {status}: {said[-300:]}")
            stand.run("audit", "--repair")
            stand.run("sync")
            status, said = stand.run("export", "account")
            yield must(status == 0, f"after a repair and a sync the export ends with {status}: {said[-300:]}")
        return case

    def by_hand(edit):
        def case(stand):
            stand.run("sync")
            with contextlib.closing(sqlite3.connect(stand.lab.store, isolation_level=None)) as store:
                store.execute(edit)
            status, said = stand.run("audit")
            yield must(status == 1 and "not as it was written" in said, f"the audit ends with {status}: {said[-300:]}")
        return case

    return [(f"in the {column} of account {n}", in_text(column, n)) for n in (0, 7, 19) for column in ("login", "email")] + [
        (f"by hand: {edit}", by_hand(edit)) for edit in (
            "UPDATE objects SET state = 2 WHERE object = 3", "UPDATE runs SET proof = 2", "UPDATE streams SET complete_ms = 0",
            "UPDATE mappings SET states = '{}'")] + [(f"at {i} of 60 of the file", anywhere(i)) for i in range(60)]


def half_run(stand, batches=2):
    """A store whose log holds the first pages, left by a kill -9."""
    stand.site.control(stand.tenant, "script", f"/page/users nth={batches + 1}-99 delay 60000\n".encode())
    wanted = count(stand) + batches
    with Changes(stand.lab.folder) as changes:
        process = stand.start("sync")
        changes.until(lambda: count(stand) >= wanted, process, 30)
    process.kill()
    process.wait()
    stand.site.control(stand.tenant, "script")


def count(stand):
    try:
        return stand.lab.query("SELECT count(*) FROM batch")[0][0]
    except sqlite3.Error:  # there is no store yet
        return 0


@probe(104, "WAL deleted", "store", "A")
def log_deleted():
    def case_of(batches, before):
        def case(stand):
            if before:
                stand.run("sync")
            half_run(stand, batches)
            sides(stand)[1].unlink()
            sides(stand)[2].unlink(missing_ok=True)
            status, said = stand.run("audit")
            yield must(status in STOPPED, f"the audit ends with {status} over a store without its log: {said[-200:]}")
        return case
    return [(f"{'after a whole run' if before else 'of a new store'}, with {n} pages in it", case_of(n, before)) for n in (1, 2, 3)
            for before in (False, True)]


@probe(105, "old backup restored", "store", "noticed, A")
def old_backup():
    def case_of(between):
        def case(stand):
            stand.run("sync")
            backup = stand.lab.folder / "backup"
            shutil.copy(sides(stand)[0], backup)
            for order in between:
                stand.site.control(stand.tenant, order)
            stand.run("sync")
            shutil.copy(backup, sides(stand)[0])
            status, said = stand.run("sync")
            yield must(status != 0 and "backup" in said, f"nobody notices: {status} {said[-160:].strip()}")
        return case
    return [("a run older", case_of(())), ("a run older, and somebody left meanwhile", case_of(("delete?number=3",)))]


@probe(106, "read-only", "store", "A")
def read_only():
    def file_only(stand):
        stand.run("sync")
        yield from as_nobody(stand, [sides(stand)[0]])

    def folder_too(stand):
        stand.run("sync")
        yield from as_nobody(stand, [*sides(stand)[:1], stand.lab.folder])

    def as_nobody(stand, paths):
        rights = drops_privileges()
        if rights:
            for path in (stand.lab.folder, *stand.lab.folder.iterdir()):
                shutil.chown(path, "nobody")
        for path in paths:
            os.chmod(path, path.stat().st_mode & ~0o222)
        status, said = stand.run("sync", **rights)
        yield must(status == 3 and "muster.db" in said, f"ends with {status}: {said[-200:]}")
        for path in paths:
            os.chmod(path, path.stat().st_mode | 0o200)
        if rights:
            for path in (stand.lab.folder, *stand.lab.folder.iterdir()):
                shutil.chown(path, "root")
        yield from stand.whole()

    return [("the file", file_only), ("the file and its folder", folder_too)]


@probe(111, "newer schema", "store", "X")
def newer():
    def case(stand):
        stand.run("sync")
        with contextlib.closing(sqlite3.connect(stand.lab.store, isolation_level=None)) as store:
            version = store.execute("PRAGMA user_version").fetchone()[0]
            store.execute(f"PRAGMA user_version = {version + 1}")
        before = sides(stand)[0].read_bytes()
        for command in (["sync"], ["status"], ["audit"], ["export", "account"]):
            status, said = stand.run(*command)
            yield must(status == 3 and "newer" in said, f"{command[0]} ends with {status}: {said[-200:]}")
        yield must(sides(stand)[0].read_bytes() == before, "the store was changed")
    return [("by one", case)]


without(107, "PostgreSQL: serialization failure, deadlock", "not yet built: the store is SQLite")
without(108, "link lost inside COMMIT", "not yet built: the store is SQLite, which has no link")
without(109, "failover lost commits", "not yet built: the store is SQLite, which has no failover")
without(110, "pool used up", "not yet built: the store is SQLite, which has no pool")
