"""What MLflow tells by a webhook, believed only when it is signed, fresh and new; pure but for what is remembered.

MLflow signs `delivery_id.timestamp.body` with HMAC-SHA256 (mlflow/webhooks/delivery.py).
"""

import base64
import hmac
import re
from collections import OrderedDict
from collections.abc import Mapping
from enum import StrEnum

from pydantic import BaseModel, ConfigDict, Field, ValidationError

_SIGNATURE, _TIMESTAMP, _DELIVERY = "x-mlflow-signature", "x-mlflow-timestamp", "x-mlflow-delivery-id"
_SECONDS = re.compile(r"[0-9]{1,12}")
_LONGEST_ID = 200


class WebhookRefusal(StrEnum):
    """Why a delivery is not followed."""

    UNSIGNED = "Unsigned"
    FORGED = "Forged"
    STALE = "Stale"
    REPEATED = "Repeated"
    GARBLED = "Garbled"
    OTHER_ENTITY = "OtherEntity"


class Deliveries:
    """Remembers deliveries for as long as their times would be believed, and up to a number of them."""

    def __init__(self, capacity: int, tolerance_seconds: float) -> None:
        self.tolerance_seconds = tolerance_seconds
        self._capacity = capacity
        self._until: OrderedDict[str, float] = OrderedDict()

    def is_new(self, delivery: str, now: float) -> bool:
        """Tell whether a delivery is seen for the first time, and remember it."""
        while self._until and next(iter(self._until.values())) < now:
            self._until.popitem(last=False)
        if delivery in self._until:
            return False
        # One from the future is believed until twice the tolerance from now.
        self._until[delivery] = now + 2 * self.tolerance_seconds
        if len(self._until) > self._capacity:
            self._until.popitem(last=False)
        return True


def model_of(
    headers: Mapping[str, str], body: bytes, *, secret: str, now: float, seen: Deliveries
) -> str | WebhookRefusal:
    """Return the registered model that a delivery is about, or why it is not followed.

    MLflow sends a delivery that was answered with 5xx again under its id, so `REPEATED` is no sign of an attack.

    Args:
        headers: The request's headers, in any case.
        body: The request's body as it came.
        secret: The webhook's secret; without one nothing is believed.
        now: Seconds since 1970.
        seen: The deliveries that were believed before.
    """
    named = {name.lower(): value for name, value in headers.items()}
    delivery, timestamp, signature = (named.get(name, "") for name in (_DELIVERY, _TIMESTAMP, _SIGNATURE))
    if not (secret and delivery and timestamp and signature):
        return WebhookRefusal.UNSIGNED
    if not hmac.compare_digest(_bytes(signature), _signature(secret, delivery, timestamp, body)):
        return WebhookRefusal.FORGED
    if not _SECONDS.fullmatch(timestamp) or abs(now - int(timestamp)) > seen.tolerance_seconds:
        return WebhookRefusal.STALE
    if len(delivery) > _LONGEST_ID or not seen.is_new(delivery, now):
        return WebhookRefusal.REPEATED
    return _subject(body)


def _signature(secret: str, delivery: str, timestamp: str, body: bytes) -> bytes:
    signed = b".".join((_bytes(delivery), _bytes(timestamp), body))
    return b"v1," + base64.b64encode(hmac.digest(secret.encode(), signed, "sha256"))


def _bytes(header: str) -> bytes:
    return header.encode("utf-8", "surrogateescape")


def _subject(body: bytes) -> str | WebhookRefusal:
    try:
        event = _Event.model_validate_json(body)
        if event.entity not in _ENTITIES:
            return WebhookRefusal.OTHER_ENTITY
        return _Subject.model_validate(event.data).name
    except ValidationError:
        return WebhookRefusal.GARBLED


_ENTITIES = ("registered_model", "model_version", "model_version_tag", "model_version_alias")


class _Event(BaseModel):
    model_config = ConfigDict(frozen=True, extra="ignore")

    entity: str
    data: dict[str, object]


class _Subject(BaseModel):
    model_config = ConfigDict(frozen=True, extra="ignore")

    name: str = Field(min_length=1, max_length=250)
