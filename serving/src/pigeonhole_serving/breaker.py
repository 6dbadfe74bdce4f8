"""A circuit breaker: whoever fails several times in a row is left alone for a while; pure functions."""

from dataclasses import dataclass, replace


@dataclass(frozen=True)
class BreakerLimits:
    """After how many failures in a row the circuit opens, and for how many seconds."""

    failures: int
    open_seconds: float


@dataclass(frozen=True)
class Breaker:
    """Failures in a row, and since when (in seconds of some clock) the circuit is open, if it is."""

    failures: int = 0
    open_since: float | None = None

    @property
    def is_open(self) -> bool:
        """Tell whether calls are held back."""
        return self.open_since is not None


CLOSED = Breaker()


def ask(breaker: Breaker, now: float, limits: BreakerLimits) -> tuple[bool, Breaker]:
    """Return whether a call may be made now, and the breaker from here on.

    An open circuit lets one call pass each `open_seconds`; what becomes of it closes the circuit or not.
    """
    if breaker.open_since is None:
        return True, breaker
    if now - breaker.open_since < limits.open_seconds:
        return False, breaker
    return True, replace(breaker, open_since=now)


def after_failure(breaker: Breaker, now: float, limits: BreakerLimits) -> Breaker:
    """Return the breaker after a call that failed."""
    failures = breaker.failures + 1
    return Breaker(failures, now if failures >= limits.failures else breaker.open_since)
