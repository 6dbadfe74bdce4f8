"""People judge answers: with a history, and blind for a sample that is drawn by chance."""

import re
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest

from pigeonhole_api.client import ApiError, PlatformClient
from pigeonhole_api.models import Document, SampledDocument
from pigeonhole_api.quality import is_audited

pytestmark = pytest.mark.integration
Pictures = Callable[[int], list[tuple[str, bytes]]]
Refused = Callable[[Callable[[], Any]], ApiError]

CONFIDENCE = 0.8675309


@pytest.fixture(scope="module", params=["sqlite", "postgresql"])
def audited_platform(request: pytest.FixtureRequest, module_installation: Any, moody_transformer: Any) -> Any:
    """A platform on either database that audits every sure answer."""
    settings = {"PIGEONHOLE_API_TRANSFORMER_URL": moody_transformer.url}
    if request.param == "postgresql":
        settings["PIGEONHOLE_API_DATABASE_URL"] = request.getfixturevalue("postgresql").new_database()
    installation = module_installation(**settings)
    installation.start_api()
    installation.start_worker(PIGEONHOLE_API_AUDIT_SHARE="1")
    return installation


@pytest.fixture
def auditing(audited_platform: Any, moody_transformer: Any, predict: Callable[..., Any]) -> Iterator[Any]:
    """The same, with a model that is sure of everything."""
    moody_transformer.behave = lambda document: predict(document, confidence=CONFIDENCE)
    yield audited_platform
    moody_transformer.reset()


def sort(client: PlatformClient, files: list[tuple[str, bytes]], reference: str) -> list[Document]:
    job = client.wait(client.submit_job(reference, files).id, timeout=60)
    return list(client.all_documents(job.id))


def answered(document: Document) -> str:
    assert document.prediction
    assert document.prediction.class_name
    return document.prediction.class_name


def other_class(document: Document) -> str:
    assert document.prediction
    return document.prediction.probabilities[-1].class_name


def drawn(client: PlatformClient, documents: list[Document]) -> list[str]:
    """Those of the documents that wait for their audit."""
    own = {each.id for each in documents}
    return [each.id for each in client.audit_sample(page_size=500).documents if each.id in own]


def sampled(client: PlatformClient, document_id: str) -> SampledDocument:
    return next(each for each in client.audit_sample(page_size=500).documents if each.id == document_id)


def test_every_decision_about_a_document_is_kept_with_what_is_known_of_it(
    client: PlatformClient, pictures: Pictures, reference: str, refused: Refused
) -> None:
    document, untouched = sort(client, pictures(2), reference)
    once = client.review(document, "accepted", answered(document), seconds_spent=4.5)
    twice = client.review(once, "corrected", other_class(document), note="It is one of the second page.")
    history = client.reviews(document.id)
    assert [(each.decision, each.class_name, each.by) for each in history] == [
        ("accepted", answered(document), "local"),
        ("corrected", other_class(document), "local"),
    ]
    assert [(each.seconds_spent, each.note, each.blind) for each in history] == [
        (4.5, None, False),
        (None, "It is one of the second page.", False),
    ]
    assert history[0].at <= history[1].at
    assert twice.review == history[1]
    assert client.document(document.id).review == history[1]
    assert client.reviews(untouched.id) == []
    assert refused(lambda: client.reviews("doc_0")).code == "document-missing"


@pytest.mark.parametrize(
    "wrong",
    [
        {"seconds_spent": -1},
        {"seconds_spent": 86_401},
        {"seconds_spent": "long"},
        {"note": "x" * 501},
        {"note": "a\x00b"},
        {"class": "a\x00b"},
    ],
)
def test_what_cannot_be_kept_of_a_decision_is_refused(
    platform: Any, client: PlatformClient, pictures: Pictures, reference: str, wrong: dict[str, Any]
) -> None:
    (document,) = sort(client, pictures(1), reference)
    body = {"decision": "accepted", "class": answered(document), **wrong}
    answer = platform.call("PATCH", f"/v1/documents/{document.id}/review", json=body, headers={"if-match": "*"})
    assert (answer.status_code, answer.json()["code"]) == (422, "invalid-request")
    assert client.reviews(document.id) == []


def test_a_sure_answer_is_drawn_and_an_unsure_one_is_not(
    auditing: Any, moody_transformer: Any, pictures: Pictures, predict: Callable[..., Any], reference: str
) -> None:
    (sure,) = sort(auditing.client, pictures(1), reference)
    moody_transformer.behave = lambda document: predict(document, confidence=0.4)
    (unsure,) = sort(auditing.client, pictures(1), f"unsure {reference}")
    assert unsure.state == "needs_review"
    assert drawn(auditing.client, [sure, unsure]) == [sure.id]


def test_the_sample_is_the_share_that_the_setting_says(installation_on_either: Any, pictures: Pictures) -> None:
    installation = installation_on_either
    installation.start_api()
    installation.start_worker(PIGEONHOLE_API_AUDIT_SHARE="0.3")
    documents = sort(installation.client, pictures(40), "r")
    found = drawn(installation.client, documents)
    assert found == [each.id for each in documents if is_audited(each.id, 0.3)]
    assert 0 < len(found) < 40


def test_what_is_listed_for_a_blind_audit_says_nothing_of_the_answer(
    auditing: Any, pictures: Pictures, reference: str
) -> None:
    documents = sort(auditing.client, pictures(6), reference)
    # Also what somebody has said of it openly is not shown.
    auditing.client.review(documents[0], "corrected", other_class(documents[0]), note="Surely something else.")
    answer = auditing.call("GET", "/v1/audit-sample?page_size=500")
    listed = answer.json()["documents"]
    assert {each.id for each in documents} <= {each["id"] for each in listed}
    telling = ["invoice", "payslip", "resume", "total", "0.8675309", "class", "confid", "probab", "predict", "review"]
    telling += ["corrected", "accepted", "margin", "threshold", "Surely", "local", "model"]
    text = str(answer.headers) + re.sub(r'"thumbnail_url":"[^"]*"', "", answer.text)
    assert [word for word in telling if word in text] == []
    assert set(listed[0]) == {
        *("id", "job_id", "name", "size", "media_type", "pages", "created_at", "thumbnail_url", "etag"),
    }
    for each in listed:
        assert auditing.call("GET", each["thumbnail_url"], token=None).status_code == 200


def test_a_document_stays_usable_while_it_waits_for_its_audit(
    auditing: Any, pictures: Pictures, reference: str
) -> None:
    (document,) = sort(auditing.client, pictures(1), reference)
    assert (document.state, document.review) == ("classified", None)
    assert auditing.client.job(document.job_id).state == "succeeded"
    assert document.id not in [each.id for each in auditing.client.review_queue(page_size=500).documents]
    assert drawn(auditing.client, [document]) == [document.id]


def test_a_blind_decision_is_a_review_and_corrects_where_it_differs(
    auditing: Any, moody_transformer: Any, pictures: Pictures, predict: Callable[..., Any], reference: str
) -> None:
    client = auditing.client
    version = str(time.time_ns())[:12]
    moody_transformer.behave = lambda document: predict(document, version=version)
    agreed, differed, waiting = sort(client, pictures(3), reference)
    for document, class_name in ((agreed, answered(agreed)), (differed, other_class(differed))):
        review = client.decide_blind(sampled(client, document.id), class_name, seconds_spent=2)
        assert client.reviews(document.id) == [review]
        assert (review.blind, review.seconds_spent, review.class_name) == (True, 2.0, class_name)
        assert client.document(document.id).review == review
        assert client.document(document.id).state == "classified"
    assert [client.document(each.id).review.decision for each in (agreed, differed)] == ["accepted", "corrected"]
    assert drawn(client, [agreed, differed, waiting]) == [waiting.id]
    assert {agreed.id, differed.id} <= {each.id for each in client.corrections()}
    events = [(each.action, each.resource, each.details) for each in client.audit_events().events][:2]
    assert events == [
        ("document.audited", differed.id, {"decision": "corrected", "class": other_class(differed)}),
        ("document.audited", agreed.id, {"decision": "accepted", "class": answered(agreed)}),
    ]
    metrics = auditing.call("GET", "/metrics", token=None).text
    for verdict in ("confirmed", "corrected"):
        labels = f'model="document-classifier",model_version="{version}",verdict="{verdict}"'
        assert f"pigeonhole_feedback_total{{{labels}}} 1.0" in metrics


def test_a_document_that_was_decided_openly_is_audited_all_the_same(
    auditing: Any, pictures: Pictures, reference: str
) -> None:
    client = auditing.client
    (document,) = sort(client, pictures(1), reference)
    client.review(document, "corrected", other_class(document))
    client.decide_blind(sampled(client, document.id), other_class(document))
    assert [(each.decision, each.blind) for each in client.reviews(document.id)] == [
        ("corrected", False),
        ("corrected", True),
    ]


def test_a_blind_decision_is_made_once_and_on_what_was_seen(
    auditing: Any, moody_transformer: Any, pictures: Pictures, predict: Callable[..., Any], reference: str
) -> None:
    client = auditing.client
    (document,) = sort(client, pictures(1), reference)
    moody_transformer.behave = lambda content: predict(content, confidence=0.4)
    (unsure,) = sort(client, pictures(1), f"unsure {reference}")

    right = {"class": answered(document)}

    def decide(document_id: str, body: dict[str, Any], etag: str | None) -> tuple[int, str]:
        headers = {} if etag is None else {"if-match": etag}
        answer = auditing.call("POST", f"/v1/audit-sample/{document_id}/decision", json=body, headers=headers)
        return answer.status_code, answer.json().get("code", "")

    assert decide(document.id, right, None) == (428, "precondition-required")
    assert decide(document.id, right, '"999"') == (412, "document-changed")
    assert decide(document.id, {"class": "a typo"}, document.etag) == (422, "unknown-class")
    for wrong in ({}, {"class": "a\x00b"}, {**right, "seconds_spent": -1}):
        assert decide(document.id, wrong, document.etag) == (422, "invalid-request")
    assert decide(unsure.id, right, unsure.etag) == (409, "not-in-audit")
    assert decide("doc_0", right, "*") == (404, "document-missing")
    assert client.reviews(document.id) == []
    assert decide(document.id, right, document.etag) == (201, "")
    # The same call again, as after an answer that was lost.
    assert decide(document.id, right, document.etag) == (412, "document-changed")
    assert decide(document.id, right, "*") == (409, "not-in-audit")
    assert len(client.reviews(document.id)) == 1


def test_of_two_that_decide_at_once_one_is_told_so(auditing: Any, pictures: Pictures, reference: str) -> None:
    client = auditing.client
    documents = sort(client, pictures(8), reference)

    def decide(document: Document) -> list[int]:
        def once(_number: int) -> int:
            path, body = f"/v1/audit-sample/{document.id}/decision", {"class": answered(document)}
            answer = auditing.call("POST", path, json=body, headers={"if-match": document.etag})
            return int(answer.status_code)

        with ThreadPoolExecutor(3) as callers:
            return sorted(callers.map(once, range(3)))

    assert [decide(document) for document in documents] == [[201, 412, 412]] * 8
    assert [len(client.reviews(document.id)) for document in documents] == [1] * 8


def test_the_sample_comes_in_pages(auditing: Any, pictures: Pictures, reference: str) -> None:
    sort(auditing.client, pictures(5), reference)
    whole = [each.id for each in auditing.client.audit_sample(page_size=500).documents]
    assert len(whole) >= 5
    found: list[str] = []
    token: str | None = None
    while True:
        page = auditing.client.audit_sample(page_size=2, page_token=token)
        found += [each.id for each in page.documents]
        token = page.next_page_token
        if token is None:
            break
    assert found == whole


def test_a_deleted_job_takes_its_audits_with_it(auditing: Any, pictures: Pictures, reference: str) -> None:
    client = auditing.client
    decided, waiting = sort(client, pictures(2), reference)
    client.decide_blind(sampled(client, decided.id), answered(decided))
    (kept,) = sort(client, pictures(1), f"kept {reference}")
    client.delete(decided.job_id)
    assert drawn(client, [decided, waiting, kept]) == [kept.id]
    assert auditing.call("GET", f"/v1/documents/{waiting.id}/reviews").status_code == 404
