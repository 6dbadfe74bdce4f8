"""The registry as it was at the last poll: one for all ModelDeployments of a model, and none more often than asked."""

import asyncio
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta

from pigeonhole_operator.decision.observed import ModelVersion, Problem, Registry
from pigeonhole_operator.sources.ports import RegistryPort, SourceError

_NOT_ASKED = Problem("NotAsked", "The registry was not asked.")


@dataclass
class _Poll:
    """What is known of a model, from when, and who asks just now."""

    at: float = float("-inf")
    found: Registry | Problem = _NOT_ASKED
    versions: dict[str, ModelVersion | None] = field(default_factory=dict)
    asking: asyncio.Lock = field(default_factory=asyncio.Lock)


class RegistryPolls:
    """Asks the registry and remembers; a failure is remembered too, so that a registry that is down is let be."""

    def __init__(self, registry: RegistryPort, clock: Callable[[], float], now: Callable[[], datetime]) -> None:
        self._registry = registry
        self._clock = clock
        self._now = now
        self._polls: dict[str, _Poll] = {}

    def hint(self, model: str) -> None:
        """Have the next look at a model ask at once: something changed, or was changed by the operator."""
        if (poll := self._polls.get(model)) is not None:
            poll.at = float("-inf")

    async def look(self, model: str, interval: timedelta) -> Registry | Problem:
        """Return the aliases of a model, not older than an interval, and no versions."""
        poll = self._polls.setdefault(model, _Poll())
        async with poll.asking:
            if self._clock() - poll.at >= interval.total_seconds():
                await self._poll(model, poll)
        return poll.found

    async def with_versions(self, model: str, registry: Registry, versions: Iterable[str]) -> Registry | Problem:
        """Return the registry with some versions, as they were after the poll that it comes from."""
        poll = self._polls[model]
        async with poll.asking:
            known = poll.versions if poll.found is registry else {}
            missing = [version for version in versions if version not in known]
            try:
                found = await asyncio.gather(*(self._registry.version(model, version) for version in missing))
            except SourceError as error:
                return error.problem
            known.update(zip(missing, found, strict=True))
        return replace(registry, versions={version: known[version] for version in versions})

    async def _poll(self, model: str, poll: _Poll) -> None:
        # A hint that comes while the registry answers must not be lost.
        poll.at = self._clock()
        poll.versions = {}
        try:
            aliases: Mapping[str, str] = await self._registry.aliases(model)
        except SourceError as error:
            poll.found = error.problem
        else:
            poll.found = Registry(polled_at=self._now(), aliases=dict(aliases))
