"""Times between rows and values."""

from datetime import UTC, datetime
from typing import overload


@overload
def to_moment(seconds: float) -> datetime: ...
@overload
def to_moment(seconds: float | None) -> datetime | None: ...
def to_moment(seconds: float | None) -> datetime | None:
    """Return seconds since 1970 as a time in UTC."""
    return None if seconds is None else datetime.fromtimestamp(seconds, UTC)
