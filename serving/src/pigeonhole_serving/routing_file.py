"""The routing file on disk: read again when it changes, the last good content kept."""

from pathlib import Path

from pigeonhole.telemetry import get_logger
from pigeonhole_serving.answering_models import publish_routing
from pigeonhole_serving.metrics import ROUTING_READS, ROUTING_VALID
from pigeonhole_serving.routing import Routing, RoutingInvalid, parse_routing

_log = get_logger(__name__)
_Signature = tuple[int, int, int]


class RoutingFile:
    """Answers with the routing in force.

    The file is looked at by `stat` on every call, so a change counts for the next document. A broken or vanished file
    leaves the last good routing in force; before there was one, `fallback` is.
    """

    def __init__(self, path: Path | None, fallback: Routing | None) -> None:
        self._path = path
        self._routing = fallback
        if fallback is not None:
            publish_routing(fallback)
        self._signature: _Signature | None = None

    def current(self) -> Routing | None:
        """Return the routing in force, or None when there is neither a file nor a fallback."""
        if self._path is not None:
            self._refresh(self._path)
        return self._routing

    def _refresh(self, path: Path) -> None:
        signature = _signature(path)
        if signature == self._signature:
            return
        self._signature = signature
        if signature is None:
            self._report("missing", "the file is gone")
            return
        try:
            routing = parse_routing(path.read_bytes())
        except (RoutingInvalid, OSError) as error:
            self._report("invalid", error.message if isinstance(error, RoutingInvalid) else "the file is unreadable")
            return
        self._routing = routing
        ROUTING_READS.labels("ok").inc()
        ROUTING_VALID.set(1)
        publish_routing(routing)
        _log.info("routing read", **routing.model_dump())

    def _report(self, result: str, detail: str) -> None:
        ROUTING_READS.labels(result).inc()
        ROUTING_VALID.set(0)
        _log.warning("routing file not usable", result=result, detail=detail)


def _signature(path: Path) -> _Signature | None:
    try:
        status = path.stat()
    except OSError:
        return None
    return status.st_mtime_ns, status.st_size, status.st_ino
