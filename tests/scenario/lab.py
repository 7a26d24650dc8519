# SPDX-License-Identifier: Apache-2.0
"""What the scenario tests share: the real binary against the sample application on loopback, in a folder of its own.

Nothing here sleeps to wait for something: a process says when it is ready, and every wait is for an event with a bound.
"""
import atexit
import contextlib
import json
import os
import pathlib
import select
import shutil
import signal
import sqlite3
import subprocess
import sys
import tempfile
import urllib.request

BUILD = pathlib.Path(os.environ.get("MUSTER_BUILD", "build/dev")).resolve()
MUSTER = BUILD / "muster"
UPSTREAM = BUILD / "tests/upstream/muster-upstream"
CONNECTORS = BUILD / "connectors"

# What depends on the time of day, on how often was tried, or (content_hash) on the store's own key.
VOLATILE = {"content_hash", "first_seen", "last_seen", "last_changed", "run", "from_run", "to_run", "valid_from", "valid_to"}
KINDS = ["person", "account", "group", "role", "resource", "entitlement", "grant", "ownership", "credential", "event"]

checks = 0
failures = 0


def check(condition, sentence):
    global checks, failures
    checks += 1
    if not condition:
        failures += 1
        print(f"FAILED: {sentence}", file=sys.stderr)
    return condition


def finish():
    print(f"{checks - failures} passed, {failures} failed")
    sys.exit(1 if failures else 0)


class Upstream:
    """The sample application. It ends when this process does: its standard input is a pipe from here."""

    def __init__(self, *options):
        self.process = subprocess.Popen([UPSTREAM, "--port", "0", "--until-stdin-closes", *map(str, options)],
                                        stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        self.address = self.process.stdout.readline().split()[1]
        self.url = f"http://{self.address}"

    def control(self, path, body=b""):
        request = urllib.request.Request(f"{self.url}/_control/{path}", data=body, method="POST")
        with urllib.request.urlopen(request, timeout=10) as answer:
            return answer.read()

    def script(self, text):
        self.control("script", text.encode())

    def requests(self):
        with urllib.request.urlopen(f"{self.url}/_control/requests", timeout=10) as answer:
            return json.loads(answer.read())

    def close(self):
        self.process.stdin.close()
        self.process.wait(timeout=10)
        self.process.stdout.close()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close()


class Lab:
    """A folder with a configuration, a token and a store."""

    def __init__(self):
        self.folder = pathlib.Path(tempfile.mkdtemp(prefix="muster-lab."))
        atexit.register(shutil.rmtree, self.folder, ignore_errors=True)
        self.configuration = self.folder / "muster.conf"
        self.store = self.folder / "muster.db"
        self.secret("token", "secret")

    def secret(self, name, value):
        path = self.folder / name
        path.write_text(value)
        path.chmod(0o600)

    def configure(self, connections, extra="", connectors=CONNECTORS):
        """connections: name, connector, base_url, and further text of the connection."""
        entries = ",\n".join(
            f'  {{ name = "{name}"; connector = "{connector}"; base_url = "{url}"; allow_http = true; '
            f'allow_private = true; {more} }}' for name, connector, url, more in connections)
        self.configuration.write_text(
            f'store = {{ path = "muster.db"; }};\nconnectors = {{ directory = "{connectors}"; }};\n{extra}\n'
            f"connections = (\n{entries}\n);\n")

    def scim(self, upstream, more="", extra=""):
        self.configure([("acme", "scim", f"{upstream.url}/scim/v2", f'secrets = {{ token = "file:token"; }}; {more}')], extra)

    def command(self, *arguments):
        return [str(MUSTER), "-c", str(self.configuration), *arguments]

    def run(self, *arguments, timeout=120):
        return subprocess.run(self.command(*arguments), capture_output=True, text=True, timeout=timeout)

    def sync(self, *arguments, timeout=120):
        """Exit status and the runs by connection/stream."""
        done = self.run("sync", "--json", *arguments, timeout=timeout)
        try:
            runs = {f'{run["connection"]}/{run["stream"]}': run for run in json.loads(done.stdout)["runs"]}
        except (json.JSONDecodeError, KeyError):
            runs = {}
            check(False, f"sync prints one JSON document; it printed {done.stdout!r} and {done.stderr!r}")
        return done.returncode, runs, done.stderr

    def content(self):
        """What the store knows, kind by kind, without what tells one attempt from another."""
        content = {}
        for kind in KINDS:
            done = self.run("export", kind, "--state", "all")
            if done.returncode != 0:
                check(False, f"export {kind}: {done.stderr}")
                continue
            rows = [json.loads(line) for line in done.stdout.splitlines()]
            content[kind] = [{k: v for k, v in row.items() if k not in VOLATILE} for row in rows]
        return content

    def query(self, sql, *values):
        with contextlib.closing(sqlite3.connect(f"file:{self.store}?mode=ro", uri=True)) as store:
            return store.execute(sql, values).fetchall()

    def audit_holds(self):
        done = self.run("audit")
        return check(done.returncode == 0, f"the audit holds: {done.stdout}{done.stderr}")


class Daemon:
    """muster serve, whose log lines are its events."""

    def __init__(self, lab):
        self.process = subprocess.Popen(lab.command("serve"), stderr=subprocess.PIPE, text=True, bufsize=1)
        self.lines = []
        self.read = 0
        os.set_blocking(self.process.stderr.fileno(), False)
        self.port = int(self.wait_for("event=listening").split("port=")[1].split()[0])

    def wait_for(self, *words, timeout=60):
        """The next line that holds all the words; each line is looked at once."""
        import time
        deadline = time.monotonic() + timeout
        while True:
            while self.read < len(self.lines):
                line = self.lines[self.read]
                self.read += 1
                if all(word in line for word in words):
                    return line
            left = deadline - time.monotonic()
            if left <= 0 or not select.select([self.process.stderr], [], [], left)[0]:
                raise TimeoutError(f"no line with {words}; the last ones: {self.lines[-8:]}")
            text = self.process.stderr.read()
            if text == "" or text is None:
                if self.process.poll() is not None:
                    raise RuntimeError(f"serve ended with {self.process.returncode}: {self.lines[-8:]}")
                continue
            self.partial = getattr(self, "partial", "") + text
            *whole, self.partial = self.partial.split("\n")
            self.lines.extend(whole)

    def skip(self):
        """What was logged until now is looked at no more."""
        while select.select([self.process.stderr], [], [], 0)[0] and (text := self.process.stderr.read()):
            *whole, self.partial = (getattr(self, "partial", "") + text).split("\n")
            self.lines.extend(whole)
        self.read = len(self.lines)

    def get(self, path):
        try:
            with urllib.request.urlopen(f"http://127.0.0.1:{self.port}{path}", timeout=10) as answer:
                return answer.status, answer.read().decode()
        except urllib.error.HTTPError as error:
            return error.code, error.read().decode()

    def signal(self, number):
        self.process.send_signal(number)

    def stop(self, timeout=60):
        if self.process.poll() is None:
            self.signal(signal.SIGTERM)
        try:
            self.process.wait(timeout)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()
            check(False, "serve drains on SIGTERM")
        self.process.stderr.close()
        return self.process.returncode

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.stop()
