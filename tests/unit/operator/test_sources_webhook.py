"""Webhooks of MLflow are believed when they are signed, fresh and new."""

import json
import time
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from mlflow.entities.webhook import WebhookAction, WebhookEntity, WebhookEvent
from mlflow.webhooks.delivery import _generate_hmac_signature
from mlflow.webhooks.types import get_example_payload_for_event

from pigeonhole_operator.sources.webhook import Deliveries, WebhookRefusal, model_of

pytestmark = pytest.mark.unit
SECRET = "a secret ✓"
NOW = 1_795_881_042.0
TOLERANCE = 300.0


def delivery(
    payload: Any, *, secret: str = SECRET, at: float = NOW, number: str = "d-1", text: str = ""
) -> tuple[dict[str, str], bytes]:
    """Return headers and body as MLflow sends them."""
    body = text or json.dumps(payload)
    timestamp = str(int(at))
    headers = {
        "Content-Type": "application/json",
        "X-MLflow-Delivery-Id": number,
        "X-MLflow-Timestamp": timestamp,
        "X-MLflow-Signature": _generate_hmac_signature(secret, number, timestamp, body),
    }
    return headers, body.encode()


def event(entity: str = "model_version_alias", **data: Any) -> dict[str, Any]:
    return {"entity": entity, "action": "created", "timestamp": "2026-11-28T12:00:00+00:00", "data": data}


def told(headers: dict[str, str], body: bytes, *, now: float = NOW, seen: Deliveries | None = None) -> Any:
    return model_of(headers, body, secret=SECRET, now=now, seen=seen or Deliveries(10, TOLERANCE))


@pytest.mark.parametrize(
    ("entity", "action"),
    [
        (WebhookEntity.REGISTERED_MODEL, WebhookAction.CREATED),
        (WebhookEntity.MODEL_VERSION, WebhookAction.CREATED),
        (WebhookEntity.MODEL_VERSION_TAG, WebhookAction.SET),
        (WebhookEntity.MODEL_VERSION_TAG, WebhookAction.DELETED),
        (WebhookEntity.MODEL_VERSION_ALIAS, WebhookAction.CREATED),
        (WebhookEntity.MODEL_VERSION_ALIAS, WebhookAction.DELETED),
    ],
)
def test_an_event_about_a_model_names_it(entity: WebhookEntity, action: WebhookAction) -> None:
    data = get_example_payload_for_event(WebhookEvent(entity, action))
    payload = {"entity": entity.value, "action": action.value, "timestamp": "", "data": data}
    assert told(*delivery(payload)) == "example_model"


def test_the_headers_may_be_in_any_case() -> None:
    headers, body = delivery(event(name="documents"))
    assert told({name.lower(): value for name, value in headers.items()}, body) == "documents"
    assert told({name.upper(): value for name, value in headers.items()}, body) == "documents"


@pytest.mark.parametrize("name", ["X-MLflow-Delivery-Id", "X-MLflow-Timestamp", "X-MLflow-Signature"])
@pytest.mark.parametrize("value", [None, ""])
def test_without_one_of_its_headers_a_delivery_is_unsigned(name: str, value: str | None) -> None:
    headers, body = delivery(event(name="documents"))
    del headers[name]
    assert told(headers if value is None else {**headers, name: value}, body) is WebhookRefusal.UNSIGNED


def test_without_a_secret_nothing_is_believed() -> None:
    headers, body = delivery(event(name="documents"), secret="")
    refused = model_of(headers, body, secret="", now=NOW, seen=Deliveries(10, TOLERANCE))
    assert refused is WebhookRefusal.UNSIGNED


@pytest.mark.parametrize(
    "change",
    [
        {"X-MLflow-Delivery-Id": "d-2"},
        {"X-MLflow-Timestamp": str(int(NOW) + 1)},
        {"X-MLflow-Signature": "v1,AAAA"},
        {"X-MLflow-Signature": "no signature"},
        {"X-MLflow-Signature": "v1,\u00e9\udce9"},
    ],
)
def test_what_was_changed_on_its_way_is_forged(change: dict[str, str]) -> None:
    headers, body = delivery(event(name="documents"))
    assert told({**headers, **change}, body) is WebhookRefusal.FORGED


def test_another_body_another_secret_or_another_version_of_signing_is_forged() -> None:
    headers, body = delivery(event(name="documents"))
    assert told(headers, body + b" ") is WebhookRefusal.FORGED
    assert told(*delivery(event(name="documents"), secret="another")) is WebhookRefusal.FORGED
    other = {**headers, "X-MLflow-Signature": headers["X-MLflow-Signature"].replace("v1,", "v2,")}
    assert told(other, body) is WebhookRefusal.FORGED


@pytest.mark.parametrize("off", [-TOLERANCE, 0, TOLERANCE])
def test_a_delivery_within_five_minutes_is_fresh(off: float) -> None:
    assert told(*delivery(event(name="documents"), at=NOW + off)) == "documents"


@pytest.mark.parametrize("off", [-TOLERANCE - 1, TOLERANCE + 1])
def test_one_further_off_is_stale(off: float) -> None:
    assert told(*delivery(event(name="documents"), at=NOW + off)) is WebhookRefusal.STALE


@pytest.mark.parametrize("timestamp", ["soon", "-1", "1e9", "9" * 13, " 1", "１"])
def test_a_time_that_is_none_is_stale_however_well_it_is_signed(timestamp: str) -> None:
    headers, body = delivery(event(name="documents"))
    signature = _generate_hmac_signature(SECRET, "d-1", timestamp, body.decode())
    signed = {**headers, "X-MLflow-Timestamp": timestamp, "X-MLflow-Signature": signature}
    assert told(signed, body) is WebhookRefusal.STALE


def test_a_delivery_counts_once() -> None:
    seen = Deliveries(10, TOLERANCE)
    first = delivery(event(name="documents"))
    assert told(*first, seen=seen) == "documents"
    assert told(*first, seen=seen, now=NOW + 1) is WebhookRefusal.REPEATED
    assert told(*delivery(event(name="documents"), number="d-2"), seen=seen) == "documents"


def test_a_forged_delivery_does_not_use_up_the_id_of_a_true_one() -> None:
    seen = Deliveries(10, TOLERANCE)
    headers, body = delivery(event(name="documents"))
    assert told({**headers, "X-MLflow-Signature": "v1,AAAA"}, body, seen=seen) is WebhookRefusal.FORGED
    assert told(headers, body, seen=seen) == "documents"


def test_what_is_remembered_is_bounded_and_forgotten_once_it_would_be_stale() -> None:
    seen = Deliveries(2, TOLERANCE)
    assert [seen.is_new(number, NOW) for number in ("a", "b", "a", "c", "c")] == [True, True, False, True, False]
    assert seen.is_new("a", NOW), "the oldest makes room"
    assert not seen.is_new("c", NOW + 2 * TOLERANCE)
    assert seen.is_new("c", NOW + 2 * TOLERANCE + 1)


@pytest.mark.parametrize(
    "payload", [[], {}, {"entity": "model_version"}, event(), event(name=""), event(name=1), event(name="x" * 251)]
)
def test_a_signed_body_of_another_shape_is_garbled(payload: Any) -> None:
    assert told(*delivery(payload)) is WebhookRefusal.GARBLED


@pytest.mark.parametrize("text", ["no json", "[" * 100_000])
def test_a_signed_body_that_is_no_json_is_garbled(text: str) -> None:
    assert told(*delivery(None, text=text)) is WebhookRefusal.GARBLED


@pytest.mark.parametrize("entity", ["prompt", "prompt_version", "prompt_alias", "budget_policy", "news"])
def test_an_event_about_something_else_is_passed_over(entity: str) -> None:
    assert told(*delivery(event(entity, name="documents"))) is WebhookRefusal.OTHER_ENTITY


@given(st.dictionaries(st.text(max_size=30), st.text(max_size=60), max_size=6), st.binary(max_size=200))
def test_whatever_comes_unsigned_is_refused(headers: dict[str, str], body: bytes) -> None:
    assert isinstance(told(headers, body, now=time.time()), WebhookRefusal)
