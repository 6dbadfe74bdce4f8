"""Where bytes are kept: a local folder or an S3 bucket, behind one small protocol."""

from pigeonhole.storage.local import LocalStorage
from pigeonhole.storage.opening import open_storage
from pigeonhole.storage.protocol import (
    DISK_FULL,
    DirectStorage,
    InvalidKey,
    ObjectMissing,
    ObjectState,
    PresignedPut,
    Storage,
    StorageError,
    StorageFull,
)

__all__ = [
    "DISK_FULL",
    "DirectStorage",
    "InvalidKey",
    "LocalStorage",
    "ObjectMissing",
    "ObjectState",
    "PresignedPut",
    "Storage",
    "StorageError",
    "StorageFull",
    "open_storage",
]
