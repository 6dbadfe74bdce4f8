"""One reading process and the thread that keeps it at work: starts it, feeds it, ends and replaces it."""

import threading
import time
from collections.abc import Callable
from enum import Enum
from typing import Any

from pigeonhole.documents import DocumentRefused, RefusalReason
from pigeonhole.errors import PigeonholeError
from pigeonhole.ocr.engine import ENGINE_MISSING, EngineFailure
from pigeonhole.ocr.pool.document_reading import DocumentReading, Loss
from pigeonhole.ocr.pool.errors import PoolStopped, PoolTimeout
from pigeonhole.ocr.pool.messages import Failed, Finished, Refused, Task
from pigeonhole.ocr.pool.process import ProcessLost, ReadingProcess
from pigeonhole.ocr.pool.settings import PoolSettings
from pigeonhole.ocr.pool.waiting_line import WaitingLine, Work
from pigeonhole.telemetry import get_logger

_log = get_logger(__name__)
_JOIN_SECONDS = 10.0
_KEEP_SECONDS = 5.0
_NOT_STARTED = "A process for reading documents did not start."
RECYCLED = "recycled"
"""The cause to replace a process that has read its share of pages; the others are a `Loss`."""


class SupervisorState(Enum):
    """Whether a supervisor's process works; replacing one that worked changes nothing."""

    STARTING = "starting"
    WORKING = "working"
    FAILED = "failed"


class Supervisor:
    """Keeps one reading process at work until the line is closed.

    Args:
        line: Where work comes from.
        spawn: Starts a process.
        settings: Deadlines and how many pages a process reads.
        on_state: Called from the supervisor's thread when `state` or `failure` has changed.
        on_replaced: Called with the cause when a process is replaced.
    """

    def __init__(
        self,
        line: WaitingLine,
        spawn: Callable[[], ReadingProcess],
        settings: PoolSettings,
        *,
        on_state: Callable[[], None],
        on_replaced: Callable[[str], None],
    ) -> None:
        self.state = SupervisorState.STARTING
        self.failure: EngineFailure | None = None
        self.engine = ""
        self._line = line
        self._spawn = spawn
        self._settings = settings
        self._on_state = on_state
        self._on_replaced = on_replaced
        self._process: ReadingProcess | None = None
        self._lock = threading.Lock()
        self._stopped = False
        self._kept = threading.Event()
        self._kept.set()
        self._thread = threading.Thread(target=self._run, name="reading-supervisor", daemon=True)

    def start(self) -> None:
        """Start the process and its work, without waiting for either."""
        self._thread.start()

    def kill(self) -> None:
        """End the process and start no other, at once unless it is just writing its cache; close the line as well."""
        self._kept.wait(_KEEP_SECONDS)
        with self._lock:
            self._stopped = True
            if self._process:
                self._process.kill()

    def join(self) -> None:
        """Wait until the supervisor has ended."""
        if self._thread.is_alive():
            self._thread.join(_JOIN_SECONDS)

    def _run(self) -> None:
        while not self._line.is_closed:
            if not self._started():
                self._line.pause(self._settings.start_again_seconds)
                continue
            work = self._line.take()
            if work:
                self._do(work)
        self._end()

    def _started(self) -> bool:
        try:
            self._ready()
        except EngineFailure as failure:
            _log.error("reading process not started", code=failure.code, detail=failure.message)
            self._set_state(SupervisorState.FAILED, failure)
        except PoolStopped:
            return False
        return self._process is not None

    def _do(self, work: Work) -> None:
        error: Exception | None = None
        result = None
        try:
            result = self._read(work)
        except PigeonholeError as refused:
            error = refused
        except Exception:  # noqa: BLE001 - the last net: the supervisor must live on, and so must the caller
            _log.exception("reading process not understood", request_id=work.request_id)
            self._replace(Loss.CRASH.value)
            error = EngineFailure("The reading process could not be understood.")
        self._kept.clear()
        # Before the caller learns of it, so that they find the place free.
        self._line.done(work)
        if error:
            work.future.set_exception(error)
        else:
            work.future.set_result(result)
        self._let_keep()
        if self._process and self._process.pages >= self._settings.recycle_pages:
            self._replace(RECYCLED)

    def _let_keep(self) -> None:
        """Wait until the process, if it has answered, has written its cache; losing that costs nobody an answer."""
        try:
            if self._process:
                self._process.wait_until_kept()
        except ProcessLost as lost:
            self._replace(lost.loss.value)
        finally:
            self._kept.set()

    def _read(self, work: Work) -> Any:
        """Return what the last step made of the document.

        Raises:
            DocumentRefused: The document cannot be read.
            EngineFailure: No document can be read.
            PoolTimeout: The caller's deadline passed.
            PoolStopped: The supervisor was stopped.
        """
        give_up = time.monotonic() + self._settings.document_deadline_seconds
        last = give_up if work.deadline is None else min(give_up, work.deadline)
        reading = DocumentReading(Task(work.data, work.view, work.request_id, work.sha256))
        while True:
            self._check_time(work, give_up)
            try:
                for answer in self._ready().answers(reading.task, last):
                    if isinstance(answer, Finished):
                        return answer.result
                    if isinstance(answer, Refused):
                        raise DocumentRefused(answer.reason, answer.detail)
                    if isinstance(answer, Failed):
                        raise EngineFailure(answer.message, code=answer.code, hint=answer.hint)
                    reading = reading.after(answer)
            except ProcessLost as lost:
                self._replace(lost.loss.value, request_id=work.request_id)
                self._check_time(work, give_up)
                reading = reading.after_loss(lost.loss)

    def _check_time(self, work: Work, give_up: float) -> None:
        if self._stopped:
            raise PoolStopped
        now = time.monotonic()
        if work.deadline is not None and now >= work.deadline:
            raise PoolTimeout
        if now >= give_up:
            raise DocumentRefused(RefusalReason.TIMEOUT, "The document took too long to read.")

    def _ready(self) -> ReadingProcess:
        """Return the process, started and warm.

        Raises:
            EngineFailure: It does not start.
            PoolStopped: The supervisor was stopped.
        """
        if self._process is None:
            started = time.monotonic()
            process = self._start(started + self._settings.start_deadline_seconds)
            self.engine = process.engine
            self._set_state(SupervisorState.WORKING, None)
            _log.info("reading process started", engine=self.engine, seconds=round(time.monotonic() - started, 3))
            return process
        return self._process

    def _start(self, deadline: float) -> ReadingProcess:
        try:
            process = self._spawn_unless_stopped()
            process.wait_until_ready(deadline)
        except (EngineFailure, PoolStopped):
            self._end()
            raise
        except Exception as error:
            exit_code = self._end()
            if self._stopped:
                raise PoolStopped from error
            _log.exception("reading process lost at its start", exit_code=exit_code)
            raise EngineFailure(_NOT_STARTED, code=ENGINE_MISSING, hint="The log says why.") from error
        return process

    def _spawn_unless_stopped(self) -> ReadingProcess:
        with self._lock:
            if self._stopped:
                raise PoolStopped
            self._process = self._spawn()
            return self._process

    def _replace(self, cause: str, **fields: object) -> None:
        exit_code = self._end()
        if not self._stopped:
            log = _log.info if cause == RECYCLED else _log.warning
            log("reading process replaced", cause=cause, exit_code=exit_code, **fields)
            self._on_replaced(cause)

    def _end(self) -> int | None:
        with self._lock:
            process, self._process = self._process, None
        return process.end() if process else None

    def _set_state(self, state: SupervisorState, failure: EngineFailure | None) -> None:
        self.state, self.failure = state, failure
        self._on_state()
