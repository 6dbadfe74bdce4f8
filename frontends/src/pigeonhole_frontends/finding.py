"""What `pigeonhole doctor` says of one thing."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Finding:
    """One thing that was looked at: what, what was found, and what to do when it is not as it should be."""

    what: str
    ok: bool
    found: str
    fix: str | None = None
