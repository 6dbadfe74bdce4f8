"""An event loop that runs in a thread beside the cases."""

import asyncio
import threading
from collections.abc import Coroutine
from typing import Any, TypeVar

T = TypeVar("T")


class LoopThread:
    """Runs what is asynchronous for callers that are not."""

    def __init__(self) -> None:
        self.loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self.loop.run_forever, name="e2e-loop", daemon=True)
        self._thread.start()

    def call(self, work: Coroutine[Any, Any, T], seconds: float = 30) -> T:
        """Return what a coroutine returns."""
        return asyncio.run_coroutine_threadsafe(work, self.loop).result(seconds)

    def start(self, work: Coroutine[Any, Any, None]) -> "asyncio.Task[None]":
        """Let a coroutine run on."""

        async def begun() -> asyncio.Task[None]:
            return asyncio.get_running_loop().create_task(work)

        return self.call(begun())

    def cancel(self, *tasks: "asyncio.Task[None]") -> None:
        """End what was started, and wait for its end."""

        async def ended() -> None:
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)

        self.call(ended())

    def close(self) -> None:
        self.loop.call_soon_threadsafe(self.loop.stop)
        self._thread.join()
        self.loop.close()
