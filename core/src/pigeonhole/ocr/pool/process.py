"""The parent's handle on one reading process."""

import math
import multiprocessing
import os
import signal
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import replace
from multiprocessing.context import SpawnContext
from pathlib import Path
from typing import TypeVar

from pigeonhole.ocr.engine import EngineFailure
from pigeonhole.ocr.pool.document_reading import Loss
from pigeonhole.ocr.pool.messages import Answer, Failed, Given, PageDone, Ready, Task
from pigeonhole.ocr.pool.shared_bytes import SharedBytes
from pigeonhole.ocr.pool.worker import Finish, OpenReader, serve_reading

_SPAWN: SpawnContext = multiprocessing.get_context("spawn")
_GRACE_SECONDS = 1.0
"""What a page gets beyond its deadline, so that an engine which keeps the deadline itself need not be killed for it."""
_JOIN_SECONDS = 5.0
_LOOK_SECONDS = 0.05
"""Between two looks at a process's memory; a PDF that grows for ever takes 30 MB in that time."""
_MEMORY_PAGE = os.sysconf("SC_PAGE_SIZE")

T = TypeVar("T")


class ProcessLost(Exception):
    """The process ended, or was ended for its time or its memory; nothing more comes from it."""

    def __init__(self, loss: Loss) -> None:
        super().__init__(loss.value)
        self.loss = loss


class ReadingProcess:
    """A reading process that is starting or started; one thread talks to it, and any thread may kill it.

    `engine` is the recogniser and its version once the process is ready; `pages` counts what it has read.
    """

    def __init__(self, open_reader: OpenReader, finish: Finish, max_resident_bytes: int) -> None:
        # OpenMP reads it when its library is loaded, so it must be there before the process is (docs/ocr.md).
        os.environ["OMP_THREAD_LIMIT"] = "1"
        self._connection, theirs = _SPAWN.Pipe()
        self._document = SharedBytes()
        arguments = (theirs, self._document, open_reader, finish)
        self._process = _SPAWN.Process(target=serve_reading, args=arguments, daemon=True)
        self.engine = ""
        self.pages = 0
        self._page_seconds = 0.0
        self._max_resident_bytes = max_resident_bytes
        self._guard = _Guard(self._outlived)
        self._ended = False
        self._lock = threading.Lock()
        try:
            self._process.start()
        except BaseException:
            self._guard.end()
            self._document.close()
            raise
        finally:
            theirs.close()

    def wait_until_ready(self, deadline: float) -> None:
        """Wait until the process is warm, and learn its engine.

        Raises:
            EngineFailure: The process can read no document.
            ProcessLost: It ended, or was not ready by the deadline (`time.monotonic()`).
        """
        message: Ready | Failed = self._by(deadline, self._connection.recv)
        if isinstance(message, Failed):
            raise EngineFailure(message.message, code=message.code, hint=message.hint)
        self.engine = message.engine
        self._page_seconds = message.page_deadline_seconds + _GRACE_SECONDS

    def answers(self, task: Task, deadline: float) -> Iterator[Answer]:
        """Give the process a task and yield its answers, each of which may take as long as a page.

        Raises:
            ProcessLost: The process ended, grew too large, took too long for an answer or was not done by the deadline.
        """
        self._send(task)
        while True:
            answer: Answer = self._by(self._page_deadline(deadline), self._connection.recv)
            self.pages += isinstance(answer, PageDone)
            yield answer

    def wait_until_kept(self) -> None:
        """Wait until the process has put away what it read, after the last of its answers.

        Raises:
            ProcessLost: The process ended, or took longer than for a page.
        """
        self._by(self._page_deadline(math.inf), self._connection.recv)

    def kill(self) -> None:
        """End the process and all that it started, at once; whoever waits for it learns that it is lost."""
        with self._lock:
            if self._ended or self._process.pid is None:
                return
            # The group is there once the process has begun its work; before that it has started nothing.
            with suppress(ProcessLookupError, PermissionError):
                os.killpg(self._process.pid, signal.SIGKILL)
            self._process.kill()

    def end(self) -> int | None:
        """End the process and return its exit code."""
        self.kill()
        self._connection.close()
        self._document.close()
        self._guard.end()
        with self._lock:
            # From here on the process's id may be another's.
            self._ended = True
            self._process.join(_JOIN_SECONDS)
        return self._process.exitcode

    def _send(self, task: Task) -> None:
        # Without a guard: a message without its document is smaller than the pipe, so that nobody need take it.
        try:
            self._document.write(task.data)
            self._connection.send(Given(replace(task, data=b""), len(task.data)))
        except OSError as error:
            raise ProcessLost(self._guard.loss or Loss.CRASH) from error

    def _page_deadline(self, latest: float) -> float:
        return min(latest, time.monotonic() + self._page_seconds)

    def _by(self, deadline: float, exchange: Callable[[], T]) -> T:
        # A guard and not a poll: neither a process that takes no data nor one that stops half-way through a message
        # can hold the caller beyond the deadline.
        self._guard.watch(deadline)
        try:
            return exchange()
        except (EOFError, OSError) as error:
            raise ProcessLost(self._guard.loss or Loss.CRASH) from error
        finally:
            self._guard.rest()

    def _outlived(self, deadline: float) -> Loss | None:
        """Kill the process when it is not done by the deadline or holds too much memory, and return which it was."""
        loss = None
        if time.monotonic() >= deadline:
            loss = Loss.TIMEOUT
        elif self._resident_bytes() > self._max_resident_bytes:
            loss = Loss.MEMORY
        if loss:
            self.kill()
        return loss

    def _resident_bytes(self) -> int:
        """Return the memory that the process holds; 0 where the system has no /proc to tell it."""
        try:
            pages = Path(f"/proc/{self._process.pid}/statm").read_text(encoding="ascii").split()[1]
        except (OSError, IndexError):
            return 0
        return int(pages) * _MEMORY_PAGE


class _Guard:
    """A thread that looks at what is under way again and again, until it is done or lost.

    There is one for a process: a thread for each exchange would take longer to start than most exchanges last.

    Args:
        look: Called with the deadline; returns why the process was lost, if it was.
    """

    def __init__(self, look: Callable[[float], Loss | None]) -> None:
        self.loss: Loss | None = None
        self._look = look
        self._deadline: float | None = None
        self._is_resting = self._has_ended = False
        self._changed = threading.Condition()
        threading.Thread(target=self._run, name="reading-guard", daemon=True).start()

    def watch(self, deadline: float) -> None:
        """Look from now on, and at the deadline (`time.monotonic()`) at the latest."""
        with self._changed:
            self._deadline = deadline
            # A guard that looks anyway finds out by itself.
            if self._is_resting or deadline - time.monotonic() < _LOOK_SECONDS:
                self._changed.notify()

    def rest(self) -> None:
        """Look no more for now."""
        with self._changed:
            self._deadline = None

    def end(self) -> None:
        """End the thread."""
        with self._changed:
            self._has_ended = True
            self._changed.notify()

    def _run(self) -> None:
        with self._changed:
            while not self._has_ended and self.loss is None:
                self._is_resting = self._deadline is None
                if self._deadline is None:
                    self._changed.wait()
                    continue
                self._changed.wait(min(_LOOK_SECONDS, max(self._deadline - time.monotonic(), 0)))
                if self._deadline is not None:
                    self.loss = self._look(self._deadline)
