"""Documents as pictures for people: thumbnails, made once, and pages."""

from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress

from pigeonhole.datasets import DatasetStore
from pigeonhole.documents import DocumentLimits, DocumentRefused, MediaType, sniff
from pigeonhole.documents.media import SNIFF_BYTES
from pigeonhole.storage import ObjectMissing, StorageFull
from pigeonhole_api.problems import Refusal


class DocumentImages:
    """Draws the pages of stored documents, a few at the same time."""

    def __init__(self, store: DatasetStore, limits: DocumentLimits, *, threads: int) -> None:
        self._store = store
        self._limits = limits
        self._threads = ThreadPoolExecutor(threads, thread_name_prefix="render")

    def close(self) -> None:
        """End the threads."""
        self._threads.shutdown()

    def thumbnail(self, sha256: str, *, long_side: int) -> bytes:
        """Return the first page as a small JPEG, which is kept for the next time.

        Raises:
            Refusal: 409 `not-drawable`.
            StorageError: The document is not in the storage, or the storage does not answer.
        """
        key = f"thumbnails/{sha256}-{long_side}.jpg"
        try:
            return self._store.storage.get(key)
        except ObjectMissing:
            jpeg = self.page(sha256, 1, long_side=long_side)
            # A full disk is no reason not to show what there is.
            with suppress(StorageFull):
                self._store.storage.put(key, jpeg)
            return jpeg

    def page(self, sha256: str, number: int, *, long_side: int) -> bytes:
        """Return a page, counted from 1, as a JPEG.

        Raises:
            Refusal: 409 `not-drawable`.
            StorageError: The document is not in the storage, or the storage does not answer.
        """
        data = self._store.document(sha256)
        media_type = sniff(data[:SNIFF_BYTES])
        if media_type is None:
            raise _not_drawable("The file is not a kind of document that can be drawn.")
        return self._threads.submit(self._draw, data, media_type, number, long_side).result()

    def _draw(self, data: bytes, media_type: MediaType, number: int, long_side: int) -> bytes:
        # OpenCV and NumPy are loaded when somebody looks at a page: who only takes documents in has no use for them.
        from pigeonhole.pages import page_jpeg

        try:
            return page_jpeg(data, media_type, number - 1, long_side=long_side, limits=self._limits)
        except DocumentRefused as refusal:
            raise _not_drawable(refusal.detail) from refusal


def _not_drawable(detail: str) -> Refusal:
    return Refusal("not-drawable", detail)
