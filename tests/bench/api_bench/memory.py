"""The highest memory that a process ever had."""

import re
from pathlib import Path

_PEAK = re.compile(r"^VmHWM:\s+(\d+) kB$", re.MULTILINE)


def peak_megabytes(pid: int) -> float:
    """Return the highest resident memory of a process since its start, as the kernel has kept it."""
    return peak_of(Path(f"/proc/{pid}/status").read_text(encoding="utf-8"))


def peak_of(status: str) -> float:
    """Return the peak in a process's status file, in megabytes.

    Raises:
        ValueError: There is none.
    """
    found = _PEAK.search(status)
    if found is None:
        raise ValueError("the status names no peak")
    return int(found[1]) * 1024 / 1_000_000
