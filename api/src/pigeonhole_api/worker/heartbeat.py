"""The worker's sign of life: its leases are renewed while its process runs, and what nobody sends is given up."""

import threading

from sqlalchemy.exc import SQLAlchemyError

from pigeonhole.telemetry import get_logger
from pigeonhole_api.database import Database
from pigeonhole_api.metrics import WORKER_FAULTS
from pigeonhole_api.records.leases import renew
from pigeonhole_api.records.trainings import renew_training
from pigeonhole_api.records.uploads import end_stale_uploads
from pigeonhole_api.records.webhook_deliveries import forget_deliveries
from pigeonhole_api.settings import WorkerSettings
from pigeonhole_api.worker.trainer import Trainer
from pigeonhole_api.worker.worker import DocumentWorker

_RENEWALS_A_LEASE = 3
_log = get_logger(__name__)


class Heartbeat:
    """A thread that renews what is in an owner's hands, three times within each lease."""

    def __init__(
        self, database: Database, documents: DocumentWorker, trainer: Trainer, owner: str, settings: WorkerSettings
    ) -> None:
        self._database = database
        self._documents = documents
        self._trainer = trainer
        self._owner = owner
        self._seconds = settings.lease_seconds
        self._upload_seconds = 3600 * settings.upload_hours
        self._delivery_seconds = 86_400 * settings.webhook_kept_days
        self._ended = threading.Event()
        self._thread = threading.Thread(target=self._run, name="heartbeat", daemon=True)

    def __enter__(self) -> "Heartbeat":
        self._thread.start()
        return self

    def __exit__(self, *_exception: object) -> None:
        self._ended.set()
        self._thread.join()

    def _run(self) -> None:
        while not self._ended.wait(self._seconds / _RENEWALS_A_LEASE):
            try:
                with self._database.write() as connection:
                    renew(connection, self._owner, self._documents.held(), seconds=self._seconds)
                    if training_id := self._trainer.held:
                        renew_training(connection, self._owner, training_id, seconds=self._seconds)
                    end_stale_uploads(connection, seconds=self._upload_seconds)
                    forget_deliveries(connection, seconds=self._delivery_seconds)
            except SQLAlchemyError as error:
                WORKER_FAULTS.labels(type(error).__name__).inc()
                _log.exception("heartbeat_failed")
