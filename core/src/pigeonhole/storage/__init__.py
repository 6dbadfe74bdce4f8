"""Where bytes are kept: a local folder or an S3 bucket, behind one small protocol."""

from pigeonhole.storage.local import LocalStorage
from pigeonhole.storage.opening import open_storage
from pigeonhole.storage.protocol import InvalidKey, ObjectMissing, Storage, StorageError

__all__ = ["InvalidKey", "LocalStorage", "ObjectMissing", "Storage", "StorageError", "open_storage"]
