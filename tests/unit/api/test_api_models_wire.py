"""The wire models say `class` in JSON and `class_name` in Python, and times in UTC."""

from datetime import UTC, datetime, timedelta, timezone

import pytest

from pigeonhole_api.models import ClassProbability, Example, OcrSummary, Review

pytestmark = pytest.mark.unit


def test_a_class_is_called_class_on_the_wire() -> None:
    share = ClassProbability(class_name="invoice", p=0.5)
    assert share.model_dump(mode="json") == {"class": "invoice", "p": 0.5}
    assert ClassProbability.model_validate({"class": "invoice", "p": 0.5}) == share


def test_times_are_rfc_3339_in_utc() -> None:
    at = datetime(2026, 11, 24, 12, 0, 0, 5000, tzinfo=timezone(timedelta(hours=2)))
    review = Review(decision="accepted", class_name="invoice", by="local", at=at)
    assert review.model_dump(mode="json")["at"] == "2026-11-24T10:00:00.005Z"


def test_an_answer_from_before_the_first_look_was_read_whole() -> None:
    read = {"engine": "tesseract", "engine_version": "5", "seconds": 1, "pages_read": 1, "language": "fr"}
    assert OcrSummary.model_validate(read).view == "full"
    assert OcrSummary.model_validate({**read, "view": "lines"}).model_dump()["view"] == "lines"


def test_a_field_from_a_newer_platform_is_passed_over() -> None:
    values = {
        "id": "ex_1",
        "class": "invoice",
        "document_sha256": "0" * 64,
        "source": "upload",
        "added_by": "local",
        "added_at": "2026-11-24T10:00:00Z",
        "new": 1,
    }
    assert Example.model_validate(values).added_at == datetime(2026, 11, 24, 10, tzinfo=UTC)
