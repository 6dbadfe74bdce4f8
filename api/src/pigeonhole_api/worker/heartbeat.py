"""The worker's sign of life: its leases are renewed while its process runs, and what nobody sends is given up."""

from pigeonhole_api.database import Database
from pigeonhole_api.records.leases import renew
from pigeonhole_api.records.trainings import renew_training
from pigeonhole_api.records.uploads import end_stale_uploads
from pigeonhole_api.settings import WorkerSettings
from pigeonhole_api.worker.repeating import Repeating
from pigeonhole_api.worker.trainer import Trainer
from pigeonhole_api.worker.worker import DocumentWorker

_RENEWALS_A_LEASE = 3


class Heartbeat(Repeating):
    """A thread that renews what is in an owner's hands, three times within each lease."""

    def __init__(
        self, database: Database, documents: DocumentWorker, trainer: Trainer, owner: str, settings: WorkerSettings
    ) -> None:
        pause = settings.lease_seconds / _RENEWALS_A_LEASE
        super().__init__("heartbeat", pause, fault="heartbeat_failed", daemon=True)
        self._database = database
        self._documents = documents
        self._trainer = trainer
        self._owner = owner
        self._seconds = settings.lease_seconds
        self._upload_seconds = 3600 * settings.upload_hours

    def _act(self) -> None:
        with self._database.write() as connection:
            renew(connection, self._owner, self._documents.held(), seconds=self._seconds)
            if training_id := self._trainer.held:
                renew_training(connection, self._owner, training_id, seconds=self._seconds)
            end_stale_uploads(connection, seconds=self._upload_seconds)
