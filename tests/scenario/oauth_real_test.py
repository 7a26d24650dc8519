# SPDX-License-Identifier: Apache-2.0
"""Refresh tokens against an authorization server that this project did not write (oidc-provider), which revokes the whole grant on the
second use of a token: any race and any token that was used before it was durable would end the test."""
import os
import signal

from lab import BUILD, Daemon, Lab, check, finish
from npm import Server

USERS = 230


def sign_in(lab, server):
    lab.secret("refresh_token", server.request("POST", "/_sign-in")[2]["refresh_token"])


def counts(server):
    return server.request("GET", "/_counts")[2]


def make_lab(server, names, more="", extra=""):
    lab = Lab()
    lab.secret("client_secret", "connector-secret")
    lab.secret("seal.key", os.urandom(32).hex())
    sign_in(lab, server)
    secrets = 'secrets = { client_secret = "file:client_secret"; refresh_token = "file:refresh_token"; };'
    lab.configure([(name, "grants", server.url, 'parameters = { client = "connector"; }; ' + secrets + more) for name in names],
                  extra, BUILD / "tests/connectors")
    text = lab.configuration.read_text()
    lab.configuration.write_text(text.replace('path = "muster.db";', 'path = "muster.db"; seal_key = "file:seal.key";'))
    return lab


def good(lab, names, what):
    status, runs, errors = lab.sync()
    check(status == 0 and all(runs[f"{name}/users"]["received"] == USERS for name in names), f"{what}: {runs} {errors}")


with Server("oauth", "--users", USERS, "--ttl", 3600) as server:
    names = ["one", "two", "three"]
    lab = make_lab(server, names)
    for i in range(4):
        good(lab, names, f"three connections share a grant, run {i}")
    check(counts(server).get("400", 0) == 0 and 4 <= counts(server)["200"] <= 8, f"nobody was denied, nobody asked twice: {counts(server)}")
    used = (lab.folder / "refresh_token").read_text()
    other = make_lab(server, ["thief"])
    other.secret("refresh_token", used)
    status, runs, errors = other.sync()
    check(status == 1 and "invalid_grant" in errors, f"the first token is used up, and its second use revokes the grant: {errors}")
    status, runs, errors = lab.sync()
    check(status == 1 and errors.count("sign in to the application anew") >= 1, f"which is said: {errors}")
    sign_in(lab, server)
    good(lab, names, "after somebody has signed in again")

with Server("oauth", "--users", USERS, "--ttl", 2) as server:  # tokens that expire in mid-run and between runs
    lab = make_lab(server, ["one"], ' every = "1s";', 'listen = "127.0.0.1:0";')
    with Daemon(lab) as daemon:
        for _ in range(6):
            daemon.wait_for("event=run_ended", "proof=proven")
        daemon.signal(signal.SIGKILL)
    good(lab, ["one"], "after a kill between two runs")
    check(counts(server).get("400", 0) == 0, f"nobody was denied: {counts(server)}")
finish()
