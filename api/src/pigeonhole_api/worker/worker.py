"""Documents from the queue to their results: take, classify, keep; release what nobody could answer.

Hands classify, and one thread alone writes: what ends while it is writing is written down together the next time, and
new documents are taken in the same transaction.
"""

import threading
import time
from collections.abc import Collection, Sequence
from concurrent.futures import ThreadPoolExecutor

from sqlalchemy import Connection
from sqlalchemy.exc import SQLAlchemyError

from pigeonhole.datasets import DatasetStore
from pigeonhole.storage import ObjectMissing, StorageError
from pigeonhole.telemetry import bind_context, get_logger
from pigeonhole_api.database import Database
from pigeonhole_api.metrics import IN_HAND, LEASES_EXPIRED
from pigeonhole_api.records import leases
from pigeonhole_api.records.leases import Lease
from pigeonhole_api.settings import WorkerSettings
from pigeonhole_api.worker.endings import Ending, EndingWriter, has_answers
from pigeonhole_api.worker.faults import count_fault
from pigeonhole_api.worker.outcomes import Outcome, Refused, Unavailable
from pigeonhole_api.worker.pausing import Pause
from pigeonhole_api.worker.transformer import Transformer

_EXPIRED_SECONDS = 0.5
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
        self._writer = EndingWriter(database, max_attempts=settings.max_attempts, audit_share=settings.audit_share)
        self._changed = threading.Condition()
        self._held: set[str] = set()
        self._ended: list[tuple[Lease, Outcome | None]] = []
        self._pause = Pause()
        self._rests_until = 0.0
        self._looks_for_expired_at = 0.0
        self._stopping = False

    def run(self) -> None:
        """Work until `stop`, then finish what is in hand."""
        with ThreadPoolExecutor(self._settings.concurrency, thread_name_prefix="document") as hands:
            while self._wait_for_a_turn():
                for lease in self._turn():
                    hands.submit(self._work, lease)

    def stop(self) -> None:
        """Take nothing more."""
        with self._changed:
            self._stopping = True
            self._changed.notify_all()

    def held(self) -> tuple[str, ...]:
        """Return the ids of the documents that are in hand, whose leases are to be renewed."""
        with self._changed:
            return tuple(self._held)

    def _wait_for_a_turn(self) -> bool:
        """Wait until a document has ended or one may be taken; False when none is in hand and none may be taken."""
        with self._changed:
            while not self._ended:
                if self._stopping and not self._held:
                    return False
                pause = max(self._pause.until, self._rests_until) - time.monotonic()
                may_take = self._free() > 0
                if may_take and pause <= 0:
                    return True
                self._changed.wait(pause if may_take else None)
            return True

    def _free(self, leaving: int = 0) -> int:
        """Return how many documents may be taken once some have left."""
        if self._stopping:
            return 0
        hands = 1 if self._pause.is_probing else self._settings.concurrency
        # Less than none when the last hand has just found nobody, and a limit below 0 is no limit to SQLite.
        return max(0, hands - len(self._held) + leaving)

    def _turn(self) -> list[Lease]:
        """Write down what became of the documents that have ended, let go of them, and return as many new ones."""
        with self._changed:
            ended, self._ended = self._ended, []
            wanted = 0 if self._pause.until > time.monotonic() else self._free(len(ended))
        taken = self._write_and_claim(
            [Ending(lease, outcome) for lease, outcome in ended if outcome is not None], wanted
        )
        with self._changed:
            self._held.difference_update(lease.document_id for lease, _ in ended)
            self._held.update(lease.document_id for lease in taken)
            IN_HAND.set(len(self._held))
            self._rests_until = 0.0 if taken else time.monotonic() + self._settings.poll_seconds
        return taken

    def _write_and_claim(self, endings: Sequence[Ending], wanted: int) -> list[Lease]:
        if not wanted:
            self._writer.write(endings)
            return []
        # Two kinds of work lock jobs, and each does it in one order: both in one transaction would not.
        if self._looks_for_expired_at > time.monotonic() and has_answers(endings):
            begun = {ending.lease.job_id for ending in endings}
            return self._writer.write(endings, lambda connection: self._claim(connection, wanted, begun))
        self._writer.write(endings)
        return self._claim_alone(wanted)

    def _claim(self, connection: Connection, wanted: int, begun: Collection[str] = ()) -> list[Lease]:
        seconds = self._settings.lease_seconds
        return leases.claim(connection, self._owner, wanted, seconds=seconds, begun=begun)

    def _claim_alone(self, wanted: int) -> list[Lease]:
        is_idle = self._rests_until > 0
        try:
            if is_idle and not self._is_work_waiting():
                return []
            with self._database.write() as connection:
                expired = self._end_expired(connection)
                taken = self._claim(connection, wanted)
        except SQLAlchemyError as error:
            count_fault("claim_failed", error)
            return []
        LEASES_EXPIRED.inc(expired)
        return taken

    def _is_work_waiting(self) -> bool:
        with self._database.read() as connection:
            return leases.is_work_waiting(connection)

    def _end_expired(self, connection: Connection) -> int:
        """Take work back from others, once in a while: a busy worker takes new work many times a second."""
        present = time.monotonic()
        if present < self._looks_for_expired_at:
            return 0
        self._looks_for_expired_at = present + _EXPIRED_SECONDS
        return leases.end_expired(connection, most_attempts=self._settings.max_attempts)

    def _work(self, lease: Lease) -> None:
        outcome: Outcome | None = None
        try:
            with bind_context(document_id=lease.document_id, job_id=lease.job_id):
                outcome = self._classify(lease)
        except Exception as error:  # noqa: BLE001 - the lease ends by itself, as nobody renews it
            count_fault("document_failed", error)
        with self._changed:
            if outcome is not None:
                self._note_answering(outcome)
            self._ended.append((lease, outcome))
            self._changed.notify_all()

    def _classify(self, lease: Lease) -> Outcome:
        try:
            data = self._store.document(lease.sha256)
        except ObjectMissing:
            return Refused("content-missing", "The content is not in the storage.")
        except StorageError:
            _log.exception("storage_failed")
            return Unavailable()
        return self._transformer.classify(data, document_id=lease.document_id, job_id=lease.job_id)

    def _note_answering(self, outcome: Outcome) -> None:
        if not isinstance(outcome, Unavailable):
            self._pause = Pause()
            return
        longest = self._settings.max_backoff_seconds
        self._pause = self._pause.after_failure(time.monotonic(), retry_after=outcome.retry_after, longest=longest)
