# SPDX-License-Identifier: Apache-2.0
"""What stands between the host and the sample application, to do what that cannot: TLS with certificates of a throwaway authority, HTTP/2."""
import contextlib
import http.client
import select
import socket
import ssl
import subprocess
import sys
import threading

sys.path.append("/usr/lib/python3/dist-packages")  # Debian's python3-h2, whichever interpreter this is
import h2.config  # noqa: E402
import h2.connection  # noqa: E402
import h2.errors  # noqa: E402
import h2.events  # noqa: E402

SECONDS = 20


class Authority:
    """A certificate authority of this run alone, made by openssl in a folder."""

    def __init__(self, folder):
        self.folder, self.file = folder, folder / "ca.pem"
        self.openssl("req", "-x509", "-newkey", "rsa:2048", "-nodes", "-keyout", "ca.key", "-out", "ca.pem", "-days", "2", "-subj", "/CN=Faults")

    def openssl(self, *arguments):
        subprocess.run(["openssl", *arguments], cwd=self.folder, check=True, capture_output=True, timeout=SECONDS)

    def certificate(self, name, host="localhost", days=2, signed=True):
        """The path of certificate and key in one file. days < 0: it expired long ago."""
        self.openssl("req", "-newkey", "rsa:2048", "-nodes", "-keyout", f"{name}.key", "-out", f"{name}.csr", "-subj", f"/CN={host}")
        (self.folder / f"{name}.ext").write_text(f"subjectAltName=DNS:{host}\n")
        sign = ["-CA", "ca.pem", "-CAkey", "ca.key", "-CAcreateserial"] if signed else ["-signkey", f"{name}.key"]
        self.openssl("x509", "-req", "-in", f"{name}.csr", *sign, "-out", f"{name}.crt", "-days", str(days), "-extfile", f"{name}.ext")
        whole = self.folder / f"{name}.pem"
        whole.write_text((self.folder / f"{name}.crt").read_text() + (self.folder / f"{name}.key").read_text())
        return whole


class Front:
    """Listens on loopback and hands each connection to `serve` on a thread of its own."""

    def __init__(self, serve, port=0):
        self.listener = socket.create_server(("127.0.0.1", port))
        self.port = self.listener.getsockname()[1]
        self.serve, self.over, self.accepted = serve, False, 0
        self.thread = threading.Thread(target=self.accept, daemon=True)
        self.thread.start()

    def accept(self):
        while not self.over:
            if not select.select([self.listener], [], [], 0.1)[0]:
                continue
            client, _ = self.listener.accept()
            self.accepted += 1
            threading.Thread(target=self.one, args=(client, self.accepted), daemon=True).start()

    def one(self, client, number):
        client.settimeout(SECONDS)
        with client, contextlib.suppress(OSError, EOFError):  # a client that leaves is no concern of ours
            self.serve(client, number)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.over = True
        self.thread.join()
        self.listener.close()


def relay(client, address):
    """Bytes to and fro until one side ends."""
    host, port = address.split(":")
    with socket.create_connection((host, int(port)), timeout=SECONDS) as server:
        while True:
            waiting = [client] if isinstance(client, ssl.SSLSocket) and client.pending() else select.select([client, server], [], [], SECONDS)[0]
            if not waiting:
                return
            for one in waiting:
                data = one.recv(65536)
                if not data:
                    return
                (server if one is client else client).sendall(data)


def tls(certificate, address, protocols=None, versions=None):
    """Terminates TLS before the application at that address; protocols: serves HTTP/2 as `protocols` says instead of relaying."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate)
    if versions:
        context.minimum_version, context.maximum_version = versions
    if protocols:
        context.set_alpn_protocols(["h2"])

    def serve(client, number):
        with context.wrap_socket(client, server_side=True) as secure:
            if protocols:
                http2(secure, address, number, protocols)
            else:
                relay(secure, address)
    return serve


def http2(client, address, number, strike):
    """HTTP/2 before the application. strike(connection number, request number) gives None or what happens to that request: "goaway" (the
    connection ends before it is answered), "goaway after", "reset", "reset inside", "refused"."""
    state = h2.connection.H2Connection(h2.config.H2Configuration(client_side=False))
    state.initiate_connection()
    client.sendall(state.data_to_send())
    asked = 0
    while data := client.recv(65536):
        for event in state.receive_data(data):
            if not isinstance(event, h2.events.RequestReceived):
                continue
            asked += 1
            what, stream = strike(number, asked), event.stream_id
            if what == "goaway":
                state.close_connection(h2.errors.ErrorCodes.NO_ERROR, last_stream_id=max(stream - 2, 0))
            elif what in ("reset", "refused"):
                state.reset_stream(stream, h2.errors.ErrorCodes.REFUSED_STREAM if what == "refused" else h2.errors.ErrorCodes.INTERNAL_ERROR)
            else:
                status, fields, body = fetch(address, dict(event.headers))
                state.send_headers(stream, [(":status", str(status)), *fields])
                for at in range(0, len(body), 8192):
                    state.send_data(stream, body[at:at + 8192])
                    if what == "reset inside":
                        break
                if what == "reset inside":
                    state.reset_stream(stream, h2.errors.ErrorCodes.INTERNAL_ERROR)
                else:
                    state.end_stream(stream)
                if what == "goaway after":
                    state.close_connection(h2.errors.ErrorCodes.NO_ERROR, last_stream_id=stream)
        client.sendall(state.data_to_send())
        if what_ended(state):
            return


def what_ended(state):
    return state.state_machine.state == h2.connection.ConnectionState.CLOSED


def fetch(address, headers):
    """The application's own answer to a request that came by HTTP/2."""
    text = {str(name if isinstance(name, str) else name.decode()): (value if isinstance(value, str) else value.decode())
            for name, value in headers.items()}
    line = http.client.HTTPConnection(address, timeout=SECONDS)
    line.request(text[":method"], text[":path"], headers={"Host": text[":authority"], "Authorization": text.get("authorization", "")})
    answer = line.getresponse()
    fields = [(name.lower(), value) for name, value in answer.getheaders() if name.lower() not in ("connection", "keep-alive")]
    body = answer.read()
    line.close()
    return answer.status, fields, body
