"""Answers that are worth keeping for a while."""

from collections.abc import Awaitable, Callable, Hashable
from typing import Generic, TypeVar

K = TypeVar("K", bound=Hashable)
V = TypeVar("V")


class Remembered(Generic[K, V]):
    """The last answers to questions that are expensive: at most `size` of them, each for `seconds`."""

    def __init__(self, clock: Callable[[], float], seconds: float, size: int = 128) -> None:
        self._clock = clock
        self._seconds = seconds
        self._size = size
        self._answers: dict[K, tuple[float, V]] = {}

    async def get(self, key: K, ask: Callable[[], Awaitable[V]]) -> V:
        """Return the answer to a question; one that fails is not remembered."""
        known = self._answers.get(key)
        if known is not None and self._clock() - known[0] < self._seconds:
            return known[1]
        return await self.renew(key, ask)

    async def renew(self, key: K, ask: Callable[[], Awaitable[V]]) -> V:
        """Ask whatever is remembered, and remember the answer."""
        answer = await ask()
        self._answers.pop(key, None)
        self._answers[key] = (self._clock(), answer)
        while len(self._answers) > self._size:
            del self._answers[next(iter(self._answers))]
        return answer

    def forget(self, key: K) -> None:
        """Have a question asked again."""
        self._answers.pop(key, None)
