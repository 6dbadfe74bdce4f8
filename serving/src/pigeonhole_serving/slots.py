"""Bounded work in threads: so much at once, so much waiting, and a refusal for the rest."""

import asyncio
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from typing import TypeVar

from pigeonhole_serving.errors import Reason, failure
from pigeonhole_serving.metrics import QUEUE_DEPTH, SLOTS_BUSY

T = TypeVar("T")


class Slots:
    """Runs blocking work off the event loop: `slots` at once, and `queue_size` more that wait."""

    def __init__(self, name: str, *, slots: int, queue_size: int) -> None:
        self._name = name
        self._limit = slots + queue_size
        self._turns = asyncio.Semaphore(slots)
        self._threads = ThreadPoolExecutor(slots, thread_name_prefix=name)
        self._admitted = 0
        self._busy = 0
        self._publish()

    @property
    def is_full(self) -> bool:
        """Tell whether more work would be refused now."""
        return self._admitted >= self._limit

    @contextmanager
    def admit(self, count: int) -> Iterator[None]:
        """Hold places for `count` pieces of work that belong together.

        Raises:
            ServingError: 503, when there is not room for all; work that is larger than the limit is let in when
                nothing else is there.
        """
        if self._admitted and self._admitted + count > self._limit:
            raise failure(Reason.OVERLOADED, "The server is busy; send the request again later.")
        self._admitted += count
        self._publish()
        try:
            yield
        finally:
            self._admitted -= count
            self._publish()

    async def run(self, work: Callable[[], T], *, deadline: float) -> T:
        """Return what the work returns, once a slot was free; the slot is held until its thread is done.

        Args:
            work: The blocking call.
            deadline: `time.monotonic()` until which to wait for a slot.

        Raises:
            ServingError: 504, when no slot became free in time; and whatever the work raises.
        """
        try:
            async with asyncio.timeout(deadline - time.monotonic()):
                await self._turns.acquire()
        except TimeoutError as error:
            raise failure(Reason.TIMEOUT, "The request was not worked on in time.") from error
        self._busy += 1
        self._publish()
        running = asyncio.get_running_loop().run_in_executor(self._threads, work)
        running.add_done_callback(self._release)
        # Shielded: a caller that goes away must not free a slot whose thread still works.
        return await asyncio.shield(running)

    def close(self) -> None:
        """Take no more work."""
        self._threads.shutdown(wait=False, cancel_futures=True)

    def _release(self, _: object) -> None:
        self._busy -= 1
        self._turns.release()
        self._publish()

    def _publish(self) -> None:
        SLOTS_BUSY.labels(self._name).set(self._busy)
        QUEUE_DEPTH.labels(self._name).set(max(self._admitted - self._busy, 0))
