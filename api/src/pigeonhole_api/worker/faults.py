"""Faults that a worker's thread survives."""

from pigeonhole.telemetry import get_logger
from pigeonhole_api.metrics import WORKER_FAULTS

_log = get_logger(__name__)


def count_fault(event: str, error: Exception) -> None:
    """Count and log an exception that is being handled."""
    WORKER_FAULTS.labels(type(error).__name__).inc()
    _log.exception(event)
