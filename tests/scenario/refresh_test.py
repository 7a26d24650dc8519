# SPDX-License-Identifier: Apache-2.0
"""Refresh tokens that rotate, each good for one use: kept, sealed, before the access token beside them is used; through restarts, kill -9
around the save, drains and shared credentials. No token is ever seen outside."""
import os
import re
import signal
import subprocess
import time

from lab import BUILD, Daemon, Lab, Upstream, check, finish

FIRST, SECRET = "first-refresh-token", "s3cret-of-the-client"
USERS = 200
TOKEN = re.compile(rb"[ar]t-[0-9a-f]{16}-\d+")
SECRETS = 'secrets = { client_secret = "file:client_secret"; refresh_token = "file:refresh_token"; };'


def application(*options):
    return Upstream("--users", USERS, "--groups", 1, "--oauth", f"robot:{SECRET}", "--refresh-token", FIRST, *options)


def make_lab(upstream, names=("robot",), more="", key=None, extra=""):
    lab = Lab()
    lab.secret("client_secret", SECRET)
    lab.secret("refresh_token", FIRST)
    lab.secret("seal.key", key or os.urandom(32).hex())
    connections = [(name, "refresh", upstream.url, 'parameters = { client = "robot"; }; ' + SECRETS + more) for name in names]
    lab.configure(connections, extra, BUILD / "tests/connectors")
    text = lab.configuration.read_text()
    lab.configuration.write_text(text.replace('path = "muster.db";', 'path = "muster.db"; seal_key = "file:seal.key";'))
    return lab


def asked(upstream):
    """Requests to the token endpoint so far."""
    return upstream.requests()["paths"].get("/oauth/token", 0)


def nothing_shows(lab, where, *texts):
    """Neither in what was printed nor in the store's bytes."""
    files = [path.read_bytes() for path in lab.folder.glob("muster.db*") if path.is_file()]
    for text in [text.encode() if isinstance(text, str) else text for text in texts] + files:
        check(not TOKEN.search(text), f"{where}: no token shows: {TOKEN.findall(text)[:2]}")
        check(FIRST.encode() not in text and SECRET.encode() not in text, f"{where}: no secret shows")


def good(lab, what, **expected):
    status, runs, errors = lab.sync()
    run = runs.get("robot/users", {})
    check(status == 0 and run.get("proof") == "proven", f"{what}: {run} {errors}")
    for name, value in expected.items():
        check(run.get(name) == value, f"{what}: {name} is {value}: {run}")
    nothing_shows(lab, what, str(runs), errors)


def stopped(lab, what, *words, exits=1):
    status, runs, errors = lab.sync()
    said = errors + str(runs)
    check(status == exits and all(word in said for word in words), f"{what}: {status} {said}")
    nothing_shows(lab, what, said)
    return said


def rotates():
    with application() as upstream:
        lab = make_lab(upstream)
        good(lab, "the first run", created=USERS)
        for i in range(3):
            good(lab, f"run {i + 2} goes on with what was kept", unchanged=USERS)
        check(asked(upstream) == 4, f"one token request a run: {asked(upstream)}")
        upstream.script("/cursor/users nth=3 once status 401\n")
        good(lab, "a 401 once", unchanged=USERS)
        upstream.script("/oauth/token nth=1 once status 429\n/oauth/token nth=1 once retry-after 1\n")
        good(lab, "a 429 on the token URL is waited for")
        before = asked(upstream)
        upstream.script("/cursor/users status 401\n")
        stopped(lab, "a 401 for good", "refuses the login")
        check(asked(upstream) == before + 2, f"is answered by one renewal: {asked(upstream) - before}")
        upstream.script("")
        good(lab, "and the token is still good")

        lab.secret("seal.key", os.urandom(32).hex())
        sealed = lab.query("SELECT credential, sealed FROM refresh_tokens")
        before = asked(upstream)
        stopped(lab, "another seal key", "does not open", "seal_key")
        check(asked(upstream) == before, "nothing was asked with a token that is not there")
        check(lab.query("SELECT credential, sealed FROM refresh_tokens") == sealed, "nothing was overwritten")

    with application() as upstream:  # its own first token is the same, and unused
        lab.configuration.write_text(re.sub(r"http://127[^\"]*", upstream.url, lab.configuration.read_text()))
        good(lab, "another origin has another chain, whatever the key")


def a_new_one_is_configured():
    with application() as upstream:
        lab = make_lab(upstream)
        good(lab, "before")
    with application("--port", upstream.address.split(":")[1]) as upstream:
        stopped(lab, "the application has forgotten its tokens", "invalid_grant", "sign in to the application anew")
    second = "another-" + FIRST
    with Upstream("--users", USERS, "--groups", 1, "--oauth", f"robot:{SECRET}", "--refresh-token", second, "--port",
                  upstream.address.split(":")[1]) as upstream:
        lab.secret("refresh_token", second)
        good(lab, "a newly configured token wins over what was kept")
        good(lab, "and what came of it is kept in turn")


def refusals():
    with application() as upstream:
        lab = make_lab(upstream)
        text = lab.configuration.read_text()
        lab.configuration.write_text(text.replace('seal_key = "file:seal.key";', ""))
        done = lab.run("check")
        check(done.returncode == 2 and "head -c 32 /dev/urandom | base64" in done.stdout, f"check says how to make a key: {done}")
        stopped(lab, "no seal key", "head -c 32 /dev/urandom | base64", exits=2)
        lab.configuration.write_text(text)
        lab.secret("seal.key", "hunter2")
        done = lab.run("check")
        check(done.returncode == 2 and "is no key" in done.stdout and "hunter2" not in done.stdout, f"check refuses a password: {done}")
        check(asked(upstream) == 0, "nothing was asked")
        subprocess.run(f"head -c 32 /dev/urandom | base64 >{lab.folder}/seal.key", shell=True, check=True)
        good(lab, "a key made as the sentence says")


def wait_until(done, what, bound_s=30):
    """Polls the sample application, which cannot call back; the bound is for a test that fails."""
    deadline = time.monotonic() + bound_s
    while not done():
        if time.monotonic() > deadline:
            return check(False, f"in {bound_s} s: {what}")
        time.sleep(0.005)
    return True


def start(lab):
    return subprocess.Popen(lab.command("sync", "--json"), stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)


def kills():
    with application() as upstream:
        # After the save, before the first page is answered: what was saved is used.
        lab = make_lab(upstream)
        upstream.script("/cursor/users nth=1 once delay 20000\n")
        process = start(lab)
        wait_until(lambda: upstream.requests()["paths"].get("/cursor/users"), "a page is asked for")
        check(len(lab.query("SELECT 1 FROM refresh_tokens")) == 1, "what rotated is durable before a page is asked for")
        cmdline = open(f"/proc/{process.pid}/cmdline", "rb").read()
        process.kill()
        process.wait()
        nothing_shows(lab, "killed after the save", cmdline)
        upstream.script("")
        good(lab, "after a kill behind the save")
        # Before the request reaches anybody.
        process = start(lab)
        process.kill()
        process.wait()
        good(lab, "after a kill before anything")
        # Between answer and save nothing can help (fault 39): the application has rotated, and nobody knows.
        upstream.script("/oauth/token nth=1 once delay 20000\n")
        before = asked(upstream)
        process = start(lab)
        wait_until(lambda: asked(upstream) > before, "the token is asked for")
        process.kill()
        process.wait()
        upstream.script("")
        stopped(lab, "after a kill between answer and save", "invalid_grant", "sign in to the application anew")
    # Wherever it strikes, the end is one of the two: it goes on, or it says that somebody has to sign in.
    outcomes = {"went on": 0, "told": 0}
    for kill in range(12):
        with application("--latency-ms", 5) as upstream:
            lab = make_lab(upstream)
            process = start(lab)
            wait_until(lambda: asked(upstream) > 0, "the token is asked for")
            time.sleep(kill * 0.002)  # waits for nothing: the moment of the kill is what varies
            process.send_signal(signal.SIGKILL)
            process.wait()
            status, runs, errors = lab.sync()
            told = status == 1 and "sign in to the application anew" in errors
            check(status == 0 or told, f"kill {kill}: {runs} {errors}")
            outcomes["told" if told else "went on"] += 1
            nothing_shows(lab, f"kill {kill}", errors, str(runs))
    print(f"kills around the save: {outcomes}")


def drains():
    with application() as upstream:
        lab = make_lab(upstream)
        upstream.script("/oauth/token nth=1 once delay 1500\n")
        process = start(lab)
        wait_until(lambda: asked(upstream) > 0, "the token is asked for")
        process.terminate()
        process.wait(timeout=30)
        check(len(lab.query("SELECT 1 FROM refresh_tokens")) == 1, "a drain waits for the token and keeps it")
        good(lab, "after the drain")


def shares():
    """Four connections with one credential, at once: one renewal serves all (fault 40)."""
    names = ["robot", "twin", "triplet", "fourth"]
    with application("--latency-ms", 20) as upstream:
        lab = make_lab(upstream, names)
        for i in range(3):
            before = asked(upstream)
            status, runs, errors = lab.sync()
            check(status == 0 and all(runs[f"{name}/users"]["proof"] == "proven" for name in names), f"four share: {runs} {errors}")
            check(1 <= asked(upstream) - before <= 2, f"and do not ask four times: {asked(upstream) - before}")
        check(len(lab.query("SELECT 1 FROM refresh_tokens")) == 1, "one chain is kept")
        check(upstream.requests()["statuses"].get("400", 0) == 0, f"nobody was denied: {upstream.requests()['statuses']}")


def serves():
    """A login that is refused stops the connection: an alert, a metric, no further request; a reload with a good token starts it."""
    with application() as upstream:
        lab = make_lab(upstream, more=' every = "1s";', extra='listen = "127.0.0.1:0";')
        lab.secret("refresh_token", "void-token")
        with Daemon(lab) as daemon:
            line = daemon.wait_for("event=connection_stopped")
            check("invalid_grant" in line and "connection=robot" in line, f"the log says what stopped: {line}")
            _, metrics = daemon.get("/metrics")
            check('muster_quarantined{connection="robot"} 1' in metrics, "the metric shows it")
            nothing_shows(lab, "metrics", metrics, "\n".join(daemon.lines))
            done = lab.run("status")
            check("invalid_grant" in done.stdout, f"status says why: {done.stdout}")
            before = asked(upstream)
            time.sleep(2.5)  # that nothing comes has no event: two of its periods have to pass
            check(asked(upstream) == before == 1, f"a second token request is not made: {asked(upstream)}")
            lab.secret("refresh_token", FIRST)
            daemon.signal(signal.SIGHUP)
            daemon.wait_for("event=round_ended", "proof=proven")
            _, metrics = daemon.get("/metrics")
            check('muster_quarantined{connection="robot"} 0' in metrics, "and that it is over")
            nothing_shows(lab, "serve", metrics, "\n".join(daemon.lines))


for part in (rotates, a_new_one_is_configured, refusals, kills, drains, shares, serves):
    part()
finish()
