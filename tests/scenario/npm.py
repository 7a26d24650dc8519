# SPDX-License-Identifier: Apache-2.0
"""Servers of other people's making, from npm: installed once into the build folder, started on loopback for one test.

A server is a folder under servers/: package.json, package-lock.json and server.mjs. It prints "listening HOST:PORT", and ends when its
standard input does.
"""
import fcntl
import hashlib
import json
import pathlib
import select
import shutil
import subprocess
import sys
import urllib.error
import urllib.request

from lab import BUILD

SERVERS = pathlib.Path(__file__).parent / "servers"
INSTALL_S = 300
START_S = 60


def refuse(sentence):
    """The test cannot run: it fails, and says what to do."""
    print(f"FAILED: {sentence}", file=sys.stderr)
    print("0 passed, 1 failed")
    sys.exit(1)


def install(name):
    """The folder where the server stands ready to run. Installs again only when its lock file has changed."""
    for tool in ("node", "npm"):
        if not shutil.which(tool):
            refuse(f"{tool} is not there, and this test runs a server from npm: install Debian's packages nodejs and npm, "
                   "or run packaging/dependencies.sh test")
    target = BUILD / "tests" / "servers" / name
    target.mkdir(parents=True, exist_ok=True)
    with open(target / "lock", "w", encoding="utf-8") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        for file in ("package.json", "package-lock.json", "server.mjs"):
            shutil.copyfile(SERVERS / name / file, target / file)
        stamp = target / "installed"
        digest = hashlib.sha256((target / "package-lock.json").read_bytes()).hexdigest()
        if not stamp.exists() or stamp.read_text() != digest:
            stamp.unlink(missing_ok=True)
            done = subprocess.run(["npm", "ci", "--ignore-scripts", "--no-audit", "--no-fund", "--loglevel=error"], cwd=target,
                                  capture_output=True, text=True, timeout=INSTALL_S)
            if done.returncode != 0:
                refuse(f"npm could not install what {name} needs; it said: {(done.stderr or done.stdout).strip()[-1000:]}")
            stamp.write_text(digest)
    return target


class Server:
    def __init__(self, name, *options):
        folder = install(name)
        self.process = subprocess.Popen(["node", "server.mjs", *map(str, options)], cwd=folder, stdin=subprocess.PIPE,
                                        stdout=subprocess.PIPE, text=True)
        ready = select.select([self.process.stdout], [], [], START_S)[0]
        line = self.process.stdout.readline() if ready else ""
        if not line.startswith("listening "):
            self.process.kill()
            refuse(f"the server {name} did not start; it said {line!r}")
        self.url = f"http://{line.split()[1]}"

    def request(self, method, path, body=None, token=None):
        """Status, headers and JSON of one request."""
        headers = {"Content-Type": "application/json"} | ({"Authorization": f"Bearer {token}"} if token else {})
        request = urllib.request.Request(self.url + path, method=method, headers=headers,
                                         data=None if body is None else json.dumps(body).encode())
        try:
            with urllib.request.urlopen(request, timeout=30) as answer:
                status, fields, text = answer.status, answer.headers, answer.read()
        except urllib.error.HTTPError as error:
            status, fields, text = error.code, error.headers, error.read()
        return status, fields, json.loads(text) if text else None

    def close(self):
        self.process.stdin.close()
        self.process.wait(timeout=30)
        self.process.stdout.close()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close()
