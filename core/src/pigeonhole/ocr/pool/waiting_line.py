"""Work that waits for a reading process: bounded, the more urgent first."""

import threading
from collections import Counter, deque
from concurrent.futures import Future
from dataclasses import dataclass, field
from enum import Enum
from typing import Any, Protocol

from pigeonhole.ocr.engine import EngineFailure
from pigeonhole.ocr.page_text import View
from pigeonhole.ocr.pool.errors import PoolFull, PoolStopped


class Priority(Enum):
    """How urgent a document is; LOW ones are read while no NORMAL one waits."""

    NORMAL = "normal"
    LOW = "low"


class PoolObserver(Protocol):
    """What a pool tells those who watch it; called from several threads, it must be quick and not call the pool."""

    def changed(self, *, busy: int, waiting: int) -> None:
        """Take note of how many documents are read now, and how many wait."""

    def replaced(self, cause: str) -> None:
        """Take note that a process was replaced: `crash`, `timeout` or `recycled`."""


@dataclass(eq=False)
class Work:
    """A document that someone waits for, until the deadline (`time.monotonic()`) if there is one."""

    data: bytes
    view: View
    priority: Priority
    deadline: float | None
    request_id: str
    sha256: str
    future: Future[Any] = field(default_factory=Future)

    def fail(self, error: Exception) -> None:
        """Give the error to whoever waits, unless they left before."""
        if self.future.set_running_or_notify_cancel():
            self.future.set_exception(error)


class WaitingLine:
    """Where work waits; safe to use from several threads."""

    def __init__(self, *, room: int, observer: PoolObserver | None) -> None:
        self._lines: dict[Priority, deque[Work]] = {priority: deque() for priority in Priority}
        self._room = room
        self._observer = observer
        lock = threading.Lock()
        self._changed = threading.Condition(lock)
        self._has_closed = threading.Condition(lock)
        self._busy: Counter[Priority] = Counter()
        self._closed = False
        self._failure: EngineFailure | None = None

    def put(self, work: Work) -> None:
        """Let work wait; it leaves when its future is cancelled.

        Raises:
            PoolFull: As many of this priority wait as may wait.
            PoolStopped: The line is closed.
        """
        with self._changed:
            if self._closed:
                raise PoolStopped
            failure = self._failure
            if failure is None:
                self._append(work)
        if failure is not None:
            work.fail(_same(failure))
            return
        work.future.add_done_callback(lambda _: self.remove(work))

    def take(self) -> Work | None:
        """Wait for work and return it, its future running; None when the line is closed."""
        with self._changed:
            while not self._closed:
                work = self._next()
                if work is None:
                    self._changed.wait()
                    continue
                taken = work.future.set_running_or_notify_cancel()
                self._busy[work.priority] += taken
                self._publish()
                if taken:
                    return work
        return None

    def done(self, work: Work) -> None:
        """Take note that work which was taken is done."""
        with self._changed:
            self._busy[work.priority] -= 1
            self._publish()

    def remove(self, work: Work) -> bool:
        """Take waiting work out of the line, and tell whether it was there."""
        with self._changed:
            line = self._lines[work.priority]
            if work not in line:
                return False
            line.remove(work)
            self._publish()
            return True

    def pause(self, seconds: float) -> None:
        """Wait so long, or until the line is closed."""
        with self._has_closed:
            self._has_closed.wait_for(lambda: self._closed, timeout=seconds)

    def set_failure(self, failure: EngineFailure | None) -> None:
        """Fail what waits, and all that comes until there is no failure any more."""
        with self._changed:
            self._failure = failure
            left = self._drain() if failure else []
        for work in left:
            work.fail(_same(failure) if failure else PoolStopped())

    def close(self) -> None:
        """Take no more work, and fail what waits."""
        with self._changed:
            self._closed = True
            left = self._drain()
            self._changed.notify_all()
            self._has_closed.notify_all()
        for work in left:
            work.fail(PoolStopped())

    @property
    def is_closed(self) -> bool:
        """Tell whether the line takes no more work."""
        return self._closed

    def _append(self, work: Work) -> None:
        line = self._lines[work.priority]
        if len(line) + self._busy[work.priority] >= self._room:
            raise PoolFull
        line.append(work)
        self._publish()
        self._changed.notify()

    def _next(self) -> Work | None:
        line = next((line for line in self._lines.values() if line), None)
        return line.popleft() if line else None

    def _drain(self) -> list[Work]:
        left = [work for line in self._lines.values() for work in line]
        for line in self._lines.values():
            line.clear()
        self._publish()
        return left

    def _publish(self) -> None:
        if self._observer:
            self._observer.changed(busy=self._busy.total(), waiting=sum(len(line) for line in self._lines.values()))


def _same(failure: EngineFailure) -> EngineFailure:
    """Return another exception of the same content: one that is raised for many collects all their tracebacks."""
    return EngineFailure(failure.message, code=failure.code, hint=failure.hint)
