"""A receiver of webhooks over HTTPS, with certificates of an authority of its own."""

import datetime as dt
import ipaddress
import socket
import ssl
import threading
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID


class Authority:
    """A certificate authority; `file` holds its certificate."""

    def __init__(self, folder: Path, name: str = "authority") -> None:
        self._folder = folder
        self._key = ec.generate_private_key(ec.SECP256R1())
        self._name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])
        certificate = self._certificate(self._name, self._key.public_key(), x509.BasicConstraints(True, None))
        self.file = folder / f"{name}.pem"
        self.file.write_bytes(certificate.public_bytes(serialization.Encoding.PEM))

    def tls_context(self, *names: str, days: int = 1) -> ssl.SSLContext:
        """Return a server's context with a certificate for host names and addresses."""
        key = ec.generate_private_key(ec.SECP256R1())
        subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "receiver")])
        certificate = self._certificate(
            subject, key.public_key(), x509.SubjectAlternativeName([_general_name(name) for name in names]), days=days
        )
        file = self._folder / f"{'-'.join(names).replace(':', '.')}-{days}.pem"
        pem, plain = serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8
        private = key.private_bytes(pem, plain, serialization.NoEncryption())
        file.write_bytes(private + certificate.public_bytes(pem))
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(file)
        return context

    def _certificate(
        self, subject: x509.Name, key: Any, extension: x509.ExtensionType, *, days: int = 1
    ) -> x509.Certificate:
        present = dt.datetime.now(dt.UTC)
        builder = x509.CertificateBuilder(
            issuer_name=self._name,
            subject_name=subject,
            public_key=key,
            serial_number=x509.random_serial_number(),
            not_valid_before=present - dt.timedelta(days=10),
            not_valid_after=present + dt.timedelta(days=days),
        )
        return builder.add_extension(extension, critical=True).sign(self._key, hashes.SHA256())


@dataclass(frozen=True)
class Request:
    """What came; header names are in lower case."""

    path: str
    headers: dict[str, str]
    body: bytes


Reply = tuple[int, dict[str, str]]


class Receiver:
    """Answers 200 unless `behave` says otherwise; `requests` holds what has come, `connections` counts who did."""

    def __init__(self, context: ssl.SSLContext, port: int = 0) -> None:
        self.behave: Callable[[Request], Reply] = lambda request: (200, {})
        self.requests: list[Request] = []
        self.connections = 0
        receiver = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers["content-length"]))
                headers = {name.lower(): value for name, value in self.headers.items()}
                request = Request(self.path, headers, body)
                receiver.requests.append(request)
                status, answered = receiver.behave(request)
                with suppress(OSError):
                    self.send_response(status)
                    for name, value in {"Content-Length": "0", **answered}.items():
                        self.send_header(name, value)
                    self.end_headers()

            def log_message(self, *arguments: object) -> None:
                pass

        class Server(ThreadingHTTPServer):
            daemon_threads = True

            def finish_request(self, request: Any, client_address: Any) -> None:
                receiver.connections += 1
                # The handshake is the thread's matter, not that of the one that accepts.
                with suppress(OSError), context.wrap_socket(request, server_side=True) as encrypted:
                    super().finish_request(encrypted, client_address)

            def handle_error(self, request: object, client_address: object) -> None:
                pass  # the other side has gone

        self._server = Server(("127.0.0.1", port), Handler)
        self.port = self._server.server_port
        threading.Thread(target=self._server.serve_forever, args=(0.05,), daemon=True).start()

    def url(self, host: str = "localhost", path: str = "/hook") -> str:
        """Return the receiver's address under a host's name."""
        return f"https://{host}:{self.port}{path}"

    def close(self) -> None:
        """Answer nobody any more."""
        self._server.shutdown()
        self._server.server_close()


class SilentPort:
    """Takes connections and says nothing; `taken` is set by the first."""

    def __init__(self, port: int = 0) -> None:
        self._socket = socket.create_server(("127.0.0.1", port))
        self.port = self._socket.getsockname()[1]
        self.taken = threading.Event()
        self._kept: list[socket.socket] = []
        threading.Thread(target=self._accept, daemon=True).start()

    def _accept(self) -> None:
        with suppress(OSError):
            while True:
                self._kept.append(self._socket.accept()[0])
                self.taken.set()

    def close(self) -> None:
        """Take nobody any more."""
        with suppress(OSError):
            self._socket.shutdown(socket.SHUT_RDWR)
        for each in (self._socket, *self._kept):
            each.close()


def _general_name(name: str) -> x509.GeneralName:
    try:
        return x509.IPAddress(ipaddress.ip_address(name))
    except ValueError:
        return x509.DNSName(name)
