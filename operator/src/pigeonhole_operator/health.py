"""Whether the process is alive, and whether it is ready: judged by what it did lately, never by others' health."""

import asyncio
from collections.abc import Callable
from dataclasses import dataclass
from typing import Protocol

from pigeonhole_operator.settings import OperatorSettings

_BEAT_SECONDS = 0.5
_MISSED_LIMIT = 3
"""Comparisons in a row that found what watches should have told, with no event from any; then they are dead."""


class Hearing(Protocol):
    """What is known of the watches."""

    synced: bool
    missed: int

    @property
    def silent_seconds(self) -> float:
        """Return the time since the last event or comparison."""


class Waiting(Protocol):
    """What is known of the work."""

    @property
    def oldest_seconds(self) -> float:
        """Return the age of the oldest work."""


@dataclass
class Heartbeat:
    """How late the event loop is with what is due; a stuck loop cannot answer, and one that was stuck shows here."""

    clock: Callable[[], float]
    lag: float = 0.0

    async def run(self) -> None:
        """Measure for ever."""
        while True:
            started = self.clock()
            await asyncio.sleep(_BEAT_SECONDS)
            self.lag = max(0.0, self.clock() - started - _BEAT_SECONDS)


class Health:
    """The answers of the probes: what is wrong, in sentences, and nothing when all is well."""

    def __init__(self, hearing: Hearing, waiting: Waiting, heartbeat: Heartbeat, settings: OperatorSettings) -> None:
        self._hearing = hearing
        self._waiting = waiting
        self._heartbeat = heartbeat
        self._settings = settings
        self.stopping = False

    def dead(self) -> list[str]:
        """Return why the process should be started anew."""
        limits = self._settings
        found = []
        if self._hearing.silent_seconds > limits.silence_limit_seconds:
            found.append(f"No event and no comparison for {self._hearing.silent_seconds:.0f} s.")
        if self._hearing.missed >= _MISSED_LIMIT:
            found.append(f"{self._hearing.missed} comparisons in a row found what no watch had told.")
        if self._waiting.oldest_seconds > limits.queue_age_limit_seconds:
            found.append(f"Work is due for {self._waiting.oldest_seconds:.0f} s.")
        if self._heartbeat.lag > limits.loop_lag_limit_seconds:
            found.append(f"The event loop lags by {self._heartbeat.lag:.1f} s.")
        return found

    def unready(self) -> list[str]:
        """Return why the process neither leads nor could take over at once."""
        if self.stopping:
            return ["The process is ending."]
        return [] if self._hearing.synced else ["The cluster's objects have not been read yet."]
