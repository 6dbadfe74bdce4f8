"""API keys for machines: `ph_<id>_<secret>`, shown once; what is kept is a hash that gives nothing back.

The secret is 256 bits of chance, so a plain hash is as good as a slow one: there is nothing to guess.
"""

import hashlib
import hmac
import secrets
from dataclasses import dataclass

PREFIX = "ph_"
_ID_BYTES = 8
_SECRET_BYTES = 32


@dataclass(frozen=True)
class ApiKey:
    """A key as its holder has it."""

    id: str
    secret: str

    def __str__(self) -> str:
        return f"{PREFIX}{self.id}_{self.secret}"

    def __repr__(self) -> str:
        return f"ApiKey({self.id})"

    @property
    def secret_sha256(self) -> str:
        """Return what is kept of the secret."""
        return hashlib.sha256(self.secret.encode()).hexdigest()

    def matches(self, secret_sha256: str) -> bool:
        """Tell, in a time that does not depend on the answer, whether this is the key of a kept hash."""
        return hmac.compare_digest(self.secret_sha256, secret_sha256)


def new_api_key() -> ApiKey:
    """Return a key that nobody has."""
    return ApiKey(secrets.token_hex(_ID_BYTES), secrets.token_hex(_SECRET_BYTES))


def parse_api_key(text: str) -> ApiKey | None:
    """Return the key that a text is, or None."""
    parts = text.removeprefix(PREFIX).split("_")
    sizes = [2 * _ID_BYTES, 2 * _SECRET_BYTES]
    if not (text.startswith(PREFIX) and text.isascii() and [len(part) for part in parts] == sizes):
        return None
    return ApiKey(*parts)
