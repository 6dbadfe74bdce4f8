"""One child process that reads one document at a time, so that a hostile file can only end its own reader."""

import multiprocessing
import os
import time
from contextlib import suppress
from dataclasses import dataclass
from multiprocessing.connection import Connection
from multiprocessing.context import SpawnContext, SpawnProcess

from pigeonhole.documents import DocumentRefused, RefusalReason, limit_memory
from pigeonhole.errors import PigeonholeError
from pigeonhole.ocr import ENGINE_MISSING, DocumentReader, EngineFailure, open_reader
from pigeonhole.prediction import ReadDocument, read_document
from pigeonhole.storage import open_storage
from pigeonhole.telemetry import bind_context, configure_logging, get_logger
from pigeonhole.text import clean_text
from pigeonhole_serving.errors import Reason, failure
from pigeonhole_serving.metrics import READER_RESTARTS

_log = get_logger(__name__)
_CONTEXT: SpawnContext = multiprocessing.get_context("spawn")
_START_SECONDS = 120.0
_STOP_SECONDS = 5.0


@dataclass(frozen=True)
class EngineState:
    """What a fresh reader found: `problem` is why it cannot read, in one sentence, or None."""

    engine: str
    version: str
    problem: str | None


@dataclass(frozen=True)
class _Work:
    data: bytes
    with_boxes: bool
    request_id: str


@dataclass(frozen=True)
class _Refusal:
    reason: RefusalReason
    detail: str


@dataclass(frozen=True)
class _Failure:
    code: str


class ReaderProcess:
    """The parent's handle on a reader; its methods block, and one thread at a time uses it."""

    def __init__(self, cache_url: str = "") -> None:
        self._cache_url = cache_url
        self._process: SpawnProcess | None = None
        self._connection: Connection | None = None

    def start(self) -> EngineState:
        """Start the child and return what it found once it is warm.

        Raises:
            EngineFailure: The child ended or did not answer.
        """
        self.stop()
        ours, theirs = _CONTEXT.Pipe()
        process = _CONTEXT.Process(target=serve_reader, args=(theirs, self._cache_url), daemon=True)
        process.start()
        theirs.close()
        self._process, self._connection = process, ours
        state = self._receive(ours, time.monotonic() + _START_SECONDS)
        if not isinstance(state, EngineState):
            raise EngineFailure("A reader process did not start.", code=ENGINE_MISSING)
        return state

    def read(self, data: bytes, *, with_boxes: bool, deadline: float, request_id: str) -> ReadDocument:
        """Have a document read.

        Args:
            data: The document.
            with_boxes: Whether to find the places of plain words.
            deadline: `time.monotonic()` at which the child is ended.
            request_id: For the child's log lines.

        Raises:
            DocumentRefused: The document cannot be read, or ended its reader.
            ServingError: 504 when the deadline passed, 503 when the engine is missing, 500 for a fault of ours.
            EngineFailure: A new child could not be started.
        """
        work = _Work(data, with_boxes, request_id)
        # A reader may end for a reason that is not the document's, such as the machine's memory: each gets two.
        answer = self._exchange(work, deadline) or self._exchange(work, deadline)
        if answer is None:
            raise DocumentRefused(RefusalReason.UNREADABLE, "The document made its reader fail.")
        if isinstance(answer, ReadDocument):
            return answer
        if isinstance(answer, _Refusal):
            raise DocumentRefused(answer.reason, answer.detail)
        if isinstance(answer, _Failure) and answer.code == ENGINE_MISSING:
            raise failure(Reason.NOT_READY, "The OCR engine does not work.")
        raise failure(Reason.INTERNAL, "The document could not be read because of a fault in the server.")

    def stop(self) -> None:
        """End the child and everything it started."""
        process, connection = self._process, self._connection
        self._process = self._connection = None
        if connection is not None:
            connection.close()
        if process is not None and process.pid is not None:
            # The child leads a process group, so its tesseract ends with it.
            with suppress(ProcessLookupError, PermissionError):
                os.killpg(process.pid, 9)
            process.kill()
            process.join(_STOP_SECONDS)

    def _exchange(self, work: _Work, deadline: float) -> object | None:
        """Return the child's answer, or None when the child ended."""
        if self._connection is None:
            self.start()
        assert self._connection is not None  # noqa: S101 - set by start
        with suppress(OSError):
            self._connection.send(work)
            return self._receive(self._connection, deadline)
        self._give_up()
        return None

    def _receive(self, connection: Connection, deadline: float) -> object | None:
        try:
            if not connection.poll(max(deadline - time.monotonic(), 0)):
                READER_RESTARTS.labels("timeout").inc()
                self.stop()
                raise failure(Reason.TIMEOUT, "The document was not read in time.")
            answer: object = connection.recv()
        except (EOFError, OSError):
            self._give_up()
            return None
        return answer

    def _give_up(self) -> None:
        READER_RESTARTS.labels("crash").inc()
        if self._process is not None:
            self._process.join(1)
            _log.warning("reader process lost", exit_code=self._process.exitcode)
        self.stop()


def serve_reader(connection: Connection, cache_url: str) -> None:
    """Read documents until the parent goes away; the child's whole life."""
    # A session of its own: a signal for the server's group must not end a document that is being read.
    os.setsid()
    configure_logging("transformer-reader")
    reader = open_reader(open_storage(cache_url) if cache_url else None)
    limit_memory(reader.limits)
    connection.send(_warm_up(reader))
    while True:
        try:
            work = connection.recv()
        except (EOFError, OSError):
            return
        with bind_context(request_id=work.request_id):
            answer = _answer(reader, work)
        try:
            connection.send(answer)
        except OSError:
            return


def _warm_up(reader: DocumentReader) -> EngineState:
    clean_text("Facture invoice")
    engine = reader.engine
    try:
        missing = engine.missing_languages()
        problem = f"The OCR engine lacks the language data {', '.join(missing)}." if missing else None
        return EngineState(engine.name, engine.version, problem)
    except EngineFailure as error:
        return EngineState(engine.name, "", error.message)


def _answer(reader: DocumentReader, work: _Work) -> ReadDocument | _Refusal | _Failure:
    try:
        return read_document(reader, work.data, with_boxes=work.with_boxes)
    except DocumentRefused as refusal:
        return _Refusal(refusal.reason, refusal.detail)
    except EngineFailure as error:
        _log.warning("ocr engine failed", code=error.code)
        if error.code == ENGINE_MISSING:
            return _Failure(error.code)
        return _Refusal(RefusalReason.UNREADABLE, "The OCR engine failed on the document.")
    except PigeonholeError as error:
        _log.error("document not read", code=error.code)
        return _Failure(error.code)
    except Exception:  # noqa: BLE001 - the parent counts the failure; the reader must live on
        _log.exception("document not read")
        return _Failure("internal")
