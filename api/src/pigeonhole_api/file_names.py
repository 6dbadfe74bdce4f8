"""Files' names as they are kept."""

import re
from collections.abc import Iterable
from pathlib import PurePosixPath

LONGEST = 255
_CONTROLS = re.compile(r"[\x00-\x1f\x7f]")


def clean_name(name: str) -> str:
    """Return a file's name as it is kept: without control characters, not empty, and not too long."""
    return _CONTROLS.sub("", name).strip()[:LONGEST] or "unnamed"


def unique_names(names: Iterable[str]) -> list[str]:
    """Return the names as they are kept, each once: the second `scan.pdf` is `scan (2).pdf`."""
    found: list[str] = []
    taken: set[str] = set()
    for name in map(clean_name, names):
        unique, number = name, 1
        while unique in taken:
            number += 1
            unique = _numbered(name, number)
        taken.add(unique)
        found.append(unique)
    return found


def _numbered(name: str, number: int) -> str:
    suffix = PurePosixPath(name).suffix
    mark = f" ({number}){suffix}"
    return name.removesuffix(suffix)[: LONGEST - len(mark)] + mark
