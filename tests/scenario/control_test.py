# SPDX-License-Identifier: Apache-2.0
"""Commands beside a running serve, through its socket: sync, hold and dead; clients that die, leave or babble; SIGTERM while
one waits."""
import json
import os
import pty
import signal
import socket
import sqlite3
import stat
import subprocess

from lab import Daemon, Lab, Upstream, check, finish

USERS = 600
LISTEN = 'listen = "127.0.0.1:0";'
SECRET = 'secrets = { token = "file:token"; };'


def connect(lab):
    client = socket.socket(socket.AF_UNIX)
    client.settimeout(60)
    client.connect(f"{lab.store}.sock")
    return client


def lines_of(client):
    """What the host says until it closes."""
    text = b""
    while more := receive(client):
        text += more
    return [json.loads(line) for line in text.splitlines()]


def receive(client):
    try:
        return client.recv(65536)
    except ConnectionResetError:
        return b""


def refused(lab, text, what):
    with connect(lab) as client:
        try:
            client.sendall(text)
        except BrokenPipeError:
            pass
        answers = lines_of(client)
    check(len(answers) == 1 and answers[0].get("done") == 2 and answers[0]["text"], f"{what} is refused with a sentence: {answers}")


def start(lab, *arguments):
    return subprocess.Popen(lab.command("sync", *arguments), stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)


def begun(daemon, lab, *arguments):
    """A sync beside the daemon whose first round of the last argument's connection has begun, and is slow."""
    upstream.control("latency?ms=300")
    daemon.skip()
    process = start(lab, *arguments)
    daemon.wait_for("event=round_started", f"connection={arguments[-1]}")
    return process


with Upstream("--users", USERS, "--groups", 5, "--token", "secret", "--latency-ms", "3") as upstream:
    lab = Lab()
    acme = ("acme", "scim", f"{upstream.url}/scim/v2", SECRET)
    second = ("second", "scim", f"{upstream.url}/scim/v2", SECRET)
    broken = ("broken", "scim", f"{upstream.url}/scim/v2", 'secrets = { token = "file:nowhere"; };')
    lab.configure([acme, second], LISTEN)
    alone = lab.sync()
    check(alone[0] == 0, f"without a host, sync is its own: {alone[2]}")

    # A dead host's socket is in the way of nobody.
    dead = socket.socket(socket.AF_UNIX)
    dead.bind(f"{lab.store}.sock")
    dead.close()
    check(lab.sync()[0] == 0, "a dead host's socket does not stop a sync without a host")

    with Daemon(lab) as daemon:
        limits = open(f"/proc/{daemon.process.pid}/limits").read()
        check("Max core file size        0                    0" in limits, f"no core file has the secrets in it: {limits}")
        mode = os.stat(f"{lab.store}.sock")
        check(stat.S_ISSOCK(mode.st_mode) and stat.S_IMODE(mode.st_mode) == 0o600, f"the socket is its user's alone: {mode}")

        status, runs, errors = lab.sync()
        check(status == 0 and all(run["proof"] == "proven" for run in runs.values()), f"sync beside serve: {status} {runs} {errors}")
        check(set(runs) == set(alone[1]) and runs["acme/users"].keys() == alone[1]["acme/users"].keys(), "the same document as without")
        check(runs["acme/users"]["unchanged"] == USERS and runs["acme/users"]["seconds"] > 0, f"with its numbers: {runs['acme/users']}")
        table = lab.run("sync", "acme")
        check(table.returncode == 0 and table.stdout.startswith("connection") and "\nsecond" not in table.stdout,
              f"one connection, as a table: {table.stdout}{table.stderr}")

        # What is there when it is asked for is in what comes: two at the same time, and a change before the later one.
        first = begun(daemon, lab, "--json", "acme")
        upstream.control("add?in=users&count=3")
        status, runs, _ = lab.sync("acme")
        check(status == 0 and runs["acme/users"]["received"] == USERS + 3, f"read after it was asked for: {runs}")
        output, errors = first.communicate(timeout=60)
        check(first.returncode == 0 and len(json.loads(output)["runs"]) >= 1, f"two at the same time: {output}{errors}")
        upstream.control("latency?ms=3")
        together = [start(lab, "--json") for _ in range(4)]
        for one in together:
            output, errors = one.communicate(timeout=60)
            check(one.returncode == 0 and json.loads(output)["runs"], f"four at the same time: {output}{errors}")

        status, runs, _ = lab.sync("--full", "acme")
        check(status == 0 and runs and all(run["full"] for run in runs.values()), f"--full is handed on: {runs}")

        done = lab.run("sync", "nobody")
        check(done.returncode == 2 and '"nobody"' in done.stderr and done.stdout == "", f"an unknown name: {done.stderr}")
        with connect(lab) as client:
            client.sendall(b'{"command":"sync","full":false,"names":["acme","x1","x2"]}\n')
            answers = lines_of(client)
            check(len(answers) == 1 and answers[0]["done"] == 2 and '"x1", "x2"' in answers[0]["text"], f"unknown to the host: {answers}")

        # The configuration of the command is ahead of the host's.
        lab.configure([acme, second, broken], LISTEN)
        done = lab.run("sync", "broken")
        check(done.returncode == 2 and "SIGHUP" in done.stderr, f"not read by the host yet: {done.stderr}")
        daemon.signal(signal.SIGHUP)
        daemon.wait_for("event=configuration_loaded")
        status, runs, errors = lab.sync()
        check(status == 1 and "broken: " in errors and runs["acme/users"]["proof"] == "proven", f"one broken connection: {status} {errors}")
        status, runs, errors = lab.sync("broken")
        check(status == 2 and "broken: " in errors and not runs, f"nothing to start, and why: {status} {errors}")

        for text, what in ((b"GET / HTTP/1.1\r\n\r\n", "another protocol"), (b"\x00\xff\xfe\n", "binary"), (b"[1]\n", "no object"),
                           (b"\n", "an empty line"), (b'{"command":"stop"}\n', "an unknown command"), (b"{}\n", "no command"),
                           (b'{"command":"sync","names":["acme"],"names":[]}\n', "a member twice"),
                           (b'{"command":"sync","naems":[]}\n', "an unknown member"), (b'{"command":"sync","names":"acme"}\n', "a wrong type"),
                           (b'{"command":"sync","number":1}\n', "another command's member"),
                           (b'{"command":"hold","verb":"approve","number":1}\n', "a decision without a name"),
                           (b'{"command":"hold","verb":"approve","number":1e99,"who":"x"}\n', "a wild number"),
                           (b'{"command":"discard","number":1,"who":"x"}\n', "a discard without a reason"),
                           (b'{"command":"sync","names":["acme"]}\n{"command":"sync"}\n', "two orders"),
                           (b"x" * 200000, "a line without end"), (b"[" * 60000 + b"\n", "a deep line")):
            refused(lab, text, what)
        check(daemon.get("/healthz")[0] == 200, "the host is not disturbed by it")

        # More clients than it takes; they say nothing.
        silent = [connect(lab) for _ in range(16)]
        with connect(lab) as client:
            answers = lines_of(client)
            check(answers and answers[0]["done"] == 3 and "busy" in answers[0]["text"], f"one too many: {answers}")
        for client in silent:
            client.close()

        # A client that dies, one that closes without having read, one that leaves.
        upstream.control("delete?in=users&count=400")
        killed = begun(daemon, lab, "acme")
        killed.kill()
        killed.communicate()
        daemon.wait_for("event=round_ended", "connection=acme")
        daemon.skip()
        deaf = connect(lab)
        deaf.sendall(b'{"command":"sync","names":["second"]}\n')
        daemon.wait_for("event=round_ended", "connection=second")
        deaf.close()
        left = begun(daemon, lab, "--json", "second")
        left.send_signal(signal.SIGINT)
        output, errors = left.communicate(timeout=60)
        check(left.returncode == 1 and "the host goes on" in errors and "runs" in json.loads(output), f"Ctrl-C only leaves: {errors}")
        check("proof=" in daemon.wait_for("event=round_ended", "connection=second"), "its round goes on")
        check(daemon.get("/healthz")[0] == 200, "and so does the host")

        # Decisions.
        def held(connection):
            waits = lab.query("SELECT coalesce(sum(count), 0) FROM hold WHERE state='open' AND connection=?", connection)[0][0]
            return f'muster_held{{connection="{connection}"}} {waits}' in daemon.get("/metrics")[1].splitlines()
        check(held("acme") and held("second"), "the gauges of what is on hold add up its streams")
        holds = json.loads(lab.run("hold", "list", "--json").stdout)["holds"]
        numbers = {hold["connection"]: hold["hold"] for hold in holds if hold["stream"] == "users"}
        upstream.control("latency?ms=3")
        check(set(numbers) == {"acme", "second"}, f"both hold back the mass absence: {holds}")
        done = lab.run("hold", "approve", str(numbers["acme"]))
        check(done.returncode == 0 and "approved" in done.stdout, f"hold approve beside serve: {done.stdout}{done.stderr}")
        done = lab.run("hold", "reject", str(numbers["second"]))
        check(done.returncode == 0 and "rejected" in done.stdout, f"hold reject beside serve: {done.stdout}{done.stderr}")
        done = lab.run("hold", "approve", str(numbers["acme"]))
        check(done.returncode == 2 and "no open hold" in done.stderr, f"once only: {done.stderr}")
        done = lab.run("dead", "discard", "4711", "--reason", "a test")
        check(done.returncode == 2 and "4711" in done.stderr, f"no such letter: {done.stderr}")
        others = {hold["run"] for hold in holds if hold["connection"] == "acme" and hold["stream"] != "users"}
        for run in others:
            done = lab.run("hold", "approve", "--run", str(run))
            check(done.returncode == 0 and f"the holds of run {run} are approved" in done.stdout, f"a run's: {done.stdout}{done.stderr}")
        left = lab.query("SELECT count(*) FROM hold WHERE state='open' AND connection='acme'")[0][0]
        check(others and left == 0, f"all of them: {others}, {left} left")
        done = lab.run("hold", "approve", "--run", str(min(others)))
        check(done.returncode == 2 and "has no open hold" in done.stderr, f"once only: {done.stderr}")
        done = lab.run("audit", "--repair")
        check(done.returncode == 0 and "written anew" in done.stdout, f"a repair beside serve: {done.stdout}{done.stderr}")
        missing = "SELECT count(*) FROM account WHERE connection='acme' AND state='missing'"
        check(lab.query(missing)[0][0] == 400, "approved: they are missing")
        check(held("acme") and held("second"), "and follow what is decided")
        check(lab.query("SELECT state, decided_by FROM hold WHERE hold=?", numbers["second"])[0][0] == "rejected", "it is in the books")

        # Somebody with the sqlite3 shell is not the last one to close the store: the host still has its locks, and the log stays.
        sqlite3.connect(lab.store).execute("SELECT count(*) FROM account").connection.close()
        check(os.path.exists(f"{lab.store}-wal"), "the log is the host's as long as it runs")
        status, runs, errors = lab.sync("acme")
        check(status == 0 and runs["acme/users"]["proof"] == "proven", f"the host goes on with what was decided: {runs} {errors}")

        # On a terminal there is a progress line.
        leader, follower = pty.openpty()
        shown = subprocess.Popen(lab.command("sync", "--full"), stdout=subprocess.PIPE, stderr=follower)
        os.close(follower)
        output = shown.communicate(timeout=60)[0]
        check(shown.returncode == 1 and b"acme" in output, f"sync on a terminal: {output}")
        os.close(leader)

        # More answers at once than wait for one client; one reads them all, one reads none.
        many = [(f"b{i}", "scim", f"{upstream.url}/scim/v2", 'secrets = { token = "file:nowhere"; };') for i in range(3000)]
        lab.configure([acme, second, *many], LISTEN)
        daemon.signal(signal.SIGHUP)
        daemon.wait_for("event=configuration_loaded")
        with connect(lab) as deaf:
            deaf.sendall(b'{"command":"sync"}\n')
            done = lab.run("sync")
            check(done.returncode == 1 and done.stderr.count("muster: b") == 3000 and "acme" in done.stdout,
                  f"every trouble arrives: {done.returncode} {len(done.stderr)} {done.stderr[-200:]}")
        lab.configure([acme, second], LISTEN)
        daemon.signal(signal.SIGHUP)
        daemon.wait_for("event=configuration_loaded")

        # SIGTERM while a client waits.
        upstream.control("add?in=users&count=50")
        waiting = begun(daemon, lab, "--json", "acme")
        daemon.signal(signal.SIGTERM)
        output, errors = waiting.communicate(timeout=60)
        check(waiting.returncode == 1 and "the host was told to stop" in errors and json.loads(output) is not None,
              f"told that the host stops: {waiting.returncode} {output} {errors}")
        check(daemon.stop() == 0, "and the host has drained")
    check(not os.path.exists(f"{lab.store}.sock"), "the socket goes with the host")

    # A host that dies.
    with Daemon(lab) as daemon:
        waiting = begun(daemon, lab, "--json", "acme")
        daemon.process.kill()
        output, errors = waiting.communicate(timeout=60)
        check(waiting.returncode == 4 and "is gone" in errors, f"a host that dies under a client: {waiting.returncode} {errors}")
    upstream.control("latency?ms=3")
    status, runs, errors = lab.sync("acme")
    check(status == 0 and runs["acme/users"]["proof"] == "proven", f"the next sync goes on from there: {runs} {errors}")

    # In the way of the socket.
    os.unlink(f"{lab.store}.sock")
    open(f"{lab.store}.sock", "w").close()
    done = lab.run("serve", timeout=30)
    check(done.returncode == 2 and "in the way" in done.stderr, f"what is no socket stays: {done.stderr}")
    check(os.path.exists(f"{lab.store}.sock"), "it is not removed")
    deep = lab.folder / ("d" * 100)
    deep.mkdir()
    lab.configuration.write_text(lab.configuration.read_text().replace('"muster.db"', f'"{deep.name}/muster.db"'))
    done = lab.run("serve", timeout=30)
    check(done.returncode == 2 and "longer path" in done.stderr, f"a path that is too long for a socket: {done.stderr}")
    lab.configuration.write_text(lab.configuration.read_text().replace(f'"{deep.name}/muster.db"', '"muster.db"'))
    lab.audit_holds()
finish()
