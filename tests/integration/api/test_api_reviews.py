"""People decide: each decision at once, none over another one unseen."""

from collections.abc import Callable
from typing import Any

import pytest

from pigeonhole_api.client import ApiError, PlatformClient
from pigeonhole_api.models import Document

pytestmark = pytest.mark.integration
Pictures = Callable[[int], list[tuple[str, bytes]]]
Refused = Callable[[Callable[[], Any]], ApiError]


@pytest.fixture
def documents(client: PlatformClient, pictures: Pictures, reference: str) -> list[Document]:
    job = client.wait(client.submit_job(reference, pictures(4)).id, timeout=30)
    return list(client.all_documents(job.id))


def predicted(document: Document) -> str:
    assert document.prediction
    assert document.prediction.class_name
    return document.prediction.class_name


def other_class(document: Document) -> str:
    assert document.prediction
    return document.prediction.probabilities[-1].class_name


def test_a_decision_settles_a_document(client: PlatformClient, documents: list[Document]) -> None:
    first, second, *_ = documents
    accepted = client.review(first, "accepted", predicted(first))
    corrected = client.review(second, "corrected", other_class(second))

    for decided, decision in ((accepted, "accepted"), (corrected, "corrected")):
        assert decided.state == "classified"
        assert decided.review
        assert (decided.review.decision, decided.review.by) == (decision, "local")
        assert client.document(decided.id) == decided
    assert client.job(first.job_id).counts.reviewed == 2
    assert [each.id for each in client.all_documents(first.job_id, review="corrected")] == [second.id]
    assert [each.id for each in client.all_documents(first.job_id, review="none")] == [
        each.id for each in documents[2:]
    ]


def test_a_decision_on_what_has_changed_meanwhile_is_refused(
    client: PlatformClient, documents: list[Document], refused: Refused
) -> None:
    document = documents[0]
    client.review(document, "accepted", predicted(document))
    error = refused(lambda: client.review(document, "corrected", other_class(document)))
    assert (error.status, error.code) == (412, "document-changed")
    review = client.document(document.id).review
    assert review
    assert review.decision == "accepted"


def test_of_many_decisions_at_once_exactly_one_is_kept(client: PlatformClient, documents: list[Document]) -> None:
    from concurrent.futures import ThreadPoolExecutor

    document = documents[0]

    def decide(_number: int) -> int | None:
        try:
            client.review(document, "accepted", predicted(document))
        except ApiError as error:
            return error.status
        return 200

    with ThreadPoolExecutor(8) as people:
        results = list(people.map(decide, range(8)))
    assert sorted(results, key=str) == [200, *[412] * 7]


def test_a_decision_can_be_changed_and_both_are_in_the_trail(client: PlatformClient, documents: list[Document]) -> None:
    document = documents[0]
    once = client.review(document, "accepted", predicted(document))
    twice = client.review(once, "corrected", other_class(document))
    assert twice.review
    assert twice.review.class_name == other_class(document)
    events = [each for each in client.audit_events(page_size=50).events if each.resource == document.id]
    assert [each.details["decision"] for each in events] == ["corrected", "accepted"]


def test_a_decision_that_contradicts_itself_is_refused(
    client: PlatformClient, documents: list[Document], refused: Refused
) -> None:
    document = documents[0]
    for decision, name in (("accepted", other_class(document)), ("corrected", predicted(document))):
        assert refused(lambda: client.review(document, decision, name)).code == "decision-contradicts"  # noqa: B023
    assert refused(lambda: client.review(document, "corrected", "a typo")).code == "unknown-class"
    assert client.document(document.id).review is None


def test_what_has_no_answer_cannot_be_reviewed(client: PlatformClient, reference: str, refused: Refused) -> None:
    job = client.submit_job(reference, [("a.txt", b"text")])
    (document,) = client.all_documents(job.id)
    error = refused(lambda: client.review(document, "corrected", "invoice"))
    assert (error.status, error.code) == (409, "not-reviewable")


def test_the_queue_holds_what_needs_a_person_the_least_certain_first(
    client: PlatformClient, documents: list[Document]
) -> None:
    waiting = {each.id for each in documents if each.state == "needs_review"}
    queue = client.review_queue(page_size=500).documents
    assert waiting <= {each.id for each in queue}
    assert all(each.state == "needs_review" and each.review is None for each in queue)
    confidences = [each.prediction.confidence if each.prediction else None for each in queue]
    known = [-1.0 if each is None else each for each in confidences]
    assert known == sorted(known)
    for document in queue:
        if document.id in waiting:
            client.review(document, "accepted", predicted(document))
    assert not waiting & {each.id for each in client.review_queue(page_size=500).documents}


def test_a_jobs_documents_come_the_least_certain_first_when_that_is_asked(
    client: PlatformClient, documents: list[Document], refused: Refused
) -> None:
    job_id = documents[0].job_id
    found: list[Document] = []
    token: str | None = None
    while token is not None or not found:
        page = client.documents(job_id, sort="confidence", page_size=2, page_token=token)
        found += page.documents
        token = page.next_page_token
    assert sorted(each.id for each in found) == sorted(each.id for each in documents)
    known = [each.prediction.confidence if each.prediction else None for each in found]
    confidences = [-1.0 if each is None else each for each in known]
    assert confidences == sorted(confidences)
    assert len(set(confidences)) > 1
    other = client.documents(job_id, page_size=1).next_page_token
    assert refused(lambda: client.documents(job_id, sort="confidence", page_token=other)).code == "page-token-invalid"


def test_the_queue_comes_in_pages(client: PlatformClient, documents: list[Document]) -> None:
    whole = [each.id for each in client.review_queue(page_size=500).documents]
    found: list[str] = []
    token: str | None = None
    while True:
        page = client.review_queue(page_size=1, page_token=token)
        found += [each.id for each in page.documents]
        token = page.next_page_token
        if token is None:
            break
    assert found == whole
