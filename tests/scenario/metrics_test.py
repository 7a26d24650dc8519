# SPDX-License-Identifier: Apache-2.0
"""What only a whole host can measure: transactions of the store, how far behind each stream is, and what the application says it has beside
what was seen; after a restart in the middle of a listing, and after one without a run, as the store has it."""
import re
import signal
import time

from lab import Daemon, Lab, Upstream, check, finish

USERS = 1200
LISTEN = 'listen = "127.0.0.1:0";'


def measured(daemon):
    text = daemon.get("/metrics")[1]
    return {name: float(value) for name, value in re.findall(r"^(muster_[^ ]+) (\S+)$", text, re.M)}


def of(family, stream):
    return f'muster_{family}{{connection="acme",stream="{stream}"}}'


def as_of(lab, stream):
    """When the last complete run began, by the store, in seconds since 1970."""
    return lab.query("SELECT (julianday(max(started_at)) - 2440587.5) * 86400 FROM run"
                     " WHERE stream=? AND proof IN ('asserted', 'proven')", stream)[0][0]


with Upstream("--users", USERS, "--groups", 5, "--token", "secret", "--latency-ms", "60") as upstream:
    lab = Lab()
    lab.scim(upstream, 'every = "1d";', LISTEN)
    with Daemon(lab) as daemon:
        daemon.wait_for("event=run_ended", "stream=groups")
        check(of("sync_lag_seconds", "users") not in measured(daemon), "no lag of what was never complete")
        daemon.process.kill()

    # The listing goes on where the dead host left it: what is complete is so as of its beginning, not as of the new host's.
    upstream.control("latency?ms=0")
    with Daemon(lab) as daemon:
        daemon.wait_for("event=run_ended", "stream=users", "proof=proven")
        now = measured(daemon)
        began = as_of(lab, "users")
        check(abs(now[of("complete_as_of_timestamp_seconds", "users")] - began) < 0.002, f"as of the run's beginning, {began}: {now}")
        lag = now[of("sync_lag_seconds", "users")]
        check(0 < lag and abs(time.time() - began - lag) < 30, f"the lag is counted from there: {lag}")
        check(now[of("reconciliation_gap", "users")] == 0, "nobody is missing")
        check(now["muster_commit_duration_seconds_count"] > 0 and now["muster_commit_duration_seconds_sum"] > 0, "transactions are timed")
        later = measured(daemon)[of("sync_lag_seconds", "users")]
        check(later > lag, f"and the lag grows without a run: {lag}, {later}")
        check(daemon.stop() == 0, "it ends well")

    # A host with nothing to do yet knows how old the data is.
    with Daemon(lab) as daemon:
        now = measured(daemon)
        check(abs(now.get(of("complete_as_of_timestamp_seconds", "groups"), 0) - as_of(lab, "groups")) < 0.002, f"from the store: {now}")
        daemon.skip()

        # The application counts two people whom it does not show.
        upstream.script("/scim/v2/Users  total 2\n")
        daemon.signal(signal.SIGHUP)
        daemon.wait_for("event=configuration_loaded")
        lab.sync()
        gap = measured(daemon)[of("reconciliation_gap", "users")]
        check(gap == 2, f"the gap is told: {gap}")
finish()
