"""An exporter whose series the cases set: `PUT /series` and `DELETE /namespaces/NAME`, and `GET /metrics` of all."""

import json
import threading
import time
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

Key = tuple[str, tuple[tuple[str, str], ...]]


@dataclass(frozen=True)
class Series:
    """A series from a moment on: its value then, and what it gains in each second."""

    value: float
    per_second: float
    since: float

    def at(self, now: float) -> float:
        return self.value + self.per_second * (now - self.since)


class Exposition:
    """The series of all cases; a counter keeps what it has when its rate changes."""

    def __init__(self) -> None:
        self._series: dict[Key, Series] = {}
        self._lock = threading.Lock()

    def set(self, name: str, labels: dict[str, str], value: float | None, per_second: float) -> None:
        """Set a series; without a value it goes on from where it is, or from 0."""
        key, now = (name, tuple(sorted(labels.items()))), time.monotonic()
        with self._lock:
            known = self._series.get(key)
            reached = (known.at(now) if known else 0.0) if value is None else value
            self._series[key] = Series(reached, per_second, now)

    def drop(self, namespace: str, name: str = "") -> None:
        with self._lock:
            for key in [key for key in self._series if ("namespace", namespace) in key[1] and name in ("", key[0])]:
                del self._series[key]

    def text(self) -> str:
        now = time.monotonic()
        with self._lock:
            rows = [(name, labels, series.at(now)) for (name, labels), series in sorted(self._series.items())]
        return "".join(f"{name}{{{_written(labels)}}} {value!r}\n" for name, labels, value in rows)


def _written(labels: tuple[tuple[str, str], ...]) -> str:
    return ",".join(f"{name}={json.dumps(value)}" for name, value in labels)


def serve(exposition: Exposition) -> ThreadingHTTPServer:
    """Serve a set of series on a free port of this machine, in a thread."""

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self._answer(exposition.text().encode())

        def do_PUT(self) -> None:
            told: dict[str, Any] = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
            exposition.set(told["name"], told["labels"], told["value"], told["per_second"])
            self._answer(b"")

        def do_DELETE(self) -> None:
            _, _, namespace, *name = self.path.split("/")
            exposition.drop(namespace, *name)
            self._answer(b"")

        def _answer(self, content: bytes) -> None:
            self.send_response(200)
            self.send_header("Content-Type", "text/plain; version=0.0.4")
            self.send_header("Content-Length", str(len(content)))
            self.end_headers()
            self.wfile.write(content)

        def log_message(self, *_: object) -> None:
            """Say nothing of each scrape."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    return server
