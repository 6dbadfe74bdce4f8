"""Where bytes are kept: a local folder or an S3 bucket, behind one small protocol."""

from pigeonhole.storage.local import LocalStorage
from pigeonhole.storage.opening import open_storage
from pigeonhole.storage.protocol import (
    DirectStorage,
    InvalidKey,
    ObjectMissing,
    ObjectState,
    PresignedPut,
    Storage,
    StorageError,
)

__all__ = [
    "DirectStorage",
    "InvalidKey",
    "LocalStorage",
    "ObjectMissing",
    "ObjectState",
    "PresignedPut",
    "Storage",
    "StorageError",
    "open_storage",
]
