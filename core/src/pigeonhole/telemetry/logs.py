"""JSON lines on standard error, with the ids of the work in hand and never a file name or text."""

import logging
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from contextvars import ContextVar
from datetime import UTC, datetime
from types import MappingProxyType
from typing import Any

from pydantic_core import to_json

_CONTEXT: ContextVar[Mapping[str, str]] = ContextVar("pigeonhole_log_context", default=MappingProxyType({}))
_FIELDS = "pigeonhole_fields"
# A line for each request, which says less than ours and names addresses.
_QUIET_LOGGERS = ("httpx", "httpx2", "httpcore")


class EventLogger:
    """Logs events as a short name and fields; values are ids, counts and codes, never names, text or secrets."""

    def __init__(self, logger: logging.Logger) -> None:
        self._logger = logger

    def debug(self, event: str, **fields: Any) -> None:
        """Log an event that helps to follow the process."""
        self._log(logging.DEBUG, event, fields)

    def info(self, event: str, **fields: Any) -> None:
        """Log an event of normal work."""
        self._log(logging.INFO, event, fields)

    def warning(self, event: str, **fields: Any) -> None:
        """Log an event that someone may want to look at."""
        self._log(logging.WARNING, event, fields)

    def error(self, event: str, **fields: Any) -> None:
        """Log a failure."""
        self._log(logging.ERROR, event, fields)

    def exception(self, event: str, **fields: Any) -> None:
        """Log a failure with the exception in hand: its type and where it was raised, without its message."""
        self._log(logging.ERROR, event, {**fields, **_exception_fields()})

    def _log(self, level: int, event: str, fields: dict[str, Any]) -> None:
        if self._logger.isEnabledFor(level):
            self._logger.log(level, event, extra={_FIELDS: {**_CONTEXT.get(), **fields}})


def get_logger(name: str) -> EventLogger:
    """Return the logger of a module."""
    return EventLogger(logging.getLogger(name))


@contextmanager
def bind_context(**ids: str) -> Iterator[None]:
    """Add ids, such as request_id, job_id or document_id, to every event logged inside the block."""
    token = _CONTEXT.set({**_CONTEXT.get(), **ids})
    try:
        yield
    finally:
        _CONTEXT.reset(token)


def configure_logging(process: str, level: str = "INFO") -> None:
    """Send every log line of this process to standard error as JSON.

    Args:
        process: The name of the process in every line, such as `api` or `worker`.
        level: The lowest level that is written.
    """
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(_JsonFormatter(process))
    # What no line says need not be found out for each.
    logging.logThreads = logging.logProcesses = logging.logMultiprocessing = False
    root = logging.getLogger()
    root.handlers[:] = [handler]
    root.setLevel(level)
    for name in _QUIET_LOGGERS:
        logging.getLogger(name).setLevel(logging.WARNING)


class _JsonFormatter(logging.Formatter):
    def __init__(self, process: str) -> None:
        super().__init__()
        self._process = process

    def format(self, record: logging.LogRecord) -> str:
        """Return the record as one line of JSON."""
        line = {
            "time": datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds"),
            "level": record.levelname.lower(),
            "process": self._process,
            "logger": record.name,
            "event": record.getMessage(),
            **getattr(record, _FIELDS, {}),
        }
        if record.exc_info and record.exc_info[0] is not None:
            line["exception"] = record.exc_info[0].__name__
        return to_json(line, fallback=str).decode()


def _exception_fields() -> dict[str, str]:
    # The message may quote a document; the type and the place never do.
    kind, _, trace = sys.exc_info()
    if kind is None:
        return {}
    while trace is not None and trace.tb_next is not None:
        trace = trace.tb_next
    place = f"{trace.tb_frame.f_globals.get('__name__')}:{trace.tb_lineno}" if trace else "unknown"
    return {"exception": kind.__name__, "raised_at": place}
