"""The storages that are open, shared between threads."""

from functools import lru_cache
from threading import Lock

from pigeonhole.storage import Storage, open_storage

# Each in S3 keeps a client, which takes a tenth of a second to make and some megabytes to keep.
_KEPT = 4


class Storages:
    """Opens storages one at a time, which boto3 asks for, and keeps the last ones open."""

    def __init__(self) -> None:
        self._opening = Lock()
        self._open = lru_cache(_KEPT)(open_storage)

    def open(self, url: str) -> Storage:
        """Return the storage at a folder, a `file://` or an `s3://` URL.

        Raises:
            StorageError: There is none of that kind.
            ValueError: AWS_ENDPOINT_URL is no address.
        """
        with self._opening:
            return self._open(url)
