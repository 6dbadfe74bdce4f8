"""Time that passes only when a test says so."""

import asyncio
from collections.abc import Awaitable
from typing import TypeVar

_T = TypeVar("_T")
_TURNS = 20
"""Turns of the event loop after which everything that can go on has gone on."""


class FakeTime:
    """A clock, and a sleep that ends when the clock gets there."""

    def __init__(self) -> None:
        self.now = 1000.0
        self._sleepers: list[tuple[float, asyncio.Future[None]]] = []

    def __call__(self) -> float:
        return self.now

    async def sleep(self, seconds: float) -> None:
        future: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._sleepers.append((self.now + seconds, future))
        await future

    async def pass_by(self, seconds: float) -> None:
        """Let time pass, and all that was waiting for it go on."""
        self.now += seconds
        due = [future for moment, future in self._sleepers if moment <= self.now and not future.done()]
        self._sleepers = [(moment, future) for moment, future in self._sleepers if moment > self.now]
        for future in due:
            future.set_result(None)
        await settle()


async def settle() -> None:
    """Let all tasks run until they wait."""
    for _ in range(_TURNS):
        await asyncio.sleep(0)


async def started(awaitable: Awaitable[_T]) -> "asyncio.Future[_T]":
    """Return the future of something that has begun and gone as far as it can."""
    future = asyncio.ensure_future(awaitable)
    await settle()
    return future
