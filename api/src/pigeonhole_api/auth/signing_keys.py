"""The issuer's public keys: read from its address alone, kept while it does not answer, and never asked for by a flood.

A token names the key that signed it. A name that is not known may be a new key, so the issuer is asked, but not more
often than a pause allows: whoever invents names makes no traffic.
"""

import threading
import time
from collections.abc import Callable

import httpx
from jwt import PyJWK, PyJWKClient
from jwt.exceptions import PyJWTError

from pigeonhole.telemetry import get_logger
from pigeonhole_api.metrics import SIGNING_KEY_FETCHES

_log = get_logger(__name__)
_FETCH_SECONDS = 3.0
_FAILURE_PAUSE = 5.0
_FOREVER = 1e9


class KeysUnavailable(Exception):
    """The issuer does not answer, so that nobody can say whether a key is its own."""


class SigningKeys:
    """The keys of one issuer, read at first use and again after `lifetime` seconds, in a thread of their own."""

    def __init__(self, find_address: Callable[[], str], *, lifetime: float, pause: float) -> None:
        self._find_address = find_address
        self._lifetime = lifetime
        self._pause = pause
        self._client: PyJWKClient | None = None
        self._lock = threading.Lock()
        self._tried = -_FOREVER
        self._read = -_FOREVER
        self._refreshing = threading.Lock()

    def key(self, key_id: str) -> PyJWK | None:
        """Return the key of a name, or None when the issuer has none.

        Raises:
            KeysUnavailable: It is not known, and the issuer does not answer.
        """
        if time.monotonic() - self._read > self._lifetime and self._client is not None:
            self._refresh_aside()
        known = self._known(key_id)
        if known is not None:
            return known
        with self._lock:
            known = self._known(key_id)
            if known is None and self._may_ask():
                self._fetch()
                known = self._known(key_id)
            if known is None and self._read < self._tried:
                raise KeysUnavailable
        return known

    def warm(self) -> None:
        """Read the keys if nobody has yet; a failure shows when a token comes."""
        with self._lock:
            if self._client is None:
                self._fetch()

    def _known(self, key_id: str) -> PyJWK | None:
        if self._client is None:
            return None
        # Read once, the set stays in the client's cache for good; `_fetch` replaces it.
        return self._client.match_kid(self._client.get_signing_keys(), key_id)

    def _may_ask(self) -> bool:
        wait = self._pause if self._read >= self._tried else _FAILURE_PAUSE
        return time.monotonic() - self._tried > wait

    def _fetch(self) -> None:
        self._tried = time.monotonic()
        try:
            client = PyJWKClient(self._find_address(), lifespan=_FOREVER, timeout=_FETCH_SECONDS)
            client.get_signing_keys()
        except (httpx.HTTPError, PyJWTError, ValueError, LookupError, OSError) as error:
            SIGNING_KEY_FETCHES.labels("failed").inc()
            _log.warning("signing_keys_failed", exception=type(error).__name__)
            return
        SIGNING_KEY_FETCHES.labels("read").inc()
        self._client, self._read = client, self._tried

    def _refresh_aside(self) -> None:
        """Read the keys again while those that are known still answer."""
        if not self._refreshing.acquire(blocking=False):
            return

        def refresh() -> None:
            try:
                with self._lock:
                    if self._may_ask():
                        self._fetch()
            finally:
                self._refreshing.release()

        threading.Thread(target=refresh, name="signing-keys", daemon=True).start()
