"""The clock by which periods are measured."""

import time


def steady() -> float:
    """Return seconds since some start; they go on while the machine sleeps, where the system can tell (Linux).

    `time.monotonic` stands still then, and a leader that slept would believe that it still leads.
    """
    if hasattr(time, "CLOCK_BOOTTIME"):
        return time.clock_gettime(time.CLOCK_BOOTTIME)
    return time.monotonic()
