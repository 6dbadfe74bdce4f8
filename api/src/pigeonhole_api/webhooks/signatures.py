"""Secrets and signatures of webhooks, by the Standard Webhooks scheme (https://www.standardwebhooks.com).

A webhook's secret is derived from the platform's own and the webhook's id, so that no table holds it.
"""

import base64
import hashlib
import hmac

_PURPOSE = b"pigeonhole webhooks\x00"


def webhook_key(platform_secret: str, webhook_id: str) -> bytes:
    """Return the key that a webhook's deliveries are signed with."""
    platform_key = hashlib.sha256(_PURPOSE + platform_secret.encode()).digest()
    return hmac.digest(platform_key, webhook_id.encode(), "sha256")


def shown_secret(key: bytes) -> str:
    """Return a key as its receiver gets to see it."""
    return f"whsec_{base64.b64encode(key).decode()}"


def key_sha256(key: bytes) -> str:
    """Return what tells a key from another one and gives nothing back."""
    return hashlib.sha256(key).hexdigest()


def sign(key: bytes, delivery_id: str, timestamp: int, body: bytes) -> str:
    """Return the signature of a delivery's body at a time."""
    signed = b".".join((delivery_id.encode(), str(timestamp).encode(), body))
    return f"v1,{base64.b64encode(hmac.digest(key, signed, 'sha256')).decode()}"
