"""A transformer whose routing file tests rewrite, and predictors that answer as a test says."""

import json
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import httpx

from .conftest import INVOICE, Server, make_pdf, v1_body

V1 = "/v1/models/documents:predict"


class Routed:
    """A transformer with a routing file that the tests rewrite."""

    def __init__(self, server: Server, path: Path) -> None:
        self.server, self.path = server, path

    def to(self, host: str, version: str | None = None) -> None:
        self.write(json.dumps({"stable": {"host": host, "version": version}, "candidate": None}))

    def write(self, content: str) -> None:
        part = self.path.with_suffix(".part")
        part.write_text(content)
        part.replace(self.path)

    def predict(self, document: bytes, **headers: str) -> httpx.Response:
        return httpx.post(self.server.url + V1, json=v1_body(document), headers=headers, timeout=60)

    def version(self) -> str:
        version: str = self.predict(make_pdf(INVOICE)).json()["predictions"][0]["model"]["version"]
        return version


ANSWER = {
    "model_name": "documents",
    "id": "1",
    "parameters": {"name": "recorded", "version": "9", "run_id": "r", "digest": "d"},
    "outputs": [
        {"name": "classes", "datatype": "BYTES", "shape": [2], "data": ["invoice", "other"]},
        {"name": "thresholds", "datatype": "FP64", "shape": [2], "data": [0.5, 0.5]},
        {"name": "probabilities", "datatype": "FP64", "shape": [1, 2], "data": [0.9, 0.1]},
    ],
}


@contextmanager
def predictor_of(answer: Callable[[BaseHTTPRequestHandler, bytes], None]) -> Iterator[str]:
    """A server that answers as told, at the address given."""

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_POST(self) -> None:
            answer(self, self.rfile.read(int(self.headers["content-length"])))

        def log_message(self, *_: Any) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    try:
        yield f"127.0.0.1:{server.server_address[1]}"
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


def send(handler: BaseHTTPRequestHandler, status: int, body: bytes) -> None:
    handler.send_response(status)
    handler.send_header("content-length", str(len(body)))
    handler.end_headers()
    handler.wfile.write(body)
