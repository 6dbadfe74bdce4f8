"""An uploaded file: measured, looked at, kept by its sha256, or refused with a reason."""

import hashlib
from collections.abc import Callable, Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import IO

from pigeonhole.datasets import DatasetStore
from pigeonhole.documents import DocumentLimits, DocumentRefused, RefusalReason, inspect_document
from pigeonhole.telemetry.http import REJECTED
from pigeonhole_api.file_names import clean_name

_BLOCK = 1 << 20


@dataclass(frozen=True)
class Incoming:
    """A file that has arrived and lies in memory or in a temporary file."""

    name: str
    content: IO[bytes]


@dataclass(frozen=True)
class Measured:
    """A file whose content is known by its hash."""

    name: str
    size: int
    sha256: str
    content: IO[bytes]


@dataclass(frozen=True)
class Received:
    """A file that was looked at; a refused one has a reason, and is kept too unless it is empty or too large.

    One that was too large to be read to its end has no hash.
    """

    name: str
    size: int
    sha256: str
    stored: bool
    media_type: str | None = None
    pages: int | None = None
    reason: str | None = None
    detail: str | None = None


def measure(files: Iterable[Incoming]) -> list[Measured]:
    """Return size and hash of each file, read block by block."""
    return [_measure(file) for file in files]


def keep(
    files: Sequence[Measured], store: DatasetStore, limits: DocumentLimits, threads: ThreadPoolExecutor
) -> list[Received]:
    """Look at each file and store it; when this returns, everything stored is on the disk.

    Raises:
        StorageError: A file could not be stored.
    """
    look: Callable[[Measured], Received] = lambda file: keep_one(file, store, limits)  # noqa: E731 - a partial, typed
    return list(threads.map(look, files))


def keep_one(file: Measured, store: DatasetStore, limits: DocumentLimits) -> Received:
    """Look at a file and store it, as `keep` does."""
    if file.size > limits.max_bytes:
        detail = f"The file has {file.size:,} bytes; at most {limits.max_bytes:,} are accepted."
        return _refused(file, RefusalReason.TOO_LARGE.value, detail, stored=False)
    file.content.seek(0)
    data = file.content.read()
    try:
        document = inspect_document(data, limits)
    except DocumentRefused as refusal:
        if data:
            store.put_document(data)
        return _refused(file, refusal.reason.value, refusal.detail, stored=bool(data))
    store.put_document(data)
    return Received(file.name, file.size, file.sha256, True, document.media_type.value, document.pages)


def too_large(name: str, size: int, limits: DocumentLimits) -> Received:
    """Return what is kept of a file that is larger than the limit: that it was refused.

    Args:
        name: The file's name.
        size: Its bytes, or as many as came before it was refused.
        limits: What is accepted.
    """
    REJECTED.labels(RefusalReason.TOO_LARGE.value).inc()
    detail = f"The file has more than {limits.max_bytes:,} bytes, which is the most that is accepted."
    return Received(name, size, "", stored=False, reason=RefusalReason.TOO_LARGE.value, detail=detail)


def _measure(file: Incoming) -> Measured:
    digest, size = hashlib.sha256(), 0
    file.content.seek(0)
    while block := file.content.read(_BLOCK):
        digest.update(block)
        size += len(block)
    return Measured(clean_name(file.name), size, digest.hexdigest(), file.content)


def _refused(file: Measured, reason: str, detail: str, *, stored: bool) -> Received:
    REJECTED.labels(reason).inc()
    return Received(file.name, file.size, file.sha256, stored, reason=reason, detail=detail)
