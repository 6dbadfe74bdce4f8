"""What came of sending a webhook, and what follows from it: a pure decision."""

from dataclasses import dataclass
from enum import StrEnum

_GONE = 410
_GROWTH = 3.0
_JITTER = 0.25


class Unsent(StrEnum):
    """Why a receiver has given no answer."""

    SECRET_CHANGED = "secret-changed"  # noqa: S105 - the reason, not a secret
    HOST_UNKNOWN = "host-unknown"
    ADDRESS_REFUSED = "address-refused"
    UNREACHABLE = "unreachable"
    CERTIFICATE_REFUSED = "certificate-refused"
    TIMEOUT = "timeout"
    BROKEN_OFF = "broken-off"


@dataclass(frozen=True)
class Outcome:
    """A receiver's status, or the reason why there is none."""

    status: int | None = None
    reason: str | None = None


@dataclass(frozen=True)
class RetryRules:
    """How often a delivery is tried, and the pauses between: three times as long each time, up to the longest."""

    attempts: int
    first_seconds: float
    longest_seconds: float

    def pause(self, attempt: int, chance: float) -> float:
        """Return the seconds after a failed attempt, a quarter more or less by chance.

        Args:
            attempt: The attempt, counted from 1.
            chance: From 0 to 1; receivers that were down together are not all tried at once.
        """
        plain = min(self.longest_seconds, self.first_seconds * _GROWTH ** min(attempt - 1, 50))
        return plain * (1 + _JITTER * (2 * chance - 1))


@dataclass(frozen=True)
class Delivered:
    """The receiver has it."""


@dataclass(frozen=True)
class Again:
    """It is to be sent again."""

    seconds: float


@dataclass(frozen=True)
class GivenUp:
    """It was the last attempt."""


@dataclass(frozen=True)
class Gone:
    """The receiver wants nothing more, ever."""


Sequel = Delivered | Again | GivenUp | Gone


def what_follows(outcome: Outcome, attempt: int, rules: RetryRules, chance: float) -> Sequel:
    """Return what follows from an attempt; a redirect counts as a failure, as it would lead past the address check."""
    status = outcome.status or 0
    if 200 <= status < 300:
        return Delivered()
    if status == _GONE:
        return Gone()
    return GivenUp() if attempt >= rules.attempts else Again(rules.pause(attempt, chance))
