"""Files on their way to the API."""

import hashlib
import io
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import IO

from pigeonhole_api.client.errors import ApiError
from pigeonhole_api.file_names import unique_names
from pigeonhole_api.models import DeclaredDocument

Upload = tuple[str, bytes | Path]
"""A file's name, and its content or where it lies."""

Part = tuple[str, tuple[str, bytes | IO[bytes], str]]

BINARY = "application/octet-stream"


@dataclass(frozen=True)
class Sending:
    """A file to send, and what is declared of it."""

    declared: DeclaredDocument
    content: bytes | Path


def declare(files: Sequence[Upload]) -> list[Sending]:
    """Return the files with their hashes, under names that each occur once.

    Raises:
        ApiError: `file-unreadable`, before anything is sent.
    """
    names = unique_names(name for name, _ in files)
    return [Sending(_declared(name, data), data) for name, (_, data) in zip(names, files, strict=True)]


@contextmanager
def parts(files: Sequence[Upload]) -> Iterator[list[Part]]:
    """Yield the files as parts of a multipart body; those on disk are read while they are sent.

    Raises:
        ApiError: `file-unreadable`, before anything is sent.
    """
    with ExitStack() as stack:
        yield [("files", (name, stack.enter_context(opened(name, data)), BINARY)) for name, data in files]


@contextmanager
def opened(name: str, data: bytes | Path) -> Iterator[bytes | IO[bytes]]:
    """Yield a file's content, or the open file.

    Raises:
        ApiError: `file-unreadable`.
    """
    if isinstance(data, bytes):
        yield data
        return
    try:
        file = data.open("rb")
    except OSError as error:
        raise ApiError(f"'{name}' cannot be read: {error.strerror}.", code="file-unreadable") from error
    with file:
        yield file


def _declared(name: str, data: bytes | Path) -> DeclaredDocument:
    with opened(name, data) as content:
        file = io.BytesIO(content) if isinstance(content, bytes) else content
        digest = hashlib.file_digest(file, "sha256")  # type: ignore[arg-type]
        # Bytes in memory are hashed without being read, which leaves the file at its beginning.
        return DeclaredDocument(name=name, size=file.seek(0, io.SEEK_END), sha256=digest.hexdigest())
