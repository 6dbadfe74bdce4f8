"""How the candidate does: whether it may be asked now."""

import time
from collections.abc import Callable

from pigeonhole.telemetry import get_logger
from pigeonhole_serving.breaker import CLOSED, Breaker, BreakerLimits, after_failure, ask
from pigeonhole_serving.metrics import BREAKER_OPEN
from pigeonhole_serving.routing import Candidate

_log = get_logger(__name__)


class Trial:
    """Holds the circuit breaker of the candidate that the routing names; another candidate begins anew."""

    def __init__(self, limits: BreakerLimits, clock: Callable[[], float] = time.monotonic) -> None:
        self._limits = limits
        self._clock = clock
        self._watched: tuple[str, str | None] | None = None
        self._breaker = CLOSED

    def may_ask(self, candidate: Candidate) -> bool:
        """Tell whether the candidate may be asked now; while its circuit is open, one document a while may."""
        watched = _name(candidate)
        if watched != self._watched:
            self._watched = watched
            self._set(CLOSED)
        allowed, self._breaker = ask(self._breaker, self._clock(), self._limits)
        return allowed

    def succeeded(self, candidate: Candidate) -> None:
        """Note an answer."""
        if _name(candidate) == self._watched:
            self._set(CLOSED)

    def failed(self, candidate: Candidate) -> None:
        """Note a failure; one of a candidate that is not on trial any more means nothing."""
        if _name(candidate) != self._watched:
            return
        was_open = self._breaker.is_open
        self._set(after_failure(self._breaker, self._clock(), self._limits))
        if self._breaker.is_open and not was_open:
            _log.error("candidate left alone", version=candidate.version, failures=self._breaker.failures)

    def _set(self, breaker: Breaker) -> None:
        self._breaker = breaker
        BREAKER_OPEN.set(breaker.is_open)


def _name(candidate: Candidate) -> tuple[str, str | None]:
    # A change of its weight leaves a candidate the one it was.
    return candidate.host, candidate.version
