"""An HTTP server that misbehaves in one way, whatever it is asked."""

import socket
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

Misbehave = Callable[[BaseHTTPRequestHandler, threading.Event], None]
SECRET = b"top-secret-content"


def answer(status: int, body: bytes, *, claims: int | None = None, **headers: str) -> Misbehave:
    """Answer always the same; `claims` is a length of the body that is not the true one."""

    def send(handler: BaseHTTPRequestHandler, _: threading.Event) -> None:
        handler.send_response(status)
        for name, value in headers.items():
            handler.send_header(name.replace("_", "-"), value)
        handler.send_header("Content-Length", str(len(body) if claims is None else claims))
        handler.end_headers()
        if handler.command != "HEAD":
            handler.wfile.write(body)
        if claims is not None:
            handler.close_connection = True

    return send


def silent(_: BaseHTTPRequestHandler, ended: threading.Event) -> None:
    """Take the question and say nothing."""
    ended.wait(60)


def dripping(handler: BaseHTTPRequestHandler, ended: threading.Event) -> None:
    """Begin an answer and send a byte of it now and then."""
    handler.send_response(200)
    handler.send_header("Content-Length", "100000")
    handler.end_headers()
    while not ended.wait(0.05):
        handler.wfile.write(b" ")
        handler.wfile.flush()


def endless(handler: BaseHTTPRequestHandler, ended: threading.Event) -> None:
    """Send an answer without an end, as fast as it is taken."""
    handler.send_response(200)
    handler.end_headers()
    while not ended.is_set():
        handler.wfile.write(b" " * 65536)


def cut(handler: BaseHTTPRequestHandler, _: threading.Event) -> None:
    """Hang up without an answer."""
    handler.connection.shutdown(socket.SHUT_RDWR)
    handler.close_connection = True


class Faulty:
    """The server's address, and the headers, paths and connections of the questions that it was asked."""

    def __init__(self, url: str) -> None:
        self.url = url
        self.asked: list[dict[str, str]] = []
        self.paths: list[str] = []
        self.connections = 0


@contextmanager
def faulty_server(misbehave: Misbehave) -> Iterator[Faulty]:
    """Serve for the time of a test."""
    ended = threading.Event()

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def setup(self) -> None:
            super().setup()
            faulty.connections += 1

        def handle_one_request(self) -> None:
            with suppress(ConnectionError):
                super().handle_one_request()

        def misbehave(self) -> None:
            faulty.asked.append({name.lower(): value for name, value in self.headers.items()})
            faulty.paths.append(self.path)
            self.body = self.rfile.read(int(self.headers.get("content-length", 0)))
            misbehave(self, ended)

        do_GET = do_POST = do_DELETE = do_HEAD = misbehave  # noqa: N815

        def log_message(self, *_: Any) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    faulty = Faulty(f"http://127.0.0.1:{server.server_address[1]}")
    thread = threading.Thread(target=server.serve_forever, args=(0.05,))
    thread.start()
    try:
        yield faulty
    finally:
        ended.set()
        server.shutdown()
        server.server_close()
        thread.join()
