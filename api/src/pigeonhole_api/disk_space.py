"""Space for uploads: a storage in a folder keeps some of its disk free, so that all else goes on when it fills."""

from collections.abc import Iterator
from dataclasses import dataclass

from prometheus_client.core import GaugeMetricFamily, Metric
from prometheus_client.registry import Collector

from pigeonhole.storage import LocalStorage, Storage


@dataclass(frozen=True)
class DiskSpace(Collector):
    """The disk of a storage, of which `least` bytes are kept free; S3 has none."""

    storage: Storage
    least: int

    @property
    def free(self) -> int | None:
        """Return the bytes that are free, or None when there is no disk to watch."""
        return self.storage.free_bytes() if isinstance(self.storage, LocalStorage) else None

    @property
    def is_short(self) -> bool:
        """Tell whether uploads are to be refused."""
        free = self.free
        return free is not None and free < self.least

    def collect(self) -> Iterator[Metric]:
        """Yield the free bytes for Prometheus, if there is a disk."""
        free = self.free
        if free is not None:
            yield GaugeMetricFamily("pigeonhole_storage_free_bytes", "Free bytes of the storage's disk.", value=free)
