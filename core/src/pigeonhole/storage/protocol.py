"""What every storage can do, and how it fails."""

import errno
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Protocol, runtime_checkable

from pigeonhole.errors import PigeonholeError

DISK_FULL = frozenset({errno.ENOSPC, errno.EDQUOT})
"""What the system says of a disk without space, or of a quota that is used up."""

_KEY = re.compile(r"[A-Za-z0-9_][A-Za-z0-9_.=-]*(/[A-Za-z0-9_][A-Za-z0-9_.=-]*)*")


class StorageError(PigeonholeError):
    """The storage did not do what was asked of it."""

    def __init__(self, message: str, *, code: str = "storage-failed", hint: str | None = None) -> None:
        super().__init__(message, code=code, hint=hint)


class ObjectMissing(StorageError):
    """There is no object under the key."""

    def __init__(self, key: str) -> None:
        super().__init__(f"The storage holds no object '{key}'.", code="object-missing")


class StorageFull(StorageError):
    """The storage has no space for an object; nothing of it was kept."""

    def __init__(self, key: str) -> None:
        hint = "Make space, or give the storage more."
        super().__init__(f"There is no space to keep '{key}'.", code="storage-full", hint=hint)


class InvalidKey(StorageError):
    """A key that could reach outside the storage or that S3 and file systems read differently."""

    def __init__(self, key: str) -> None:
        super().__init__(f"'{key}' is not a storage key.", code="invalid-key")


@dataclass(frozen=True)
class PresignedPut:
    """Where a client may put one object without credentials, and the headers that it must send."""

    url: str
    headers: Mapping[str, str]


@dataclass(frozen=True)
class ObjectState:
    """What a storage says of an object without sending it; no hash when it keeps none."""

    size: int
    sha256: str | None


class Storage(Protocol):
    """Objects under keys of `[A-Za-z0-9_.=-]` parts joined by `/`; a put is seen whole or not at all."""

    def put(self, key: str, data: bytes) -> None:
        """Store the bytes under the key, replacing what was there, durably before it returns."""

    def get(self, key: str) -> bytes:
        """Return the bytes under the key, or raise ObjectMissing."""

    def blocks(self, key: str, start: int = 0, end: int | None = None) -> Iterator[bytes]:
        """Return the object under the key, or its bytes from `start` up to and without `end`, in blocks.

        ObjectMissing is raised at once, and not by the first block.
        """

    def exists(self, key: str) -> bool:
        """Tell whether there is an object under the key."""

    def delete(self, key: str) -> None:
        """Remove the object under the key; a missing one is no error."""

    def list(self, prefix: str) -> Iterator[str]:
        """Yield the keys that begin with the prefix, in order."""

    def url(self, key: str) -> str:
        """Return where the object lies, for logs and manifests."""


@runtime_checkable
class DirectStorage(Storage, Protocol):
    """A storage that clients may reach themselves."""

    def presigned_put(self, key: str, *, size: int, sha256: str, seconds: int) -> PresignedPut:
        """Return how to put, for a while, an object of this size and hash and no other."""

    def describe(self, key: str) -> ObjectState:
        """Return what is known of the object under the key, or raise ObjectMissing."""


def check_key(key: str) -> str:
    """Return the key, or raise InvalidKey."""
    if not _KEY.fullmatch(key):
        raise InvalidKey(key)
    return key
