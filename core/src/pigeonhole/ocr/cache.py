"""Page texts that were read once are never read again."""

import hashlib
import json
from collections import deque

from pigeonhole.ocr.page_text import PageText
from pigeonhole.storage import ObjectMissing, Storage, StorageError
from pigeonhole.telemetry import get_logger

_log = get_logger(__name__)


class PageTextCache:
    """Page texts in a storage, under the document's sha256, the page and a digest of engine, version and settings.

    What is put is written by the next `write`, so that nobody who waits for a text waits for its storage as well.
    """

    def __init__(self, storage: Storage) -> None:
        self._storage = storage
        self._unwritten: deque[tuple[str, PageText]] = deque()

    def get(self, sha256: str, page: int, fingerprint: str) -> PageText | None:
        """Return the page's text, or None when it has not been read with these settings.

        An entry that cannot be understood counts as absent, and so does one that the storage does not give: the page is
        read again.
        """
        try:
            return PageText.from_json(json.loads(self._storage.get(_key(sha256, page, fingerprint))))
        except ObjectMissing:
            return None
        except StorageError as error:
            _log.warning("ocr cache not readable", code=error.code)
            return None
        except (ValueError, KeyError, TypeError):
            _log.warning("ocr cache entry unreadable", page=page)
            return None

    def put(self, sha256: str, fingerprint: str, page: PageText) -> None:
        """Keep the page's text from the next `write` on."""
        self._unwritten.append((_key(sha256, page.page, fingerprint), page))

    def write(self) -> None:
        """Write what was put since; where the storage does not take it, the page is read again the next time."""
        while self._unwritten:
            try:
                key, page = self._unwritten.popleft()
            except IndexError:  # another thread was faster
                return
            body = json.dumps(page.to_json(), ensure_ascii=False, separators=(",", ":"))
            try:
                self._storage.put(key, body.encode())
            except StorageError as error:
                _log.warning("ocr cache not writable", code=error.code)

    def forget(self, sha256: str) -> None:
        """Remove what was kept of a document.

        Raises:
            StorageError: The storage does not answer; what is left can be removed by another call.
        """
        for key in self._storage.list(f"{_folder(sha256)}/"):
            self._storage.delete(key)


def _folder(sha256: str) -> str:
    return f"page-texts/{sha256[:2]}/{sha256}"


def _key(sha256: str, page: int, fingerprint: str) -> str:
    return f"{_folder(sha256)}/{page}-{hashlib.sha256(fingerprint.encode()).hexdigest()[:16]}.json"
