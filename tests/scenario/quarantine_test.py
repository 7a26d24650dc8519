# SPDX-License-Identifier: Apache-2.0
"""A dead application is quarantined: seen in the log, the metrics and status, also by a host that starts anew; somebody's sync tries it at
once, and heals it."""
import json
import socket

from lab import Daemon, Lab, Upstream, check, finish

with socket.socket() as reserved:
    reserved.bind(("127.0.0.1", 0))
    port = reserved.getsockname()[1]

lab = Lab()
lab.configure([("acme", "scim", f"http://127.0.0.1:{port}/scim/v2", 'secrets = { token = "file:token"; }; every = "1s";'),
               ("byhand", "scim", f"http://127.0.0.1:{port}/scim/v2", 'secrets = { token = "file:token"; };')],
              'listen = "127.0.0.1:0"; policy = { attempts_max = 1; quarantine_failures = 2; };')


def metric(daemon, text):
    return text in daemon.get("/metrics")[1].splitlines()


def status():
    rows = json.loads(lab.run("status", "--json").stdout)["verdict"]
    return {row["connection"]: row for row in rows}


with Daemon(lab) as daemon:
    line = daemon.wait_for("event=round_ended", "connection=acme")
    check("no answer of the application was sound" in line, f"a round that brought nothing says so: {line}")
    line = daemon.wait_for("event=connection_quarantined", "connection=acme")
    wait = int(line.split("tried_again_in_s=")[1].split()[0])
    check("failures=2" in line and 260 <= wait <= 300, f"after two rounds it is left alone for five minutes: {line}")
    check(metric(daemon, 'muster_quarantined{connection="acme"} 1'), "the metric shows it")
    check(metric(daemon, 'muster_quarantined{connection="byhand"} 0'), "and the other's does not")
    check(metric(daemon, 'muster_breaker_state{connection="acme"} 0'), "so few failures open no breaker")
    check(status()["acme"]["failures"] == 2 and status()["acme"]["quarantined_until"], f"status shows it: {status()['acme']}")
    for _ in range(2):
        check(lab.run("sync", "byhand").returncode == 1, "the other fails too")
    check(status()["byhand"]["failures"] == 2 and not status()["byhand"]["quarantined_until"],
          "what runs by hand only has nothing to be quarantined from")

with Daemon(lab) as daemon:
    check(any("event=connection_quarantined" in line and "since_before_the_start=true" in line for line in daemon.lines),
          f"a host that starts anew knows: {daemon.lines}")
    check(metric(daemon, 'muster_quarantined{connection="acme"} 1'), "and its metric shows it")
    with Upstream("--users", 20, "--groups", 2, "--token", "secret", "--port", port) as upstream:
        done = lab.run("sync", "acme")
        check(done.returncode == 0, f"somebody's sync tries it at once: {done.stdout}{done.stderr}")
        daemon.wait_for("event=connection_healed", "connection=acme")
        check(metric(daemon, 'muster_quarantined{connection="acme"} 0'), "and heals it")
        check(status()["acme"]["failures"] == 0 and not status()["acme"]["quarantined_until"], "in status, too")
        daemon.wait_for("event=round_ended", "connection=acme", "proof=proven")
        outcomes = [line for line in daemon.get("/metrics")[1].splitlines() if line.startswith("muster_outcomes_total")]
        check(outcomes and all('class="ok"' in line for line in outcomes), f"this host has seen good answers only: {outcomes}")

finish()
