"""The cache kept true: by what watches tell, and by lists that find what no watch told."""

import asyncio
from collections.abc import Callable, Iterable

from pigeonhole.telemetry import get_logger
from pigeonhole_operator.cluster.cache import Cache, Key
from pigeonhole_operator.cluster.errors import ClusterError, Forbidden, NotFound
from pigeonhole_operator.cluster.kinds import WATCHED, Kind, Raw, named
from pigeonhole_operator.cluster.kube import KubePort

_log = get_logger(__name__)
_DELETED = "DELETED"


class Informer:
    """Takes what is told of objects into the cache, and names the ModelDeployments that it matters to."""

    def __init__(
        self,
        cluster: KubePort,
        cache: Cache,
        namespace: str | None,
        concerns: Callable[[Key], None],
        clock: Callable[[], float],
    ) -> None:
        self._cluster = cluster
        self._cache = cache
        self._namespace = namespace
        self._concerns = concerns
        self._clock = clock
        self._heard_at = clock()
        self.synced = False
        self.missed = 0
        """Comparisons in a row that found what a watch should have told, with no event among them."""

    @property
    def silent_seconds(self) -> float:
        """Return the time since the last event, or the last comparison with a list, was over."""
        return self._clock() - self._heard_at

    def tell(self, kind: str, event: str | None, raw: Raw) -> None:
        """Take in an event of a watch: ADDED, MODIFIED, DELETED, or None for what it found at its start."""
        self._heard_at = self._clock()
        if event is not None:
            self.missed = 0
        news = self._cache.remove(kind, raw) if event == _DELETED else self._cache.put(kind, raw)
        if news:
            self._concern(kind, (raw,))

    async def run(self, pause: float) -> None:
        """Compare with lists for ever; a list that fails is tried again at the next turn."""
        while True:
            await asyncio.sleep(pause)
            try:
                await self.resync()
            except ClusterError as error:
                # The loop lives, and a restart would not bring the API server back; it may bring other credentials.
                if not isinstance(error, Forbidden):
                    self._heard_at = self._clock()
                _log.warning("resync_failed", reason=error.code)

    async def resync(self) -> int:
        """Compare the cache with fresh lists, and return how many objects no watch had told of.

        Raises:
            ClusterError: A kind could not be listed.
        """
        found = 0
        for kind in WATCHED:
            found += await self._compare(kind)
        if self.synced and found:
            self.missed += 1
            _log.warning("watch_behind", objects=found, times=self.missed)
        self._heard_at = self._clock()
        self.synced = True
        return found

    async def _compare(self, kind: Kind) -> int:
        try:
            listing = await self._cluster.list_all(kind, self._namespace)
        except NotFound as error:
            raise NotFound(f"The cluster does not know {named(kind)}: its CRD is not installed.") from error
        differences = self._cache.resync(named(kind), listing.objects, listing.resource_version)
        self._concern(named(kind), (*differences.changed, *differences.gone))
        return differences.count

    def _concern(self, kind: str, objects: Iterable[Raw]) -> None:
        for raw in objects:
            for key in self._cache.owners(kind, raw):
                self._concerns(key)
