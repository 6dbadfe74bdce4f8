"""The front door: documents in, what came of them out, read by processes that may die."""

import asyncio
import threading
import time
from collections.abc import Callable
from concurrent.futures import Future
from types import TracebackType
from typing import Generic, TypeVar

from pigeonhole.ocr.engine import EngineFailure
from pigeonhole.ocr.page_text import DocumentText, View
from pigeonhole.ocr.pool.errors import PoolTimeout
from pigeonhole.ocr.pool.process import ReadingProcess
from pigeonhole.ocr.pool.settings import PoolSettings
from pigeonhole.ocr.pool.supervisor import Supervisor, SupervisorState
from pigeonhole.ocr.pool.waiting_line import PoolObserver, Priority, WaitingLine, Work
from pigeonhole.ocr.pool.worker import OpenReader

T = TypeVar("T")


class ReadingPool(Generic[T]):
    """Reads documents in processes of their own; a context manager, at the end of which they are gone.

    A page that ends its process, or takes too long, has failed, and the document's other pages are read. This process
    never looks into a document.

    Args:
        open_reader: Makes the reader; called in each process.
        finish: Makes the result of what was read; called in the process that read it. Both must be functions that
            another process can import, or `functools.partial` of such.
        settings: How many processes, and their limits; from the environment when not given.
        observer: Is told what the pool does.
    """

    def __init__(
        self,
        open_reader: OpenReader,
        finish: Callable[[DocumentText], T],
        settings: PoolSettings | None = None,
        observer: PoolObserver | None = None,
    ) -> None:
        self.settings = settings or PoolSettings()
        self._observer = observer
        self._line = WaitingLine(room=self.settings.room, observer=observer)
        self._state_changed = threading.Lock()
        self._supervisors = [
            Supervisor(
                self._line,
                lambda: ReadingProcess(open_reader, finish, self.settings.max_resident_bytes),
                self.settings,
                on_state=self._take_note,
                on_replaced=self._count_replaced,
            )
            for _ in range(self.settings.processes)
        ]

    def __enter__(self) -> "ReadingPool[T]":
        """Start the processes."""
        self.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """End the processes."""
        self.stop()

    def start(self) -> None:
        """Start the processes, once; work may be given at once and waits for them."""
        for supervisor in self._supervisors:
            supervisor.start()

    def stop(self) -> None:
        """End the processes at once; whoever still waits gets PoolStopped."""
        self._line.close()
        for supervisor in self._supervisors:
            supervisor.kill()
        for supervisor in self._supervisors:
            supervisor.join()

    @property
    def is_ready(self) -> bool:
        """Tell whether a process works; one that is being replaced counts."""
        return any(supervisor.state is SupervisorState.WORKING for supervisor in self._supervisors)

    @property
    def failure(self) -> EngineFailure | None:
        """Return why no process starts, or None while one works or may yet."""
        failures = [supervisor.failure for supervisor in self._supervisors]
        return failures[0] if all(failures) else None

    @property
    def engine(self) -> str:
        """Return the recogniser and its version, empty before a process has started."""
        return next((supervisor.engine for supervisor in self._supervisors if supervisor.engine), "")

    def submit(
        self,
        data: bytes,
        *,
        view: View,
        priority: Priority = Priority.NORMAL,
        deadline: float | None = None,
        request_id: str = "",
        sha256: str = "",
    ) -> Future[T]:
        """Have a document read.

        The future raises DocumentRefused when the document cannot be read, EngineFailure when no document can,
        PoolTimeout and PoolStopped. Cancelling it takes the document out of the line, if it still waits there.

        Args:
            data: The document.
            view: Whether to read it whole or take a first look.
            priority: LOW documents are read while no others wait.
            deadline: `time.monotonic()` until which the result is of use.
            request_id: For the log lines about it.
            sha256: The document's identity, where the caller knows it.

        Raises:
            PoolFull: As many documents wait as may wait.
            PoolStopped: The pool was stopped.
        """
        work = Work(data, view, priority, deadline, request_id, sha256)
        self._line.put(work)
        if deadline is not None:
            timer = threading.Timer(_seconds_until(deadline), self._expire, (work,))
            timer.daemon = True
            timer.start()
            work.future.add_done_callback(lambda _: timer.cancel())
        return work.future

    async def read(
        self,
        data: bytes,
        *,
        view: View,
        priority: Priority = Priority.NORMAL,
        deadline: float | None = None,
        request_id: str = "",
        sha256: str = "",
    ) -> T:
        """Return what came of a document; as `submit`, and what its future raises is raised."""
        work = Work(data, view, priority, deadline, request_id, sha256)
        self._line.put(work)
        reading: asyncio.Future[T] = asyncio.wrap_future(work.future)
        if deadline is None:
            return await reading
        # The loop has a clock, so that no thread need be started for each document.
        expiry = asyncio.get_running_loop().call_later(_seconds_until(deadline), self._expire, work)
        try:
            return await reading
        finally:
            expiry.cancel()

    def _expire(self, work: Work) -> None:
        # Work that was taken has the deadline of its process.
        if self._line.remove(work):
            work.fail(PoolTimeout())

    def _take_note(self) -> None:
        with self._state_changed:
            self._line.set_failure(self.failure)

    def _count_replaced(self, cause: str) -> None:
        if self._observer:
            self._observer.replaced(cause)


def _seconds_until(deadline: float) -> float:
    return max(deadline - time.monotonic(), 0)
