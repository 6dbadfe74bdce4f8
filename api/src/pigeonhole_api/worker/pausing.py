"""How long to leave a transformer alone that does not answer: a pure calculation."""

from dataclasses import dataclass

_FIRST_SECONDS = 0.2


@dataclass(frozen=True)
class Pause:
    """Failures in a row, and the moment until which nothing is sent; moments are `time.monotonic()`."""

    failures: int = 0
    until: float = 0.0

    @property
    def is_probing(self) -> bool:
        """Tell whether one document at a time is enough, because the last one found nobody."""
        return self.failures > 0

    def after_failure(self, now: float, *, retry_after: float | None, longest: float) -> "Pause":
        """Return the pause after nobody answered: twice as long each time, or as long as was told."""
        # Documents that were under way together are one failure.
        failures = self.failures + 1 if now >= self.until else self.failures
        own = _FIRST_SECONDS * 2.0 ** min(failures - 1, 16)
        wait = min(longest, max(own, retry_after or 0.0))
        return Pause(failures, max(self.until, now + wait))
