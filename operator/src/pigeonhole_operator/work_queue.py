"""Keys of what is to be looked at: each once however often it was added, and never by two workers at a time."""

import asyncio
import random
from collections.abc import Awaitable, Callable, Hashable
from dataclasses import dataclass
from typing import Generic, TypeVar

K = TypeVar("K", bound=Hashable)

_MAX_DOUBLINGS = 32
"""More would not fit a float's exponent some day; any limit is reached long before."""


@dataclass(frozen=True)
class Backoff:
    """Pauses after failures in a row: `first` seconds, doubled each time up to `limit`, half of it left to chance.

    The chance keeps keys that failed together from coming back together.
    """

    first: float = 1.0
    limit: float = 300.0

    def pause(self, failures: int, chance: float) -> float:
        """Return the pause after that many failures; `chance` is from 0 to 1."""
        whole = min(self.limit, self.first * 2.0 ** min(failures - 1, _MAX_DOUBLINGS))
        return whole * (1 + chance) / 2


class WorkQueue(Generic[K]):
    """A queue of keys with a due time each; it is closed at first, and takes nothing while it is closed."""

    def __init__(
        self,
        clock: Callable[[], float],
        sleep: Callable[[float], Awaitable[None]] = asyncio.sleep,
        backoff: Backoff = Backoff(),
        chance: Callable[[], float] = random.random,
    ) -> None:
        self._clock = clock
        self._sleep = sleep
        self._backoff = backoff
        self._chance = chance
        self._due: dict[K, float] = {}
        self._again: dict[K, float] = {}
        self._working: dict[K, float] = {}
        self._failures: dict[K, int] = {}
        self._changed = asyncio.Event()
        self._idle = asyncio.Event()
        self._idle.set()
        self._open = False

    @property
    def depth(self) -> int:
        """Return how many keys wait for a worker."""
        now = self._clock()
        return sum(due <= now for due in self._due.values())

    @property
    def oldest_seconds(self) -> float:
        """Return for how long the oldest key has been waiting for a worker or been worked on, whichever is longer."""
        now = self._clock()
        return max((now - since for since in (*self._due.values(), *self._working.values()) if since <= now), default=0)

    def open(self) -> None:
        """Take keys from now on."""
        self._open = True
        self._changed.set()

    def close(self) -> None:
        """Forget what waits, and take nothing until it is opened; what is worked on stays so until it is finished."""
        self._open = False
        self._due.clear()
        self._again.clear()
        self._failures.clear()

    def add(self, key: K, after: float = 0.0) -> None:
        """Have a key worked on once, in `after` seconds; an earlier time that it has already stays.

        One that is being worked on is worked on once more when that is finished.
        """
        if not self._open:
            return
        waiting = self._again if key in self._working else self._due
        due = self._clock() + after
        waiting[key] = min(due, waiting.get(key, due))
        self._changed.set()

    async def take(self) -> K:
        """Wait for a key that is due, and return it; it must be `finished` or `failed` afterwards."""
        while True:
            now = self._clock()
            key = min(self._due, key=self._due.__getitem__, default=None)
            if key is not None and self._due[key] <= now:
                del self._due[key]
                self._working[key] = now
                self._idle.clear()
                return key
            self._changed.clear()
            await self._wait(None if key is None else self._due[key] - now)

    async def idle(self) -> None:
        """Wait until no key is being worked on."""
        await self._idle.wait()

    def finished(self, key: K, again_after: float | None = None) -> None:
        """Say that a key was worked on well, and is due again after some seconds, if at all."""
        self._failures.pop(key, None)
        self._leave(key, again_after)

    def failed(self, key: K, at_least: float = 0.0) -> float:
        """Say that it failed, and return after how many seconds it is due again."""
        failures = self._failures[key] = self._failures.get(key, 0) + 1
        pause = max(at_least, self._backoff.pause(failures, self._chance()))
        self._leave(key, pause)
        return pause

    def _leave(self, key: K, after: float | None) -> None:
        del self._working[key]
        if (due := self._again.pop(key, None)) is not None:
            self.add(key, max(0.0, due - self._clock()))
        if after is not None:
            self.add(key, after)
        if not self._open:
            self._failures.pop(key, None)
        if not self._working:
            self._idle.set()

    async def _wait(self, seconds: float | None) -> None:
        waits: list[asyncio.Future[object]] = [asyncio.ensure_future(self._changed.wait())]
        if seconds is not None:
            waits.append(asyncio.ensure_future(self._sleep(seconds)))
        try:
            await asyncio.wait(waits, return_when=asyncio.FIRST_COMPLETED)
        finally:
            for wait in waits:
                wait.cancel()
