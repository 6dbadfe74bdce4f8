"""How long a job's documents are kept after its end: a pure rule."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

DAY = 86_400.0
"""Seconds."""


@dataclass(frozen=True)
class Retention:
    """Days after a job's end, for tenants that are named and for all others; 0 is for ever."""

    days: float
    days_of_tenants: Mapping[str, float]

    def seconds(self, tenant: str | None = None) -> float | None:
        """Return how long documents of a tenant, or of one that is not named, are kept, or None for ever."""
        days = self.days if tenant is None else self.days_of_tenants.get(tenant, self.days)
        return days * DAY or None

    def until(self, tenant: str, finished_at: datetime | None) -> datetime | None:
        """Return when a tenant's job is deleted by itself, or None while it is at work, or for ever."""
        kept = self.seconds(tenant)
        return None if finished_at is None or kept is None else finished_at + timedelta(seconds=kept)
