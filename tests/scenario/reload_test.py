# SPDX-License-Identifier: Apache-2.0
"""serve: schedules, metrics, health, verdict; a connector dropped in, replaced and removed, a bad configuration and a bad file, each under
load; SIGTERM drains."""
import json
import shutil
import signal

from lab import CONNECTORS, Daemon, Lab, Upstream, check, finish

LISTEN = 'listen = "127.0.0.1:0";'
SECRET = 'secrets = { token = "file:token"; }; every = "1s";'

with Upstream("--users", 600, "--groups", 5, "--token", "secret", "--latency-ms", "3") as upstream:
    lab = Lab()
    directory = lab.folder / "connectors"
    directory.mkdir()
    scim = ("acme", "scim", f"{upstream.url}/scim/v2", SECRET)
    shutil.copy(CONNECTORS / "scim.so", directory / "scim.so")
    lab.configure([scim], LISTEN, directory)
    with Daemon(lab) as daemon:
        check(daemon.get("/healthz")[0] == 200 and daemon.get("/readyz")[0] == 200, "alive and ready")
        line = daemon.wait_for("event=run_ended", "stream=users")
        check("proof=proven" in line, f"the first scheduled run: {line}")

        # Dropped in: another name for the same file would be refused as a double, so the sample connector.
        shutil.copy(CONNECTORS / "sample.so", directory / "sample.so")
        more = ("second", "scim", f"{upstream.url}/scim/v2", SECRET)
        lab.configure([scim, more], LISTEN, directory)
        daemon.signal(signal.SIGHUP)
        line = daemon.wait_for("event=configuration_loaded")
        check("connections=2" in line and "unchanged=1" in line and "connectors=2" in line, f"a new connection beside the old: {line}")
        check("proof=proven" in daemon.wait_for("event=run_ended", "connection=second", "stream=users"), "and it runs")

        # A configuration that does not parse: what runs goes on.
        good = lab.configuration.read_text()
        lab.configuration.write_text(good + "nonsense = ;\n")
        daemon.signal(signal.SIGHUP)
        line = daemon.wait_for("event=reload_refused")
        check("muster.conf" in line, f"the refusal says where: {line}")
        check("proof=proven" in daemon.wait_for("event=run_ended", "connection=acme", "stream=users"), "the old generation goes on")

        # One connection with a mistake in it: that one goes on as it was, the others are taken.
        wrong = ("acme", "scim", f"{upstream.url}/scim/v2", SECRET + ' parameters = { nonsense = "x"; };')
        lab.configure([wrong, more], LISTEN, directory)
        daemon.signal(signal.SIGHUP)
        line = daemon.wait_for("event=connection_refused", "connection=acme")
        check("nonsense" in line and "goes_on_as_before=true" in line, f"a mistake in one connection: {line}")
        daemon.wait_for("event=configuration_loaded", "refused=1")
        check("proof=proven" in daemon.wait_for("event=run_ended", "connection=acme", "stream=users"), "and its runs go on")

        # A replaced connector that is no connector: that connection goes on with the plan it has.
        lab.configuration.write_text(good)
        (directory / "new.so").write_text("no connector")
        (directory / "new.so").rename(directory / "scim.so")
        daemon.signal(signal.SIGHUP)
        line = daemon.wait_for("event=connector_refused")
        check("scim.so" in line, f"the bad file is named: {line}")
        daemon.wait_for("event=configuration_loaded")
        check("proof=proven" in daemon.wait_for("event=run_ended", "connection=acme", "stream=users"), "acme goes on as before")

        # Replaced by a sound one again, then taken away: its connections end, the rest stays.
        shutil.copy(CONNECTORS / "scim.so", directory / "new.so")
        (directory / "new.so").rename(directory / "scim.so")
        daemon.signal(signal.SIGHUP)
        check("refused=0" in daemon.wait_for("event=configuration_loaded"), "sound again")
        (directory / "scim.so").unlink()
        daemon.signal(signal.SIGHUP)
        line = daemon.wait_for("event=connection_refused", "connection=acme")
        check("scim" in line and "goes_on_as_before=false" in line, f"a connector that was taken away: {line}")
        daemon.wait_for("event=configuration_loaded")
        check(daemon.process.poll() is None and daemon.get("/healthz")[0] == 200, "the host stays up")

        shutil.copy(CONNECTORS / "scim.so", directory / "scim.so")
        daemon.signal(signal.SIGHUP)
        daemon.wait_for("event=configuration_loaded", "refused=0")
        daemon.wait_for("event=run_ended", "connection=acme", "stream=users")

        # Many reloads in a row under load.
        for _ in range(100):
            daemon.signal(signal.SIGHUP)
        daemon.wait_for("event=configuration_loaded", "refused=0")
        check("proof=proven" in daemon.wait_for("event=run_ended", "connection=acme", "stream=users"), "no run is harmed by it")

        status, text = daemon.get("/metrics")
        for family in ("muster_http_requests_total", "muster_records_total", "muster_runs_total", "muster_reloads_total",
                       "muster_build_info", "muster_connector_info", "muster_queue_bytes"):
            check(status == 200 and f"\n{family}{{" in text, f"{family} is measured")
        check("scim/v2" not in text and "secret" not in text, "no URL and no secret in the metrics")
        status, text = daemon.get("/v1/verdict")
        check(status == 200 and any(row["connection"] == "acme" for row in json.loads(text)["verdict"]), f"the verdict: {text[:200]}")

        done = lab.run("status", "--json")
        check(done.returncode == 0, f"commands work beside a running serve: {done.stderr}")
        second = lab.run("serve")
        check(second.returncode == 3 and str(daemon.process.pid) in second.stderr, f"a second host is refused: {second.stderr}")
        check(daemon.stop() == 0, "SIGTERM drains and ends well")
    lab.audit_holds()
    check(lab.query("SELECT count(*) FROM account WHERE state='live' AND connection='acme'")[0][0] == 600, "nobody is lost")
finish()
