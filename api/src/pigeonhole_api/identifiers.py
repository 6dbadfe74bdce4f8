"""Ids of rows: a prefix that says what it is, and a UUID version 7, so that ids sort by their creation."""

import secrets
import threading
import time

_lock = threading.Lock()
_last = 0


def new_id(prefix: str) -> str:
    """Return a new id such as `job_0190a0b0...`; ids of one process grow strictly."""
    return f"{prefix}_{_uuid7():032x}"


def _uuid7() -> int:
    """Return an RFC 9562 version 7 UUID: 48 bits of milliseconds, then 74 random bits around version and variant."""
    global _last
    with _lock:
        fresh = (time.time_ns() // 1_000_000 << 74) | secrets.randbits(74)
        # Within one millisecond chance decides the order, so the number before is the floor.
        _last = max(fresh, _last + 1)
        value = _last
    high, low = value >> 62, value & ((1 << 62) - 1)
    moment, random_a = high >> 12, high & 0xFFF
    return (moment << 80) | (0x7 << 76) | (random_a << 64) | (0b10 << 62) | low
