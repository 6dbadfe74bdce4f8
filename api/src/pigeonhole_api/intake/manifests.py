"""The identity of what a job holds: the same files make the same job, however they came."""

import hashlib
from collections.abc import Iterable, Sequence

from pigeonhole_api.models import DeclaredDocument


def manifest_sha256(files: Iterable[tuple[str, str]]) -> str:
    """Return the identity of files by their hashes and names, whatever order they came in."""
    return _digest(f"{sha256} {name}" for sha256, name in files)


def declared_sha256(declared: Sequence[DeclaredDocument]) -> str:
    """Return the identity of declared files: that of the files themselves when all hashes are known."""
    hashes = [(each.sha256, each.name) for each in declared]
    known = [(sha256, name) for sha256, name in hashes if sha256 is not None]
    if len(known) == len(hashes):
        return manifest_sha256(known)
    return _digest(f"declared {each.sha256} {each.size} {each.name}" for each in declared)


def _digest(lines: Iterable[str]) -> str:
    return hashlib.sha256("\n".join(sorted(lines)).encode()).hexdigest()
