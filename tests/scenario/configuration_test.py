# SPDX-License-Identifier: Apache-2.0
"""Wrong configuration and wrong connectors: a sentence that says what, where and what to do, the right exit status, nothing touched."""
import pathlib
import shutil
import sqlite3

from lab import CONNECTORS, Lab, Upstream, check, finish

with Upstream("--users", 10, "--groups", 1, "--token", "secret") as upstream:
    lab = Lab()

    def refused(text, *words, command=("check",), status=2):
        lab.configuration.write_text(text)
        done = lab.run(*command)
        said = done.stderr + done.stdout
        check(done.returncode == status, f"exit {status} for {text!r}: {done.returncode} {said}")
        check(all(word in said for word in words), f"{words} in what is said of {text!r}: {said}")

    good = f'connectors = {{ directory = "{CONNECTORS}"; }}; store = {{ path = "muster.db"; }};\n'
    refused(good + 'conections = ();\n', "muster.conf:2", "conections", "connections")
    refused(good + 'listen = "127.0.0.1:0"; listen = "127.0.0.1:1";\n', "muster.conf:2", "listen")
    refused(good + "policy = { attempts_max = 99999999999999999999; };\n", "attempts_max")
    refused(good + 'connections = ( { name = "a"; connector = "nothing"; base_url = "https://x.test"; } );\n', "nothing")
    refused(good + 'connections = ( { name = "a"; connector = "scim"; base_url = "https://x.test"; } );\n', "token")
    refused(good + 'connections = ( { name = "a"; connector = "scim"; base_url = "http://x.test"; '
            'secrets = { token = "file:token"; }; } );\n', "allow_http")
    refused("this is no configuration", "muster.conf:1")
    for url, words in (("ftp://x.test", ("neither https nor http",)), ("https://x.test/v2?x=1", ("query", "up to its path"))):
        refused(good + f'connections = ( {{ name = "a"; connector = "scim"; base_url = "{url}"; }} );\n', "muster.conf:2", "base_url", *words)
    refused('connectors = { directory = "nowhere"; }; store = { path = "muster.db"; }; connections = ();\n', "nowhere",
            "connectors.directory")
    # Nothing could run, and it is the configuration that has to be mended; where something ran, it was done in part.
    refused(good + 'connections = ( { name = "a"; connector = "nothing"; base_url = "https://x.test"; } );\n', "nothing", command=("sync",))
    (lab.folder / "token").chmod(0o644)
    refused(good + 'connections = ( { name = "a"; connector = "scim"; base_url = "https://x.test"; '
            'secrets = { token = "file:token"; }; } );\n', "token", "mode")
    (lab.folder / "token").chmod(0o600)
    lab.configuration.unlink()
    done = lab.run("sync")
    check(done.returncode == 2 and "muster.conf" in done.stderr, f"a file that is not there is named: {done.stderr}")

    # A directory with one sound connector and one that is text: the sound one works, the other is named.
    directory = lab.folder / "connectors"
    directory.mkdir()
    shutil.copy(CONNECTORS / "scim.so", directory / "scim.so")
    (directory / "broken.so").write_text("#!/bin/sh\necho this is no connector\n")
    (directory / "broken.so").chmod(0o755)
    lab.configure([("acme", "scim", f"{upstream.url}/scim/v2", 'secrets = { token = "file:token"; };'),
                   ("other", "broken", f"{upstream.url}/x", "")], connectors=directory)
    done = lab.run("connectors")
    check(done.returncode == 1 and "broken.so" in done.stdout and "scim" in done.stdout, f"connectors: {done.stdout}{done.stderr}")
    status, runs, errors = lab.sync()
    check(status == 1 and runs["acme/users"]["proof"] == "proven", f"the sound one is not held up: {runs} {errors}")
    check("other" in errors and "broken" in errors, f"the other one is named: {errors}")
    check(lab.run("lint", str(directory / "broken.so")).returncode == 1, "lint refuses text")
    check(lab.run("lint", str(directory / "scim.so")).returncode == 0, "lint takes what is sound")

    # Names and numbers that nobody has are no empty answer; a connection that gave nothing yet is.
    for arguments, words in ((("runs", "nobody"), ('"nobody"',)), (("export", "account", "--connection", "nobody"), ('"nobody"',)),
                             (("ledger", "999"), ("no run 999", "muster runs")), (("ledger", "x"), ("muster runs",)),
                             (("dead", "show", "x"), ("muster dead list",))):
        done = lab.run(*arguments)
        check(done.returncode == 2 and done.stdout == "" and all(word in done.stderr for word in words), f"{arguments}: {done}")
    for arguments in (("runs", "other"), ("runs", "acme"), ("export", "role", "--connection", "acme"),
                      ("export", "account", "--connection", "other")):
        done = lab.run(*arguments)
        check(done.returncode == 0 and done.stderr == "", f"{arguments}: {done}")

    # What a whole connection suffers from is said once.
    upstream.script("/scim/v2/Users  status 401\n/scim/v2/Groups  status 401\n")
    done = lab.run("sync", "acme")
    upstream.script("")
    check(done.returncode == 1 and done.stderr.count("muster: acme: ") == 1, f"once: {done.stderr}")
    lab.configure([("acme", "scim", f"{upstream.url}/scim/v2", 'allow_private = false; secrets = { token = "file:token"; };'),
                   ("other", "broken", f"{upstream.url}/x", "")], connectors=directory)
    lab.configuration.write_text(lab.configuration.read_text().replace("allow_private = true; allow_private", "allow_private"))
    done = lab.run("sync", "acme")
    check("allow_private permits it" in done.stderr and "refused: refused" not in done.stdout + done.stderr, f"said once: {done}")

    # Usage.
    for arguments in ((), ("nonsense",), ("ledger",), ("export", "nonsense"), ("export", "account", "--format", "xml"), ("dead", "eat")):
        done = lab.run(*arguments)
        check(done.returncode == 2 and done.stderr.startswith("muster: "), f"{arguments}: {done.returncode} {done.stderr}")
    check("no-such" in lab.run("sync", "no-such").stderr, "a connection that is not there is named")

    # A store that is none, and one whose books were edited by hand.
    other = Lab()
    other.scim(upstream)
    other.store.write_text("this is no store, whatever its name says; it is long enough to look like a file of its own kind")
    done = other.run("sync")
    check(done.returncode == 3 and "muster.db" in done.stderr, f"a file that is no store: {done.returncode} {done.stderr}")
    check(pathlib.Path(other.store).read_text().startswith("this is no store"), "and it is left as it was")

    lab.audit_holds()
    with sqlite3.connect(lab.store) as store:
        tables = [row[0] for row in store.execute("SELECT name FROM sqlite_master WHERE type='table'")]
        ledger = next(t for t in tables if "created" in [c[1] for c in store.execute(f'PRAGMA table_info("{t}")')]
                      and "duplicate" in [c[1] for c in store.execute(f'PRAGMA table_info("{t}")')])
        store.execute(f'UPDATE "{ledger}" SET created = created - 1, duplicate = duplicate + 1 WHERE rowid = '
                      f'(SELECT min(rowid) FROM "{ledger}" WHERE created > 0)')
    done = lab.run("audit")
    check(done.returncode == 1 and "broken" in done.stdout, f"a row edited by hand is found: {done.stdout}{done.stderr}")
finish()
