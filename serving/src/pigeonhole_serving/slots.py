"""Bounded work in threads: so much at once, so much waiting, and a refusal for the rest."""

import asyncio
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import TypeVar

from pigeonhole_serving.admission import Admission
from pigeonhole_serving.errors import Reason, failure
from pigeonhole_serving.metrics import QUEUE_DEPTH, SLOTS_BUSY

T = TypeVar("T")


class Slots(Admission):
    """Runs blocking work off the event loop: `slots` at once, and `queue_size` more that wait."""

    def __init__(self, name: str, *, slots: int, queue_size: int) -> None:
        super().__init__(slots + queue_size)
        self._name = name
        self._turns = asyncio.Semaphore(slots)
        self._threads = ThreadPoolExecutor(slots, thread_name_prefix=name)
        self._waiting = 0
        self._busy = 0
        self._publish()

    async def run(self, work: Callable[[], T], *, deadline: float) -> T:
        """Return what the work returns, once a slot was free; the slot is held until its thread is done.

        Args:
            work: The blocking call.
            deadline: `time.monotonic()` until which to wait for a slot.

        Raises:
            ServingError: 504, when no slot became free in time; and whatever the work raises.
        """
        await self._wait_for_turn(deadline)
        self._busy += 1
        self._publish()
        running = asyncio.get_running_loop().run_in_executor(self._threads, work)
        running.add_done_callback(self._release)
        # Shielded: a caller that goes away must not free a slot whose thread still works.
        return await asyncio.shield(running)

    def close(self) -> None:
        """Take no more work."""
        self._threads.shutdown(wait=False, cancel_futures=True)

    async def _wait_for_turn(self, deadline: float) -> None:
        self._waiting += 1
        self._publish()
        try:
            async with asyncio.timeout(deadline - time.monotonic()):
                await self._turns.acquire()
        except TimeoutError as error:
            raise failure(Reason.TIMEOUT, "The request was not worked on in time.") from error
        finally:
            self._waiting -= 1
            self._publish()

    def _release(self, _: object) -> None:
        self._busy -= 1
        self._turns.release()
        self._publish()

    def _publish(self) -> None:
        SLOTS_BUSY.labels(self._name).set(self._busy)
        QUEUE_DEPTH.labels(self._name).set(self._waiting)
