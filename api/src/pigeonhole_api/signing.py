"""Signatures with the platform's own key: page tokens that cannot be forged, and image addresses for browsers."""

import base64
import hashlib
import hmac
import json
import math
from typing import Any
from urllib.parse import quote

from pigeonhole_api.problems import Refusal

Key = tuple[str | int | float, ...]
"""The sort key of a page's last row."""

_SIGNATURE_BYTES = 16


class Signer:
    """Signs and checks; the key is derived from the platform's secret, so that all of the API's processes share it."""

    def __init__(self, secret: str, *, url_seconds: int) -> None:
        self._key = hashlib.sha256(b"pigeonhole signatures\x00" + secret.encode()).digest()
        self._url_seconds = url_seconds

    def page_token(self, listing: str, key: Key) -> str:
        """Return the opaque token of the page after a row.

        Args:
            listing: What is listed, with its filters: a token is good for that listing alone.
            key: The row's sort key.
        """
        content = json.dumps(key, separators=(",", ":")).encode()
        return _encode(self._signature(f"page\x00{listing}", content) + content)

    def page_key(self, listing: str, token: str) -> Key:
        """Return the sort key in a token.

        Raises:
            Refusal: 422 `page-token-invalid`.
        """
        data = _decode(token)
        signature, content = data[:_SIGNATURE_BYTES], data[_SIGNATURE_BYTES:]
        if not hmac.compare_digest(signature, self._signature(f"page\x00{listing}", content)):
            raise Refusal(
                "page-token-invalid",
                "page_token: it does not belong to this listing.",
                hint="Begin again without a page_token.",
            )
        values: list[Any] = json.loads(content)
        return tuple(values)

    def signed_path(self, path: str, tenant: str, now: float) -> str:
        """Return a path of a tenant's that can be read without a token for a while.

        The end is rounded up, so that the address stays the same for a time and browsers keep what they loaded.
        """
        expires = (math.floor(now / self._url_seconds) + 2) * self._url_seconds
        signature = self._url_signature(path, tenant, expires)
        return f"{path}?tenant={quote(tenant, safe='')}&expires={expires}&signature={signature}"

    def allows(self, path: str, tenant: str, expires: str, signature: str, now: float) -> bool:
        """Tell whether a signed path is genuine and still good."""
        if not (expires.isascii() and expires.isdigit() and len(expires) < 12):
            return False
        genuine = hmac.compare_digest(signature.encode(), self._url_signature(path, tenant, int(expires)).encode())
        return genuine and now < int(expires)

    def _url_signature(self, path: str, tenant: str, expires: int) -> str:
        return _encode(self._signature("url", f"{path}\x00{tenant}\x00{expires}".encode()))

    def _signature(self, purpose: str, content: bytes) -> bytes:
        return hmac.digest(self._key, purpose.encode() + b"\x00" + content, "sha256")[:_SIGNATURE_BYTES]


def _encode(data: bytes) -> str:
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()


def _decode(token: str) -> bytes:
    try:
        return base64.urlsafe_b64decode(token.encode() + b"=" * (-len(token) % 4))
    except ValueError:
        return b""
