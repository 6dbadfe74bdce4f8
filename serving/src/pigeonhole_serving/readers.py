"""The transformer's reading processes: documents in, their texts out, failures as this server's errors."""

import time
from concurrent.futures import Future
from functools import partial

from pigeonhole.ocr import DocumentReader, EngineFailure, OcrSettings, View, open_reader
from pigeonhole.ocr.pool import PoolFull, PoolSettings, PoolStopped, PoolTimeout, Priority, ReadingPool
from pigeonhole.prediction import ReadDocument, clean_document
from pigeonhole.telemetry import configure_logging
from pigeonhole.text import clean_text
from pigeonhole_serving.admission import Admission
from pigeonhole_serving.errors import Reason, failure, overloaded
from pigeonhole_serving.metrics import QUEUE_DEPTH, READ_LATER, READER_RESTARTS, SLOTS_BUSY
from pigeonhole_serving.settings import ServingSettings

_QUEUE = "documents"
_LATER_SECONDS = 600.0


class Readers:
    """Reads documents in as many processes as there are slots; `admission` bounds the documents in hand."""

    def __init__(self, settings: ServingSettings) -> None:
        self._has_cache = bool(settings.cache_url)
        self.admission = Admission(settings.slots + settings.queue_size)
        # A document waits once at a time, so the pool has room for all that were let in, even for a request that is
        # larger than the limit.
        room = max(settings.queue_size, settings.max_documents)
        self._pool: ReadingPool[ReadDocument] = ReadingPool(
            # A setting that is wrong is found here and not in a reading process.
            partial(open_serving_reader, settings.cache_url, OcrSettings()),
            clean_document,
            PoolSettings(workers=settings.slots, queue_size=room),
            PoolMetrics(),
        )

    @property
    def problem(self) -> str | None:
        """Return why documents cannot be read, in one sentence, or None when they can."""
        if failed := self._pool.failure:
            return failed.message
        return None if self._pool.is_ready else "The document readers are starting."

    def start(self) -> None:
        """Start the processes, without waiting for them; `problem` tells how they are."""
        self._pool.start()

    async def read(self, data: bytes, *, sha256: str, view: View, deadline: float, request_id: str) -> ReadDocument:
        """Read a document when a process is free.

        Args:
            data: The document.
            sha256: Its identity.
            view: Whether to read it whole or take a first look.
            deadline: `time.monotonic()` until which the result is of use.
            request_id: For the log lines about it.

        Raises:
            DocumentRefused: The document cannot be read.
            ServingError: 503 or 504.
        """
        try:
            return await self._pool.read(data, view=view, deadline=deadline, request_id=request_id, sha256=sha256)
        except PoolTimeout as error:
            raise failure(Reason.TIMEOUT, "The document was not read in time.") from error
        except PoolFull as error:
            raise overloaded() from error
        except (EngineFailure, PoolStopped) as error:
            raise failure(Reason.NOT_READY, "The document readers do not work.") from error

    def read_later(self, data: bytes, *, sha256: str, request_id: str) -> None:
        """Have a document read whole while no other waits, so that its text is in the cache when someone wants it.

        Without a cache nothing is read, and nor is it while too many such documents wait: whoever wants the text then
        has it read.
        """
        if not self._has_cache:
            return
        try:
            deadline = time.monotonic() + _LATER_SECONDS
            later = self._pool.submit(
                data, view="full", priority=Priority.LOW, deadline=deadline, request_id=request_id, sha256=sha256
            )
        except (PoolFull, PoolStopped):
            READ_LATER.labels("dropped").inc()
            return
        later.add_done_callback(_count_later)

    def stop(self) -> None:
        """End the processes."""
        self._pool.stop()


def _count_later(later: Future[ReadDocument]) -> None:
    READ_LATER.labels("dropped" if later.cancelled() else "failed" if later.exception() else "ok").inc()


class PoolMetrics:
    """Shows what the pool does."""

    def changed(self, *, busy: int, waiting: int) -> None:
        """Show how many documents are read now, and how many wait."""
        SLOTS_BUSY.labels(_QUEUE).set(busy)
        QUEUE_DEPTH.labels(_QUEUE).set(waiting)

    def replaced(self, cause: str) -> None:
        """Count a process that was replaced."""
        READER_RESTARTS.labels(cause).inc()


def open_serving_reader(cache_url: str, settings: OcrSettings) -> DocumentReader:
    """Return the reader of a reading process, with all that cleaning needs loaded.

    Raises:
        EngineFailure: The OCR engine is missing.
        StorageError: There is no such cache.
    """
    configure_logging("transformer-reader")
    clean_text("Facture invoice")
    return open_reader(cache_url, settings)
