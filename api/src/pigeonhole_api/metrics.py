"""What the API and the worker count and measure; labels never name a document, a user or a request."""

from collections.abc import Iterator

from prometheus_client import Counter, Gauge, Histogram
from prometheus_client.core import GaugeMetricFamily, Metric
from prometheus_client.registry import Collector
from sqlalchemy import Table, func, select
from sqlalchemy.exc import SQLAlchemyError

from pigeonhole.telemetry import get_logger
from pigeonhole_api.database import Database, now
from pigeonhole_api.database.tables import documents, trainings, webhook_deliveries

_WAITS = (1, 2, 5, 10, 30, 60, 120, 300, 600, 1800, 3600)
_QUEUES = {"documents": documents, "trainings": trainings, "webhooks": webhook_deliveries}
_log = get_logger(__name__)

SIGNING_KEY_FETCHES = Counter(
    "pigeonhole_signing_key_fetches", "Looks for the sign-in service's keys, by result.", ("result",)
)
WATCHERS = Gauge("pigeonhole_job_watchers", "Callers that watch a job's events.")
FEEDBACK = Counter("pigeonhole_feedback", "Decisions of people about answers.", ("model", "model_version", "verdict"))

DOCUMENTS = Counter("pigeonhole_worker_documents", "Documents that left the worker's hands, by result.", ("result",))
DOCUMENT_SECONDS = Histogram(
    "pigeonhole_document_duration_seconds", "Time from a document's upload to its result.", buckets=_WAITS
)
LEASES_EXPIRED = Counter("pigeonhole_leases_expired", "Leases that ended without a sign of life.")
RESULTS_DROPPED = Counter("pigeonhole_results_dropped", "Results that came after their lease was lost.")
IN_HAND = Gauge("pigeonhole_worker_in_hand", "Documents that the worker has in hand.")
JOBS_EXPIRED = Counter("pigeonhole_jobs_expired", "Jobs that were deleted at the end of their retention.")
CONTENTS_REMOVED = Counter("pigeonhole_contents_removed", "Contents that were removed from the storage.")
WEBHOOK_ATTEMPTS = Counter("pigeonhole_webhook_attempts", "Attempts at webhook deliveries, by result.", ("result",))
ORPHANS_REMOVED = Counter(
    "pigeonhole_orphan_uploads_removed", "Contents put into the storage for documents that waited no longer."
)
WORKER_FAULTS = Counter("pigeonhole_worker_faults", "Turns of the worker that ended in a fault.", ("exception",))


class QueueCollector(Collector):
    """Reads the lengths and ages of the queues from the database whenever metrics are asked for."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def collect(self) -> Iterator[Metric]:
        """Yield the queues' gauges, or none while the database does not answer."""
        depth = GaugeMetricFamily("pigeonhole_queue_depth", "Work that waits.", labels=("queue",))
        age = GaugeMetricFamily(
            "pigeonhole_queue_oldest_job_age_seconds", "Age of the oldest work that waits.", labels=("queue",)
        )
        try:
            for name, table in _QUEUES.items():
                waiting, oldest = self._read(table)
                depth.add_metric([name], waiting)
                age.add_metric([name], oldest)
        except SQLAlchemyError:
            _log.exception("queue_metrics_failed")
            return
        yield depth
        yield age

    def _read(self, table: Table) -> tuple[int, float]:
        with self._database.read() as connection:
            statement = select(func.count(), func.min(table.c.created_at)).where(table.c.state == "queued")
            waiting, oldest = connection.execute(statement).one()
            return waiting, 0.0 if oldest is None else max(0.0, now(connection) - oldest)
