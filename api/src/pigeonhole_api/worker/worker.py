"""Documents from the queue to their results: take, classify, keep; release what nobody could answer."""

import threading
import time
from concurrent.futures import ThreadPoolExecutor

from sqlalchemy.exc import SQLAlchemyError

from pigeonhole.datasets import DatasetStore
from pigeonhole.storage import ObjectMissing, StorageError
from pigeonhole.telemetry import bind_context, get_logger
from pigeonhole_api.database import Database
from pigeonhole_api.metrics import DOCUMENT_SECONDS, DOCUMENTS, IN_HAND, LEASES_EXPIRED, RESULTS_DROPPED, WORKER_FAULTS
from pigeonhole_api.records import leases
from pigeonhole_api.records.leases import Lease
from pigeonhole_api.settings import WorkerSettings
from pigeonhole_api.worker.outcomes import Answered, Failed, Outcome, Refused, Unavailable
from pigeonhole_api.worker.pausing import Pause
from pigeonhole_api.worker.transformer import Transformer

_log = get_logger(__name__)


class DocumentWorker:
    """Takes as many documents as it has hands for, and no more."""

    def __init__(
        self, database: Database, store: DatasetStore, transformer: Transformer, settings: WorkerSettings, owner: str
    ) -> None:
        self._database = database
        self._store = store
        self._transformer = transformer
        self._settings = settings
        self._owner = owner
        self._changed = threading.Condition()
        self._held: set[str] = set()
        self._pause = Pause()
        self._stopping = False

    def run(self) -> None:
        """Work until `stop`, then finish what is in hand."""
        with ThreadPoolExecutor(self._settings.concurrency, thread_name_prefix="document") as hands:
            while self._wait_for_a_free_hand():
                taken = self._take()
                for lease in taken:
                    hands.submit(self._work, lease)
                if not taken:
                    self._rest(self._settings.poll_seconds)

    def stop(self) -> None:
        """Take nothing more."""
        with self._changed:
            self._stopping = True
            self._changed.notify_all()

    def held(self) -> tuple[str, ...]:
        """Return the ids of the documents that are in hand, whose leases are to be renewed."""
        with self._changed:
            return tuple(self._held)

    def _wait_for_a_free_hand(self) -> bool:
        """Wait until a document may be taken; False when none may be any more."""
        with self._changed:
            while not self._stopping:
                pause = self._pause.until - time.monotonic()
                if pause <= 0 and self._free() > 0:
                    return True
                self._changed.wait(pause if pause > 0 else None)
            return False

    def _free(self) -> int:
        hands = 1 if self._pause.is_probing else self._settings.concurrency
        return hands - len(self._held)

    def _rest(self, seconds: float) -> None:
        with self._changed:
            if not self._stopping:
                self._changed.wait(seconds)

    def _take(self) -> list[Lease]:
        with self._changed:
            # Less than none when the last hand has just found nobody, and a limit below 0 is no limit to SQLite.
            wanted = max(0, self._free())
        try:
            with self._database.read() as connection:
                if not leases.is_work_waiting(connection):
                    return []
            with self._database.write() as connection:
                expired = leases.end_expired(connection, most_attempts=self._settings.max_attempts)
                taken = leases.claim(connection, self._owner, wanted, seconds=self._settings.lease_seconds)
        except SQLAlchemyError as error:
            _count_fault("claim_failed", error)
            return []
        LEASES_EXPIRED.inc(expired)
        with self._changed:
            self._held.update(lease.document_id for lease in taken)
            IN_HAND.set(len(self._held))
        return taken

    def _work(self, lease: Lease) -> None:
        with bind_context(document_id=lease.document_id, job_id=lease.job_id):
            try:
                self._end(lease, self._classify(lease))
            except Exception as error:  # noqa: BLE001 - the lease ends by itself, as nobody renews it
                _count_fault("document_failed", error)
            finally:
                self._let_go(lease)

    def _classify(self, lease: Lease) -> Outcome:
        try:
            data = self._store.document(lease.sha256)
        except ObjectMissing:
            return Refused("content-missing", "The content is not in the storage.")
        except StorageError:
            _log.exception("storage_failed")
            return Unavailable()
        return self._transformer.classify(data, document_id=lease.document_id, job_id=lease.job_id)

    def _end(self, lease: Lease, outcome: Outcome) -> None:
        self._note_answering(outcome)
        with self._database.write() as connection:
            match outcome:
                case Answered(prediction):
                    kept, result = leases.finish(connection, lease, prediction), "answered"
                case Refused(reason, detail):
                    kept, result = leases.fail(connection, lease, reason, detail), "refused"
                case Failed(reason, detail) if lease.attempt >= self._settings.max_attempts:
                    kept, result = leases.fail(connection, lease, reason, detail), "failed"
                case Failed():
                    kept, result = leases.put_back(connection, lease), "put_back"
                case Unavailable():
                    kept, result = leases.release(connection, lease), "released"
        if not kept:
            RESULTS_DROPPED.inc()
            _log.warning("result_dropped", attempt=lease.attempt)
            return
        DOCUMENTS.labels(result).inc()
        if result == "answered":
            DOCUMENT_SECONDS.observe(max(0.0, time.time() - lease.created_at))
        _log.info("document_ended", result=result, attempt=lease.attempt)

    def _note_answering(self, outcome: Outcome) -> None:
        with self._changed:
            if isinstance(outcome, Unavailable):
                longest = self._settings.max_backoff_seconds
                present = time.monotonic()
                self._pause = self._pause.after_failure(present, retry_after=outcome.retry_after, longest=longest)
            else:
                self._pause = Pause()
            self._changed.notify_all()

    def _let_go(self, lease: Lease) -> None:
        with self._changed:
            self._held.discard(lease.document_id)
            IN_HAND.set(len(self._held))
            self._changed.notify_all()


def _count_fault(event: str, error: Exception) -> None:
    WORKER_FAULTS.labels(type(error).__name__).inc()
    _log.exception(event)
