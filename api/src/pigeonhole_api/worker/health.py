"""What probes and Prometheus ask a worker: `/livez`, `/readyz` and `/metrics` on a port of their own."""

import threading
from collections.abc import Callable, Iterable, Sequence
from socketserver import ThreadingMixIn
from typing import Any
from wsgiref.simple_server import WSGIRequestHandler, WSGIServer, make_server

from prometheus_client import REGISTRY, make_wsgi_app
from sqlalchemy.exc import SQLAlchemyError

from pigeonhole_api.database import Database, probe
from pigeonhole_api.worker.repeating import Repeating

_Answer = tuple[str, str]
_OK, _NOT_FOUND, _UNAVAILABLE = "200 OK", "404 Not Found", "503 Service Unavailable"


class WorkerHealth:
    """Tells whether every thread that acts from time to time still runs, and whether the database answers."""

    def __init__(self, database: Database, repeated: Iterable[Repeating]) -> None:
        self._database = database
        self._repeated = tuple(repeated)

    def livez(self) -> _Answer:
        """Return a status line and what to say; the database is not asked, since a new process would not mend it."""
        ended = sorted(each.name for each in self._repeated if each.has_ended)
        return (_UNAVAILABLE, f"ended: {', '.join(ended)}") if ended else (_OK, "ok")

    def readyz(self) -> _Answer:
        """Return a status line and what to say: work can be taken when the database answers."""
        try:
            probe(self._database)
        except SQLAlchemyError:
            return _UNAVAILABLE, "the database does not answer"
        return _OK, "ok"


def serve_health(health: WorkerHealth, address: str, port: int) -> None:
    """Answer at an address until the process ends.

    Raises:
        OSError: The port is taken.
    """
    server = make_server(address, port, _application(health), _Server, _QuietHandler)
    threading.Thread(target=server.serve_forever, name="health", daemon=True).start()


def _application(health: WorkerHealth) -> Callable[..., Iterable[bytes]]:
    metrics: Callable[..., Iterable[bytes]] = make_wsgi_app(REGISTRY)
    probes = {"/livez": health.livez, "/readyz": health.readyz}

    def answer(environ: dict[str, Any], start_response: Callable[..., Any]) -> Iterable[bytes]:
        path = environ["PATH_INFO"]
        if path == "/metrics":
            return metrics(environ, start_response)
        status, said = probes[path]() if path in probes else (_NOT_FOUND, "not found")
        return _plain(start_response, status, said)

    return answer


def _plain(start_response: Callable[..., Any], status: str, said: str) -> Sequence[bytes]:
    start_response(status, [("Content-Type", "text/plain; charset=utf-8")])
    return [f"{said}\n".encode()]


class _Server(ThreadingMixIn, WSGIServer):
    """One thread a request: a slow database must not keep the answer about life waiting."""

    daemon_threads = True


class _QuietHandler(WSGIRequestHandler):
    def log_message(self, *_about: object) -> None:
        """Leave out the line for each request."""
