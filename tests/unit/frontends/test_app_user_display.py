"""What the user app decides and shows about documents and jobs."""

import csv
import io
from datetime import UTC, datetime
from typing import Any, get_args

import pytest

from pigeonhole.documents import RefusalReason
from pigeonhole_api.models import Document, DocumentState, Job, JobState
from pigeonhole_frontends.app_session.language import choose_language
from pigeonhole_frontends.app_texts import CATALOGS
from pigeonhole_frontends.user_app.csv_export import job_csv
from pigeonhole_frontends.user_app.decisions import decided_class, reason_for_review, refusal, state_badge
from pigeonhole_frontends.user_app.document_list import document_list
from pigeonhole_frontends.user_app.job_progress import job_badge, progress_bar, time_left
from pigeonhole_frontends.user_app.review_queue import choices, decision_for, next_in_queue
from pigeonhole_frontends.user_app.submission import check_submission

pytestmark = pytest.mark.unit

ENGLISH = choose_language("en", None)
FRENCH = choose_language("fr", None)
NOW = "2026-03-14T09:30:00Z"
EVIL = '"><img src=x onerror=alert(1)>'


def prediction(shares: dict[str, float], **more: Any) -> dict[str, Any]:
    ranked = sorted(shares.items(), key=lambda each: -each[1])
    return {
        "class": ranked[0][0],
        "confidence": ranked[0][1],
        "probabilities": [{"class": name, "p": p} for name, p in ranked],
        "abstained": False,
        "threshold": 0.8,
        "model": {"name": "documents", "version": "3"},
        **more,
    }


def document(document_id: str = "doc_1", **more: Any) -> Document:
    return Document.model_validate(
        {
            "id": document_id,
            "job_id": "job_1",
            "name": "scan.pdf",
            "size": 1_200,
            "sha256": "0" * 64,
            "state": "classified",
            "created_at": NOW,
            "etag": '"1"',
            **more,
        }
    )


def job(state: str = "running", **counts: int) -> Job:
    return Job.model_validate(
        {
            "id": "job_1",
            "reference": "mail",
            "state": state,
            "created_by": "me",
            "created_at": NOW,
            "manifest_sha256": "0" * 64,
            "counts": {"total": sum(counts.values()), **counts},
            "eta_seconds": 75,
        }
    )


def unsure(**more: Any) -> Document:
    return document(
        state="needs_review", prediction=prediction({"invoice": 0.612, "payslip": 0.388}, abstained=True, **more)
    )


def reviewed(class_name: str, decision: str, **more: Any) -> Document:
    review = {"decision": decision, "class": class_name, "by": "ana", "at": NOW}
    return document(prediction=prediction({"invoice": 0.9, "payslip": 0.1}), review=review, **more)


def test_a_document_left_to_people_says_why() -> None:
    assert reason_for_review(unsure(), ENGLISH) == (
        "The model’s best guess is invoice with 61%, less than the 80% it needs to decide alone."
    )


def test_a_confidence_just_below_its_threshold_is_written_so_that_it_shows() -> None:
    said = reason_for_review(unsure(confidence=0.7996, threshold=0.8004), FRENCH)
    assert said is not None
    assert "79,96\u00a0%" in said
    assert "80,04\u00a0%" in said


def test_a_class_without_a_threshold_and_a_document_without_a_score_say_so() -> None:
    assert "never decides alone" in str(reason_for_review(unsure(threshold=None), ENGLISH))
    assert "no score" in str(reason_for_review(unsure(confidence=None), ENGLISH))


def test_a_decided_document_gives_no_reason() -> None:
    assert reason_for_review(reviewed("invoice", "accepted"), ENGLISH) is None


@pytest.mark.parametrize("reason", [*RefusalReason, "processing-failed", "interrupted", "conflicting-class"])
def test_every_reason_of_a_refusal_has_words(reason: str) -> None:
    for code, language in (("en", ENGLISH), ("fr", FRENCH)):
        refused = document(state="failed", error={"reason": str(reason), "detail": "Detail."})
        assert refusal(refused, language) == CATALOGS[code][f"refusal.{reason}"]


def test_an_unknown_refusal_keeps_the_platforms_own_sentence() -> None:
    assert refusal(document(error={"reason": "new-reason", "detail": "Detail."}), ENGLISH) == "Detail."


def test_a_persons_word_outweighs_the_models() -> None:
    corrected = reviewed("payslip", "corrected")
    assert decided_class(corrected) == "payslip"
    assert "corrected" in state_badge(corrected, ENGLISH)
    assert decided_class(document()) is None


@pytest.mark.parametrize("language", [ENGLISH, FRENCH])
def test_every_state_has_a_word(language: Any) -> None:
    for state in get_args(DocumentState):
        assert f"document.state.{state}" in language.catalog
        assert f"document.count.{state}.one" in language.catalog
        assert language.catalog[f"document.state.{state}"] in state_badge(document(state=state), language)
    for state in get_args(JobState):
        assert language.catalog[f"job.state.{state}"] in job_badge(job(state), language)


def test_what_was_passed_over_comes_after_the_others() -> None:
    queue = [document(name) for name in ("first", "second", "third")]
    assert next_in_queue(queue, []) is queue[0]
    assert next_in_queue(queue, ["first"]) is queue[1]
    assert next_in_queue(queue, ["first", "second", "third", "first"]) is queue[1]
    assert next_in_queue([], []) is None


def test_every_class_can_be_chosen_and_the_first_nine_have_keys() -> None:
    offered = choices(document(prediction=prediction({"b": 0.6, "c": 0.4})), ["a", "b", *"defghijk"])
    assert [each.class_name for each in offered] == ["b", "c", "a", *"defghijk"]
    assert [each.key for each in offered] == [*"123456789", None, None]
    assert [each.probability for each in offered[:3]] == [0.6, 0.4, None]
    assert decision_for(unsure(), "invoice") == "accepted"
    assert decision_for(unsure(), "payslip") == "corrected"


def test_the_list_shows_every_probability_and_the_page_image() -> None:
    shown = document_list([unsure()], {"doc_1": "http://127.0.0.1:8000/t?a=1&b=2"}, ENGLISH)
    assert "payslip" in shown
    assert "39%" in shown
    assert 'src="http://127.0.0.1:8000/t?a=1&amp;b=2" alt="First page of scan.pdf"' in shown


def test_no_name_acts_as_markup() -> None:
    evil = document(
        name=EVIL,
        prediction=prediction({EVIL: 1.0}),
        review={"decision": "corrected", "class": EVIL, "by": EVIL, "at": NOW},
    )
    shown = document_list([evil], {"doc_1": EVIL}, ENGLISH) + state_badge(document(state="failed"), ENGLISH)
    assert "<img src=x" not in shown
    assert shown.count("&lt;img src=x onerror=alert(1)&gt;") >= 5


def test_progress_is_told_in_words_too() -> None:
    shown = progress_bar(job(classified=2, needs_review=1, leased=1, queued=4), ENGLISH)
    assert 'aria-valuenow="3"' in shown
    assert 'aria-label="3 of 8 documents done"' in shown
    assert [word in shown for word in ("2 sorted", "1 to review", "1 being read", "4 waiting", "failed")] == [
        True, True, True, True, False,
    ]  # fmt: skip


def test_the_estimate_ends_with_the_job() -> None:
    assert time_left(job(queued=2), ENGLISH) == "1 min 15 s left"
    assert time_left(job("succeeded", classified=2), ENGLISH) == ""


def test_the_csv_has_every_document_and_every_probability() -> None:
    failed = document("doc_2", name="broken.pdf", state="failed", error={"reason": "unreadable", "detail": "."})
    rows = list(
        csv.DictReader(io.StringIO(job_csv(job(), [reviewed("payslip", "corrected"), failed]).decode("utf-8-sig")))
    )
    assert [row["name"] for row in rows] == ["scan.pdf", "broken.pdf"]
    assert (rows[0]["class"], rows[0]["predicted_class"], rows[0]["review"]) == ("payslip", "invoice", "corrected")
    assert (rows[0]["p(invoice)"], rows[0]["p(payslip)"], rows[0]["model_version"]) == ("0.9000", "0.1000", "3")
    assert (rows[1]["refusal"], rows[1]["p(invoice)"], rows[1]["class"]) == ("unreadable", "", "")


@pytest.mark.parametrize("start", ["=", "+", "-", "@", "\t", "\r"])
def test_a_spreadsheet_runs_no_name_as_a_formula(start: str) -> None:
    text = job_csv(job(), [document(name=f"{start}HYPERLINK(1)")]).decode("utf-8-sig")
    assert next(csv.DictReader(io.StringIO(text, newline="")))["name"] == f"'{start}HYPERLINK(1)"


@pytest.mark.parametrize(
    ("reference", "files", "problem"),
    [
        ("mail", 3, None),
        (" ", 3, "upload.no_reference"),
        ("mail", 0, "upload.no_files"),
        ("mail", 4, "upload.too_many_files"),
    ],
)
def test_an_upload_is_checked_before_it_is_sent(reference: str, files: int, problem: str | None) -> None:
    found = check_submission(reference, files, 3)
    assert (found.key if found else None) == problem
    assert found is None or ENGLISH.text(found.key, **found.values)


def test_times_are_told_by_the_reader_clock() -> None:
    assert ENGLISH.moment(job().created_at) == ENGLISH.moment(datetime(2026, 3, 14, 9, 30, tzinfo=UTC))
