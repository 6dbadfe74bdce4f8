"""So much work at once is let in, and the rest is asked to come back."""

from collections.abc import Iterator
from contextlib import contextmanager

from pigeonhole_serving.errors import overloaded


class Admission:
    """Counts the work that is in hand, in one thread; `limit` is how much that may be."""

    def __init__(self, limit: int) -> None:
        self._limit = limit
        self._admitted = 0

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
            raise overloaded()
        self._admitted += count
        try:
            yield
        finally:
            self._admitted -= count
