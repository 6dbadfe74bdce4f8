"""What a transformer's answer means for a document, and how long to leave a silent one alone."""

import json
from typing import Any

import pytest

from pigeonhole_api.worker.outcomes import Answered, Failed, Outcome, Refused, Unavailable, read_answer
from pigeonhole_api.worker.pausing import Pause

pytestmark = pytest.mark.unit
PREDICTION = {
    "class": "invoice",
    "confidence": 0.75,
    "probabilities": [{"class": "invoice", "p": 0.75}, {"class": "payslip", "p": 0.25}],
    "margin": 0.5,
    "abstained": False,
    "threshold": 0.6,
    "reasons": [],
    "pages": [{"page": 1, "class": None, "p": None, "language": "", "failure": "unreadable"}],
    "model": {"name": "m", "version": "3", "run_id": "r", "digest": "d"},
    "role": "stable",
    "ocr": {
        "engine": "t",
        "engine_version": "5",
        "seconds": 1,
        "pages_read": 1,
        "language": "fr",
        "confidence": None,
        "view": "lines",
    },
    "document": {"sha256": "0" * 64, "media_type": "image/png", "size": 3, "pages": 1},
}


def read(status: int, body: Any, **headers: str) -> Outcome:
    return read_answer(status, body if isinstance(body, bytes) else json.dumps(body).encode(), headers)


def test_an_answer_is_kept_as_it_was_given() -> None:
    outcome = read(200, {"predictions": [PREDICTION]})
    assert isinstance(outcome, Answered)
    kept = outcome.prediction.model_dump(mode="json")
    assert kept == {name: value for name, value in PREDICTION.items() if name != "document"}


def test_a_refusal_keeps_its_reason_and_the_first_detail() -> None:
    errors = [{"field": "instances.0.document", "reason": "encrypted", "detail": "The PDF needs a password."}]
    outcome = read(422, {"error": "Refused.", "reason": "encrypted", "errors": errors})
    assert outcome == Refused("encrypted", "The PDF needs a password.")
    assert read(422, {"error": "Refused.", "reason": "empty"}) == Refused("empty", "Refused.")
    assert read(422, {"reason": "empty"}) == Refused("empty", "The document cannot be read.")


@pytest.mark.parametrize("status", [404, 429, 502, 503])
def test_nobody_at_home_is_not_the_documents_fault(status: int) -> None:
    assert read(status, b"<html>") == Unavailable()
    assert read(status, {}, **{"retry-after": "7"}) == Unavailable(7.0)
    assert read(status, {}, **{"retry-after": "99999"}) == Unavailable(60.0)
    assert read(status, {}, **{"retry-after": "Tue, 24 Nov 2026 10:00:00 GMT"}) == Unavailable()


@pytest.mark.parametrize(
    ("status", "body"),
    [
        (200, b"not JSON"),
        (200, {"predictions": []}),
        (200, {"predictions": [{}]}),
        (200, {"predictions": [PREDICTION, PREDICTION]}),
        (422, {"reason": "invalid-field"}),
        (400, {"error": "bad"}),
        (413, b""),
        (500, {"error": "broken"}),
    ],
)
def test_an_answer_that_makes_no_sense_is_a_failed_attempt(status: int, body: Any) -> None:
    outcome = read(status, body)
    assert isinstance(outcome, Failed)
    assert outcome.reason == "processing-failed"


def test_a_document_that_takes_too_long_spends_an_attempt() -> None:
    outcome = read(504, {"error": "slow", "reason": "timeout"})
    assert isinstance(outcome, Failed)
    assert outcome.reason == "timeout"


def test_pauses_grow_to_the_longest_one() -> None:
    pause, now, waits = Pause(), 100.0, []
    for _ in range(8):
        pause = pause.after_failure(now, retry_after=None, longest=5.0)
        waits.append(round(pause.until - now, 3))
        now = pause.until
    assert waits == [0.2, 0.4, 0.8, 1.6, 3.2, 5.0, 5.0, 5.0]


def test_a_pause_is_as_long_as_was_told_within_the_longest() -> None:
    assert Pause().after_failure(0.0, retry_after=2.0, longest=5.0).until == 2.0
    assert Pause().after_failure(0.0, retry_after=60.0, longest=5.0).until == 5.0


def test_documents_that_were_under_way_together_count_as_one_failure() -> None:
    once = Pause().after_failure(10.0, retry_after=None, longest=5.0)
    assert once.after_failure(10.1, retry_after=None, longest=5.0).failures == 1
    assert not Pause().is_probing
    assert once.is_probing
