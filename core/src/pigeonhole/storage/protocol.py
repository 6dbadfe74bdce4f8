"""What every storage can do, and how it fails."""

import re
from collections.abc import Iterator
from typing import Protocol

from pigeonhole.errors import PigeonholeError

_KEY = re.compile(r"[A-Za-z0-9_][A-Za-z0-9_.=-]*(/[A-Za-z0-9_][A-Za-z0-9_.=-]*)*")


class StorageError(PigeonholeError):
    """The storage did not do what was asked of it."""

    def __init__(self, message: str, *, code: str = "storage-failed", hint: str | None = None) -> None:
        super().__init__(message, code=code, hint=hint)


class ObjectMissing(StorageError):
    """There is no object under the key."""

    def __init__(self, key: str) -> None:
        super().__init__(f"The storage holds no object '{key}'.", code="object-missing")


class InvalidKey(StorageError):
    """A key that could reach outside the storage or that S3 and file systems read differently."""

    def __init__(self, key: str) -> None:
        super().__init__(f"'{key}' is not a storage key.", code="invalid-key")


class Storage(Protocol):
    """Objects under keys of `[A-Za-z0-9_.=-]` parts joined by `/`; a put is seen whole or not at all."""

    def put(self, key: str, data: bytes) -> None:
        """Store the bytes under the key, replacing what was there, durably before it returns."""

    def get(self, key: str) -> bytes:
        """Return the bytes under the key, or raise ObjectMissing."""

    def exists(self, key: str) -> bool:
        """Tell whether there is an object under the key."""

    def delete(self, key: str) -> None:
        """Remove the object under the key; a missing one is no error."""

    def list(self, prefix: str) -> Iterator[str]:
        """Yield the keys that begin with the prefix, in order."""

    def url(self, key: str) -> str:
        """Return where the object lies, for logs and manifests."""


def check_key(key: str) -> str:
    """Return the key, or raise InvalidKey."""
    if not _KEY.fullmatch(key):
        raise InvalidKey(key)
    return key
