"""Open a storage by its URL."""

from pathlib import Path
from urllib.parse import unquote, urlsplit

from pigeonhole.storage.local import LocalStorage
from pigeonhole.storage.protocol import Storage, StorageError


def open_storage(url: str, *, durable: bool = True, public_endpoint: str = "") -> Storage:
    """Return the storage at a path, a `file://` URL or an `s3://bucket/prefix` URL.

    A cache in a folder need not be `durable` (`LocalStorage`); S3 always is. `public_endpoint` is S3's address as
    clients see it, where that is another one than ours.

    Raises:
        StorageError: `unknown-storage`, for another scheme or a missing bucket.
    """
    parts = urlsplit(url)
    if parts.scheme == "s3" and parts.netloc:
        from pigeonhole.storage.s3 import S3Storage  # boto3 takes 0.3 s to import and a laptop never needs it

        return S3Storage(parts.netloc, parts.path, public_endpoint=public_endpoint)
    if parts.scheme == "file":
        return LocalStorage(Path(unquote(parts.path)), durable=durable)
    if parts.scheme == "":
        return LocalStorage(Path(url).expanduser(), durable=durable)
    raise StorageError(
        f"storage_url: '{url}' is neither a folder nor s3://bucket/prefix.",
        code="unknown-storage",
        hint="Use a path, file:///path or s3://bucket/prefix.",
    )
