"""MLflow's webhook: a delivery that is signed, fresh and new makes a poll at once; any other changes nothing."""

import base64
import hashlib
import hmac
import json
import time
from pathlib import Path
from uuid import uuid4

import httpx
import pytest

from . import outcomes
from .asking import probe
from .shop import Shop

pytestmark = pytest.mark.e2e
SECRET = "a-secret-of-a-case"
# Within a case no poll comes by itself.
SELDOM = {"source": {"pollInterval": "1h"}}
POLL = "registered-models/get"


def signed(body: bytes, *, secret: str = SECRET, at: float | None = None, delivery: str = "") -> dict[str, str]:
    """Return the headers that MLflow sends with a delivery (mlflow/webhooks/delivery.py)."""
    delivery, timestamp = delivery or uuid4().hex, str(int(time.time() if at is None else at))
    digest = hmac.new(secret.encode(), f"{delivery}.{timestamp}.".encode() + body, hashlib.sha256).digest()
    return {
        "X-MLflow-Signature": f"v1,{base64.b64encode(digest).decode()}",
        "X-MLflow-Timestamp": timestamp,
        "X-MLflow-Delivery-Id": delivery,
        "Content-Type": "application/json",
    }


def alias_body(model: str, entity: str = "model_version_alias") -> bytes:
    """Return the body of a delivery about a version that got the alias `candidate`."""
    data = {"name": model, "alias": "candidate", "version": "2"}
    event = {"entity": entity, "action": "created", "timestamp": "2026-01-01T00:00:00+00:00", "data": data}
    return json.dumps(event).encode()


def post(shop: Shop, body: bytes, headers: dict[str, str]) -> tuple[int, str]:
    """Deliver, and return the status and the reason of a refusal."""
    answer = httpx.post(f"{shop.operator.url}/webhooks/mlflow", content=body, headers=headers, timeout=10)
    return answer.status_code, answer.json()["code"] if answer.content else ""


def polls(shop: Shop) -> int:
    return sum(exchange.path.endswith(POLL) for exchange in shop.mlflow_proxy.exchanges)


def hint(shop: Shop, model: str = "") -> None:
    """Deliver as MLflow does, and wait for the poll that follows."""
    before, body = polls(shop), alias_body(model or shop.namespace)
    assert post(shop, body, signed(body)) == (202, "")
    shop.waits(lambda: polls(shop) > before, "a poll")


def serving(shop: Shop, folder: Path, secret: str = SECRET) -> None:
    """Let version 1 serve under an operator that polls once an hour and knows the webhook's secret."""
    (folder / "secret").write_text(secret)
    shop.serving("1", operator=False, spec=SELDOM)
    shop.operator.start(PIGEONHOLE_OPERATOR_WEBHOOK_SECRET_FILE=str(folder / "secret"))
    shop.settles("Idle", stable="1")
    shop.waits(lambda: shop.status.get("pending", {}).get("version") == "", "the first poll")


def test_two_hints_have_a_candidate_tried_long_before_the_next_poll(shop: Shop, tmp_path: Path) -> None:
    serving(shop, tmp_path)
    shop.candidate("2", macro_f1=0.95)
    shop.metrics(agreement=outcomes.AGREES, answered=50)
    hint(shop)
    shop.sees("Progressing", "False", "CandidateSeen")
    assert shop.status["pending"]["version"] == "2"
    assert shop.promotions() == []
    hint(shop)
    outcomes.is_promoted(shop)


@pytest.mark.parametrize("entity", ["registered_model", "model_version", "model_version_tag"])
def test_whatever_changed_at_a_model_is_a_hint(shop: Shop, tmp_path: Path, entity: str) -> None:
    serving(shop, tmp_path)
    shop.candidate("2", macro_f1=0.95)
    body = alias_body(shop.namespace, entity)
    assert post(shop, body, signed(body)) == (202, "")
    shop.sees("Progressing", "False", "CandidateSeen")


def forgeries(model: str) -> dict[str, tuple[bytes, dict[str, str]]]:
    """Return deliveries that are not to be followed, by the reason."""
    body, other = alias_body(model), alias_body("another-model")
    gateway = alias_body(model, "gateway_endpoint")
    unsigned = {name: value for name, value in signed(body).items() if name != "X-MLflow-Signature"}
    return {
        "Unsigned": (body, unsigned),
        "Forged": (body, signed(body, secret="another secret")),
        "Forged, another body": (body, signed(other)),
        "Forged, another time": (body, {**signed(body, at=0), "X-MLflow-Timestamp": str(int(time.time()))}),
        "Stale": (body, signed(body, at=time.time() - 3600)),
        "Stale, from the future": (body, signed(body, at=time.time() + 3600)),
        "Garbled": (b"{", signed(b"{")),
        "OtherEntity": (gateway, signed(gateway)),
    }


@pytest.mark.parametrize("kind", list(forgeries("any")))
def test_a_delivery_that_cannot_be_believed_is_refused_and_changes_nothing(
    shop: Shop, tmp_path: Path, kind: str
) -> None:
    serving(shop, tmp_path)
    shop.candidate("2", macro_f1=0.95)
    before, seen = shop.recorder.changes[-1].revision, polls(shop)
    body, headers = forgeries(shop.namespace)[kind]
    assert post(shop, body, headers) == (403, kind.partition(",")[0])
    assert SECRET not in shop.operator.text
    # A look at everything, which would poll if it had been told to.
    shop.changes({"rollback": {"window": 4}})
    shop.waits(lambda: shop.status["observedGeneration"] == 2, "a look")
    assert polls(shop) == seen
    kinds = {change.kind for change in shop.recorder.changes if change.revision > before}
    assert kinds == {"ModelDeployment"}
    assert shop.status["pending"]["version"] == ""


def test_a_delivery_is_followed_once(shop: Shop, tmp_path: Path) -> None:
    serving(shop, tmp_path)
    shop.candidate("2", macro_f1=0.95)
    body = alias_body(shop.namespace)
    headers = signed(body)
    assert post(shop, body, headers) == (202, "")
    shop.sees("Progressing", "False", "CandidateSeen")
    seen = polls(shop)
    assert post(shop, body, headers) == (403, "Repeated")
    shop.changes({"rollback": {"window": 4}})
    shop.waits(lambda: shop.status["observedGeneration"] == 2, "a look")
    assert polls(shop) == seen
    assert shop.promotions() == []


def test_nothing_is_followed_without_a_secret(shop: Shop, tmp_path: Path) -> None:
    serving(shop, tmp_path, secret="")
    body = alias_body(shop.namespace)
    status, _ = post(shop, body, signed(body, secret=""))
    assert status == 403
    assert probe(shop.operator, "/livez") == (200, "ok")


def test_a_hint_about_another_model_is_taken_and_leads_to_no_poll_of_this_one(shop: Shop, tmp_path: Path) -> None:
    serving(shop, tmp_path)
    seen = polls(shop)
    body = alias_body("another-model")
    assert post(shop, body, signed(body)) == (202, "")
    shop.changes({"rollback": {"window": 4}})
    shop.waits(lambda: shop.status["observedGeneration"] == 2, "a look")
    assert polls(shop) == seen
