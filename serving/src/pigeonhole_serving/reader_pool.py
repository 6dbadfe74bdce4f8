"""As many reader processes as there are slots."""

import asyncio
import time
from collections import deque

from pigeonhole.errors import PigeonholeError
from pigeonhole.ocr import EngineFailure
from pigeonhole.prediction import ReadDocument
from pigeonhole.telemetry import get_logger
from pigeonhole_serving.errors import Reason, failure
from pigeonhole_serving.reader_process import EngineState, ReaderProcess
from pigeonhole_serving.slots import Slots

_log = get_logger(__name__)
_START_SECONDS = 120.0
_START_AGAIN_SECONDS = 30.0


class ReaderPool:
    """Reads documents in child processes; its `slots` bound how many at once and how many wait."""

    def __init__(self, *, slots: int, queue_size: int, cache_url: str = "") -> None:
        self.slots = Slots("documents", slots=slots, queue_size=queue_size)
        self.problem: str | None = "The document readers are starting."
        self._readers = [ReaderProcess(cache_url) for _ in range(slots)]
        # There are as many readers as slots, so work that holds a slot always finds one here.
        self._idle = deque(self._readers)

    async def start(self) -> None:
        """Start all readers, again and again until they work; `problem` says why documents cannot be read."""
        while True:
            deadline = time.monotonic() + _START_SECONDS
            starts = [self.slots.run(self._start_one, deadline=deadline) for _ in self._readers]
            states = await asyncio.gather(*starts, return_exceptions=True)
            self.problem = next((problem for state in states if (problem := _problem_of(state))), None)
            _log.info("document readers started", readers=len(self._readers), problem=self.problem)
            if self.problem is None:
                return
            await asyncio.sleep(_START_AGAIN_SECONDS)

    async def read(self, data: bytes, *, with_boxes: bool, deadline: float, request_id: str) -> ReadDocument:
        """Read a document when a slot is free.

        Raises:
            DocumentRefused: The document cannot be read.
            ServingError: 503 or 504.
        """

        def work() -> ReadDocument:
            reader = self._idle.popleft()
            try:
                return reader.read(data, with_boxes=with_boxes, deadline=deadline, request_id=request_id)
            except EngineFailure as error:
                raise failure(Reason.NOT_READY, "The document readers do not start.") from error
            finally:
                self._idle.append(reader)

        return await self.slots.run(work, deadline=deadline)

    def stop(self) -> None:
        """End all readers."""
        self.slots.close()
        for reader in self._readers:
            reader.stop()

    def _start_one(self) -> EngineState:
        reader = self._idle.popleft()
        try:
            return reader.start()
        finally:
            self._idle.append(reader)


def _problem_of(state: EngineState | BaseException) -> str | None:
    if isinstance(state, EngineState):
        return state.problem
    if isinstance(state, PigeonholeError):
        return state.message
    raise state
