"""What nobody is to have any more: jobs and deliveries kept long enough, and the contents of what was deleted."""

from collections.abc import Sequence
from itertools import islice

from pigeonhole.datasets import DatasetStore
from pigeonhole.ocr.cache import PageTextCache
from pigeonhole.telemetry import get_logger
from pigeonhole_api.auth.callers import Caller
from pigeonhole_api.database import Database
from pigeonhole_api.metrics import CONTENTS_REMOVED, JOBS_EXPIRED, ORPHANS_REMOVED
from pigeonhole_api.records import deletions
from pigeonhole_api.records.uploads import UPLOADS, document_of, still_waiting
from pigeonhole_api.records.webhook_deliveries import forget_deliveries
from pigeonhole_api.retention import DAY
from pigeonhole_api.settings import WorkerSettings
from pigeonhole_api.worker.repeating import Repeating

_log = get_logger(__name__)
_NAME = "retention"
_AT_ONCE = 100


class Reaper(Repeating):
    """A thread that looks from time to time for what is due."""

    def __init__(
        self, database: Database, store: DatasetStore, caches: Sequence[PageTextCache], settings: WorkerSettings
    ) -> None:
        super().__init__("reaper", settings.reap_seconds, fault="reaping_failed")
        self._database = database
        self._store = store
        self._caches = caches
        self._settings = settings

    def _act(self) -> None:
        self._end_expired_jobs()
        self._remove_contents()
        self._forget_deliveries()
        self._remove_orphans()

    def _end_expired_jobs(self) -> None:
        with self._database.read() as connection:
            expired = deletions.expired_jobs(connection, self._settings.retention, most=_AT_ONCE)
        for job_id, tenant in expired:
            if self._ended.is_set():
                return
            with self._database.write() as connection:
                caller = Caller(_NAME, tenant=tenant)
                ended = deletions.end_retention(connection, job_id, caller, grace=self._settings.removal_grace_seconds)
            JOBS_EXPIRED.inc(ended)
            _log.info("retention_ended", job_id=job_id, ended=ended)

    def _remove_contents(self) -> None:
        with self._database.read() as connection:
            due = deletions.due_removals(connection, _AT_ONCE)
        for sha256 in due:
            if self._ended.is_set():
                return
            # The bytes go while the row is locked; a removal that fails half-way is rolled back and done again.
            with self._database.write() as connection:
                if deletions.take_removal(connection, sha256):
                    self._remove(sha256)
                    CONTENTS_REMOVED.inc()

    def _forget_deliveries(self) -> None:
        with self._database.write() as connection:
            forget_deliveries(connection, seconds=self._settings.webhook_kept_days * DAY)

    def _remove_orphans(self) -> None:
        """Remove what clients have put into the storage for documents that do not wait for it any more."""
        keys = self._store.storage.list(UPLOADS)
        while some := list(islice(keys, _AT_ONCE)):
            with self._database.read() as connection:
                waiting = still_waiting(connection, [document_of(key) for key in some])
            for key in some:
                if document_of(key) not in waiting and not self._ended.is_set():
                    self._store.storage.delete(key)
                    ORPHANS_REMOVED.inc()

    def _remove(self, sha256: str) -> None:
        for cache in self._caches:
            cache.forget(sha256)
        for key in self._store.storage.list(f"thumbnails/{sha256}-"):
            self._store.storage.delete(key)
        self._store.delete_document(sha256)
