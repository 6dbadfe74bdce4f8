"""Files on their way to the API."""

from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import IO

from pigeonhole_api.client.errors import ApiError

Upload = tuple[str, bytes | Path]
"""A file's name, and its content or where it lies."""

_Part = tuple[str, tuple[str, bytes | IO[bytes], str]]


@contextmanager
def opened(files: Sequence[Upload]) -> Iterator[list[_Part]]:
    """Yield the files as parts of a multipart body; those on disk are read while they are sent.

    Raises:
        ApiError: `file-unreadable`, before anything is sent.
    """
    with ExitStack() as stack:
        yield [("files", (name, _content(stack, name, data), "application/octet-stream")) for name, data in files]


def _content(stack: ExitStack, name: str, data: bytes | Path) -> bytes | IO[bytes]:
    if isinstance(data, bytes):
        return data
    try:
        return stack.enter_context(data.open("rb"))
    except OSError as error:
        raise ApiError(f"'{name}' cannot be read: {error.strerror}.", code="file-unreadable") from error
