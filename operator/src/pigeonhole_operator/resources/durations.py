"""Durations as Kubernetes writes them, such as `30s` or `1h30m`."""

import re
from datetime import timedelta
from typing import Annotated

from pydantic import BeforeValidator, PlainSerializer, WithJsonSchema

_PART = re.compile(r"([0-9]+(?:\.[0-9]+)?)(ms|h|m|s)")
# The API server takes more by itself, such as -5s and 100us.
_PATTERN = r"^([0-9]+(\.[0-9]+)?(ms|h|m|s))+$"
_SECONDS = {"h": 3600.0, "m": 60.0, "s": 1.0, "ms": 0.001}


def parse_duration(text: str) -> timedelta:
    """Return the duration that a text names.

    Raises:
        ValueError: The text is not a duration.
    """
    if not re.fullmatch(_PATTERN, text):
        raise ValueError(f"'{text}' is not a duration such as 30s or 1h30m")
    return timedelta(seconds=sum(float(number) * _SECONDS[unit] for number, unit in _PART.findall(text)))


def format_duration(duration: timedelta) -> str:
    """Return a duration as Kubernetes writes it, such as `1h30m`."""
    milliseconds = round(duration / timedelta(milliseconds=1))
    parts = []
    for unit, size in (("h", 3_600_000), ("m", 60_000), ("s", 1000), ("ms", 1)):
        count, milliseconds = divmod(milliseconds, size)
        if count:
            parts.append(f"{count}{unit}")
    return "".join(parts) or "0s"


def _read(value: object) -> object:
    return parse_duration(value) if isinstance(value, str) else value


Duration = Annotated[
    timedelta,
    BeforeValidator(_read),
    PlainSerializer(format_duration, when_used="json"),
    WithJsonSchema({"type": "string", "pattern": _PATTERN, "maxLength": 10}),
]
"""A duration in a resource."""
