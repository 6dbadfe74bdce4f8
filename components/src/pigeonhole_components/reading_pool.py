"""Reading processes under supervision: one that dies or hangs costs its document and nothing else."""

import contextlib
import multiprocessing
import os
import signal
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from multiprocessing.connection import Connection, wait
from multiprocessing.context import SpawnProcess
from types import TracebackType

from pydantic import Field
from pydantic_settings import BaseSettings, SettingsConfigDict

from pigeonhole.documents import RefusalReason
from pigeonhole.telemetry import get_logger
from pigeonhole_components.cpus import usable_cpus
from pigeonhole_components.errors import StepError
from pigeonhole_components.reading_worker import (
    ReadDocument,
    ReadingJob,
    WorkerFailed,
    WorkerReady,
    refused_document,
    work,
)

_log = get_logger(__name__)


class ReadingSettings(BaseSettings):
    """How many documents are read at once; each is an environment variable `PIGEONHOLE_READING_<NAME>`."""

    model_config = SettingsConfigDict(env_prefix="PIGEONHOLE_READING_", frozen=True)

    workers: int = Field(0, ge=0, description="Reading processes; 0 means one for each CPU that this process may use.")
    document_deadline_seconds: float = Field(
        300.0, gt=0, description="Seconds for a document, after which its process is ended and the document refused."
    )
    start_deadline_seconds: float = Field(120.0, gt=0, description="Seconds for a reading process to start.")

    @property
    def processes(self) -> int:
        """Return the number of reading processes."""
        return self.workers or usable_cpus()


@dataclass
class _Worker:
    process: SpawnProcess
    connection: Connection
    sha256: str | None
    deadline: float


class ReadingPool:
    """Processes that read documents; a context manager, at the end of which they are gone."""

    def __init__(self, job: ReadingJob, settings: ReadingSettings, documents: Sequence[str]) -> None:
        self._job = job
        self._settings = settings
        self._waiting = list(reversed(documents))
        self._workers: list[_Worker] = []
        self.engine = ""

    def __enter__(self) -> "ReadingPool":
        """Start the processes; no more of them than there are documents."""
        self._workers = [self._start() for _ in range(min(self._settings.processes, len(self._waiting)))]
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """End the processes."""
        for worker in self._workers:
            _end(worker)

    def results(self) -> Iterator[tuple[str, ReadDocument]]:
        """Yield every document with what came of it, in the order in which they are done.

        Raises:
            StepError: The processes cannot read any document; the code is the failure's own.
        """
        while self._workers:
            now = time.monotonic()
            patience = max(0.0, min(worker.deadline for worker in self._workers) - now)
            ready = wait([worker.connection for worker in self._workers], timeout=patience)
            for worker in list(self._workers):
                if worker.connection in ready:
                    yield from self._receive(worker)
                elif time.monotonic() >= worker.deadline:
                    yield from self._replace(worker, RefusalReason.TIMEOUT, "Reading the document took too long.")

    def _receive(self, worker: _Worker) -> Iterator[tuple[str, ReadDocument]]:
        try:
            answer = worker.connection.recv()
        except (EOFError, ConnectionResetError):
            yield from self._replace(worker, RefusalReason.UNREADABLE, "Reading the document ended its process.")
            return
        if isinstance(answer, WorkerFailed):
            raise StepError(answer.message, code=answer.code, hint=answer.hint)
        if isinstance(answer, WorkerReady):
            self.engine = answer.engine
        elif worker.sha256 is not None:
            yield worker.sha256, answer
        self._assign(worker)

    def _assign(self, worker: _Worker) -> None:
        if not self._waiting:
            self._workers.remove(worker)
            _end(worker)
            return
        worker.sha256 = self._waiting.pop()
        worker.deadline = time.monotonic() + self._settings.document_deadline_seconds
        # Of a process that is gone already, the next wait tells.
        with contextlib.suppress(BrokenPipeError):
            worker.connection.send(worker.sha256)

    def _replace(self, worker: _Worker, reason: RefusalReason, detail: str) -> Iterator[tuple[str, ReadDocument]]:
        self._workers.remove(worker)
        _end(worker)
        if worker.sha256 is None:
            raise StepError(
                "ocr: a reading process did not start.",
                code="ocr-failed",
                hint="Look at the step's log for the reason.",
            )
        _log.warning("reading process replaced", document_id=worker.sha256, reason=reason.value)
        yield worker.sha256, refused_document(worker.sha256, reason.value, detail)
        if self._waiting:
            self._workers.append(self._start())

    def _start(self) -> _Worker:
        spawn = multiprocessing.get_context("spawn")
        connection, theirs = spawn.Pipe()
        process = spawn.Process(target=work, args=(theirs, self._job), daemon=True)
        process.start()
        theirs.close()
        return _Worker(process, connection, None, time.monotonic() + self._settings.start_deadline_seconds)


def _end(worker: _Worker) -> None:
    worker.connection.close()
    if worker.process.pid is not None:
        # The group is there once the process works; one that is still starting has no children yet.
        with contextlib.suppress(ProcessLookupError):
            os.killpg(worker.process.pid, signal.SIGKILL)
    worker.process.kill()
    worker.process.join()
    worker.process.close()
