# SPDX-License-Identifier: Apache-2.0
"""Faults of the network and of logins that take more than a script of the sample application: names, addresses, certificates, proxies."""
import contextlib
import errno
import json
import socket
import ssl
import tempfile
import pathlib

from catalogue import probe, without
from front import Authority, Front, tls
from lab import BUILD, Upstream
from local import STREAM, must

SECRET = 'secrets = { token = "file:token"; };'


def at(stand, url, stream=STREAM, more="", **policy):
    """The stand's connection goes there instead; beside it is a sound one."""
    stand.configure(**policy)
    text = stand.lab.configuration.read_text()
    sound = f"{stand.site.main.url}/at/{stand.tenant}"
    first, rest = text.split("connections = (")
    entry = (f'{{ name = "odd"; connector = "sample"; base_url = "{url}"; {SECRET} streams = ["{stream}"]; {more} }},')
    stand.lab.configuration.write_text(f"{first}connections = (\n{entry}{rest}")
    return sound


def outcome(stand, **more):
    """Exit status, the odd connection's run, the sound one's, and what was said."""
    status, said = stand.run("sync", "--json", **more)
    document = said[:said.rindex("}") + 1] if "}" in said else "{}"
    runs = {run["connection"]: run for run in json.loads(document).get("runs", [])}
    return status, runs.get("odd"), runs.get(stand.tenant), said


def expect(stand, run, sound, said, proof, *words, retries=None):
    yield must(sound and sound["proof"] == "proven" and sound["retries"] == 0, f"the sound connection beside it: {sound}")
    if run is None:
        yield from (f"does not say \"{word}\": {said[-300:]}" for word in words if word not in said)
        return
    yield must(run["proof"] == proof, f"is {run['proof']} ({run['reason']}), must be {proof}")
    yield from (f"the reason does not say \"{word}\": {run['reason']}" for word in words if word.lower() not in (run["reason"] or "").lower())
    yield must(retries is None or (run["retries"] > 0) == retries, f"was tried again {run['retries']} times")


# ---------------------------------------------------------------------- names ----------------------------------------------------------


@probe(2, "resolver time-out", "network", "R")
def resolver():
    def case_of(nth, action, proof):
        def case(stand):
            port = stand.site.main.address.split(":")[1]
            at(stand, f"http://slow.test:{port}/at/{stand.tenant}", more="allow_http = true; allow_private = true;", attempts_max="4",
               connect_timeout='"1s"')
            _, run, sound, said = outcome(stand, shim=f"getaddrinfo {nth} {action} slow.test")
            yield from expect(stand, run, sound, said, proof, *(["resolve"] if proof == "partial" else []), retries=True)
            yield must(sound and sound["seconds"] < 5, f"the sound connection waits for the other's resolver: {sound}")
        return case
    return [(f"{action}, {nth}", case_of(nth, action, proof)) for action in ("hang", "again") for nth, proof in (("1", "proven"), ("1+", "partial"))]


@probe(3, "refused", "network", "R")
def refused():
    def closed(stand):
        at(stand, f"http://127.0.0.1:1/at/{stand.tenant}", more="allow_http = true; allow_private = true;")
        _, run, sound, said = outcome(stand)
        yield from expect(stand, run, sound, said, "partial", "connect", retries=True)

    def opens(stand):
        """The first attempt is refused; the next one finds somebody who listens."""
        other = stand.site.other.address
        at(stand, f"http://{other}/at/{stand.tenant}", more="allow_http = true; allow_private = true;")
        _, run, sound, said = outcome(stand, shim=f"connect 1 {errno.ECONNREFUSED} {other}")
        yield must([what for _, _, what, _ in stand.calls()][:1] == [str(errno.ECONNREFUSED)], "no connection was refused")
        yield from expect(stand, run, sound, said, "proven", retries=True)

    return [("for good", closed), ("at first", opens)]


@probe(4, "SYN black hole", "network", "R")
def black_hole():
    def case_of(stream):
        def case(stand):
            with socket.socket() as hole, contextlib.ExitStack() as waiting:
                hole.bind(("127.0.0.1", 0))
                hole.listen(0)
                for _ in range(4):  # the queue is full: further calls are not answered
                    client = waiting.enter_context(socket.socket())
                    client.setblocking(False)
                    client.connect_ex(hole.getsockname())
                at(stand, f"http://127.0.0.1:{hole.getsockname()[1]}/x", stream, more="allow_http = true; allow_private = true;")
                _, run, sound, said = outcome(stand)
                yield from expect(stand, run, sound, said, "partial", "connect", retries=True)
                yield must(sound and sound["seconds"] < 3, f"the sound connection waits for it: {sound}")
        return case
    return [(stream, case_of(stream)) for stream in ("users_by_page", "users_by_cursor", "users_in_one")]


# ---------------------------------------------------------------------- addresses ------------------------------------------------------

ADDRESSES = ("127.0.0.1", "127.1.2.3", "0.0.0.0", "10.0.0.1", "10.255.255.254", "172.16.0.1", "172.31.255.254", "192.168.0.1", "169.254.169.254",
             "169.254.0.1", "100.64.0.1", "100.100.100.200", "192.0.0.192", "198.18.0.1", "224.0.0.1", "240.0.0.1", "255.255.255.255", "[::1]", "[::]",
             "[fe80::1]", "[fc00::1]", "[fd00:ec2::254]", "[ff02::1]", "[::ffff:127.0.0.1]", "[::ffff:10.0.0.1]", "[::ffff:169.254.169.254]",
             "[64:ff9b::7f00:1]", "[2002:7f00:1::]", "2130706433", "0x7f000001", "017700000001", "127.1", "localhost")


@probe(18, "private, metadata, v4-mapped address", "network", "X")
def addresses():
    def case_of(address):
        def case(stand):
            port = stand.site.main.address.split(":")[1]
            at(stand, f"http://{address}:{port}/at/{stand.tenant}-stolen", more="allow_http = true;")
            status, run, sound, said = outcome(stand)
            yield must(status != 0, f"ends with {status}")
            yield from expect(stand, run, sound, said, "partial", retries=False)
            asked = stand.site.ask("GET", f"/at/{stand.tenant}-stolen/_control/requests")["requests"]
            yield must(asked == 0, f"the application was asked {asked} times")
            stand.site.control(f"{stand.tenant}-stolen", "forget")
        return case
    return [(address, case_of(address)) for address in ADDRESSES]


without(19, "DNS rebinding between pages", "no case here: its first page needs a public address; unit.transport refuses by the address that is used, on "
            "new and on pooled connections")


@probe(20, "http_proxy in the environment", "network", "ignored")
def proxies():
    names = ("http_proxy", "HTTP_PROXY", "https_proxy", "HTTPS_PROXY", "all_proxy", "ALL_PROXY")

    def case_of(name, value):
        def case(stand):
            status, said = stand.run("sync", environment={name: value})
            yield must(status == 0, f"ends with {status}: {said[-200:]}")
            yield from stand.same()
        return case
    return [(f"{name}={value}", case_of(name, value)) for name in names for value in ("http://127.0.0.1:1", "socks5h://127.0.0.1:1")]


# ---------------------------------------------------------------------- TLS, HTTP/2 ----------------------------------------------------


@probe(17, "certificate expired, wrong host, self-signed", "network", "A")
def certificates():
    def case_of(words, proof, stream, versions=None, trusted=True, **certificate):
        def case(stand):
            with tempfile.TemporaryDirectory() as folder:
                authority = Authority(pathlib.Path(folder))
                pem = authority.certificate("server", **certificate)
                ca = f'ca_file = "{authority.file}";' if trusted else ""
                with Front(tls(pem, stand.site.main.address, versions=versions)) as front:
                    at(stand, f"https://localhost:{front.port}/at/{stand.tenant}", stream, f"allow_private = true; {ca}")
                    status, run, sound, said = outcome(stand)
                yield must((status == 0) == (proof == "proven"), f"ends with {status}")
                yield must(proof == "proven" or "muster: odd: " in said, f"nobody is told that the connection stopped: {said[-300:]}")
                yield from expect(stand, run, sound, said, proof, *words, retries=False)
        return case
    streams = ("users_by_page", "users_by_cursor", "users_in_one")
    old = (ssl.TLSVersion.TLSv1, ssl.TLSVersion.TLSv1_1)
    cases = [("sound, by the operator's authority", case_of((), "proven", STREAM))]
    for stream in streams:
        cases += [(f"expired, {stream}", case_of(("certificate",), "partial", stream, days=-1)),
                  (f"another host's, {stream}", case_of(("certificate",), "partial", stream, host="elsewhere.test")),
                  (f"self-signed, {stream}", case_of(("certificate",), "partial", stream, signed=False)),
                  (f"of an unknown authority, {stream}", case_of(("certificate",), "partial", stream, trusted=False))]
    return cases + [("TLS 1.1", case_of((), "partial", STREAM, versions=old))]


@probe(12, "GOAWAY, RST_STREAM", "network", "R")
def streams_of_http2():
    def case_of(what, when):
        def strike(connection, request):
            struck = {"once": connection == 1 and request == 2, "for good": connection > 1 or request >= 2}[when]
            return what if struck else None

        def case(stand):
            with tempfile.TemporaryDirectory() as folder:
                authority = Authority(pathlib.Path(folder))
                with Front(tls(authority.certificate("server"), stand.site.main.address, protocols=strike)) as front:
                    at(stand, f"https://localhost:{front.port}/at/{stand.tenant}", "users_by_cursor",
                       f'allow_private = true; ca_file = "{authority.file}";')
                    _, run, sound, said = outcome(stand)
            # A connection that ends after an answer is opened anew, and a refused stream may be sent again by the library itself.
            whole = when == "once" or what == "goaway after"
            yield from expect(stand, run, sound, said, "proven" if whole else "partial")
        return case
    return [(f"{what}, {when}", case_of(what, when)) for what in ("goaway", "goaway after", "reset", "reset inside", "refused")
            for when in ("once", "for good")]


# ---------------------------------------------------------------------- logins, concurrency --------------------------------------------


def oauth(stand, script=""):
    """An application behind client credentials; gives it, and what sync says of the connection."""
    upstream = Upstream("--users", 40, "--groups", 1, "--page-max", 10, "--oauth", "robot:s3cret", "--token-lifetime", 3600)
    upstream.script(script)
    stand.lab.secret("client_secret", "s3cret")
    stand.configure()
    text = stand.lab.configuration.read_text()
    head = text.split("connections = (")[0].replace(text.split('directory = "')[1].split('"')[0], str(BUILD / "tests/connectors"))
    stand.lab.configuration.write_text(
        f'{head}connections = ( {{ name = "odd"; connector = "oauth"; base_url = "{upstream.url}"; allow_http = true; allow_private = true; '
        f'parameters = {{ client = "robot"; }}; secrets = {{ client_secret = "file:client_secret"; }}; }} );\n')
    return upstream


def login(script, proof, *words, issued=None, throttled=None):
    def case(stand):
        with oauth(stand, script) as upstream:
            status, run, _, said = outcome(stand)
            counts = upstream.requests()
            upstream.script("")
            yield must(status == (0 if proof == "proven" else 1), f"ends with {status}: {said[-300:]}")
            yield must(run is None or run["proof"] == proof, f"is {run and (run['proof'], run['reason'])}, must be {proof}")
            yield from (f"does not say \"{word}\": {said[-400:]}" for word in words if word not in said)
            yield must("s3cret" not in said, "the secret is shown")
            got = counts.get("tokens_issued", counts.get("issued"))
            yield must(issued is None or got == issued, f"{got} tokens were issued, must be {issued}")
            yield must(not throttled or (run and run["retries"] >= 0), f"{run}")
            status, run, _, said = outcome(stand)
            yield must(status == 0 and run["proof"] == "proven", f"healed: {status} {said[-300:]}")
            yield must(len(stand.lab.query("SELECT id FROM account WHERE state = 'live'")) == 40, "healed: not everybody is there")
    return case


@probe(40, "two refreshes racing", "HTTP", "one flies")
def one_refresh():
    return [("a token that all pages lose", login("/cursor/users nth=3 once status 401\n", "proven", issued=2)),
            ("at the first page", login("/cursor/users nth=1 once status 401\n", "proven", issued=2)),
            ("at the last page", login("/cursor/users nth=4 once status 401\n", "proven", issued=2))]


@probe(86, "429 on the token URL", "rate", "R")
def token_rate():
    return [(title, login(f"/oauth/token times={times} status 429\n{more}", "proven", issued=1)) for title, times, more in (
        ("with seconds", 1, "/oauth/token once retry-after 1\n"), ("with a date", 1, "/oauth/token once retry-after date 1\n"),
        ("without a header", 1, ""), ("three times", 3, ""), ("with garbage", 1, "/oauth/token once header Retry-After: soon\n"))]


@probe(90, "concurrency 429", "rate", "less parallel")
def concurrency():
    def case_of(most):
        def case(stand):
            with Upstream("--users", 40, "--groups", 12, "--page-max", 10, "--latency-ms", 20) as upstream:
                stand.configure(attempts_max="10")
                text = stand.lab.configuration.read_text().replace(f"{stand.site.main.url}/at/{stand.tenant}", upstream.url)
                stand.lab.configuration.write_text(text.replace(f'["{STREAM}"]', '["groups", "group_members"]'))
                upstream.script(f"/ concurrency {most}\n")
                status, said = stand.run("sync", "--json")
                runs = {run["stream"]: run for run in json.loads(said[:said.rindex("}") + 1])["runs"]}
                refused_most = upstream.requests().get("statuses", {}).get("429", 0)
            yield must(status == 0 and all(run["proof"] == "proven" for run in runs.values()), f"{status}: {runs}")
            yield must(refused_most <= 12, f"{refused_most} requests were refused: it does not become less parallel")
        return case
    return [(f"at most {most}", case_of(most)) for most in (1, 2, 4)]


without(31, "409, 412 on a write", "not yet built: nothing is written to applications")
without(39, "rotated refresh token lost in a crash", "no case here: scenario.refresh kills between the answer and the saving; durable before use, else the login is stopped")
