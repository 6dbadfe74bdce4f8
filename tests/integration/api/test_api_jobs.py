"""Jobs from their submission to their end, over HTTP against real processes."""

from collections.abc import Callable
from typing import Any

import pytest

from pigeonhole_api.client import ApiError, PlatformClient

pytestmark = pytest.mark.integration
Pictures = Callable[[int], list[tuple[str, bytes]]]
Refused = Callable[[Callable[[], Any]], ApiError]


def test_a_job_is_accepted_at_once_and_ends_with_a_class_for_each_file(
    client: PlatformClient, pictures: Pictures, reference: str
) -> None:
    files = pictures(5)
    job = client.submit_job(reference, files)
    assert job.id.startswith("job_")
    assert (job.reference, job.counts.total, job.created_by) == (reference, 5, "local")

    ended = client.wait(job.id, timeout=30)

    assert ended.state == "succeeded"
    assert ended.model_version == "7"
    assert ended.counts.classified + ended.counts.needs_review == 5
    assert ended.started_at
    assert ended.finished_at
    assert ended.created_at <= ended.started_at <= ended.finished_at
    documents = list(client.all_documents(job.id))
    assert [document.name for document in documents] == [name for name, _ in files]
    for document in documents:
        assert document.prediction
        shares = [each.p for each in document.prediction.probabilities]
        assert sum(shares) == pytest.approx(1)
        assert shares == sorted(shares, reverse=True)
        assert document.prediction.class_name == document.prediction.probabilities[0].class_name
        assert document.prediction.reasons[0].boxes[0].page == 1
        assert document.state == ("needs_review" if document.prediction.abstained else "classified")
        assert (document.language, document.pages, document.media_type) == ("fr", 1, "image/png")


def test_a_job_is_found_by_its_reference(client: PlatformClient, pictures: Pictures, reference: str) -> None:
    assert client.job_by_reference(reference) is None
    job = client.submit_job(reference, pictures(1))
    assert client.job_by_reference(reference).id == job.id  # type: ignore[union-attr]


def test_the_same_files_under_the_same_reference_are_the_same_job(
    client: PlatformClient, pictures: Pictures, reference: str
) -> None:
    files = pictures(3)
    first = client.submit_job(reference, files)
    assert client.submit_job(reference, list(reversed(files))).id == first.id
    assert len(list(client.all_documents(first.id))) == 3


def test_other_files_under_a_used_reference_are_refused_with_the_way_to_the_first_job(
    client: PlatformClient, pictures: Pictures, reference: str, refused: Refused
) -> None:
    job = client.submit_job(reference, pictures(1))
    error = refused(lambda: client.submit_job(reference, pictures(1)))
    assert (error.status, error.code) == (409, "reference-conflict")
    assert error.problem
    assert error.problem.existing_job == f"/v1/jobs/{job.id}"


def test_files_that_cannot_be_documents_fail_with_their_reasons_and_the_others_are_classified(
    client: PlatformClient, pictures: Pictures, reference: str, encrypted_pdf: bytes
) -> None:
    files = [
        *pictures(1),
        ("empty.pdf", b""),
        ("text.jpg", b"just a text"),
        ("broken.png", b"\x89PNG\r\n\x1a\nnonsense"),
        ("secret.pdf", encrypted_pdf),
        ("large.png", pictures(1)[0][1] + b"\x00" * 200_000),
    ]
    job = client.wait(client.submit_job(reference, files).id, timeout=30)

    assert job.state == "partially_failed"
    assert (job.counts.failed, job.counts.total) == (5, 6)
    reasons = {each.name: each.error.reason for each in client.all_documents(job.id, state="failed") if each.error}
    assert reasons == {
        "empty.pdf": "empty",
        "text.jpg": "unsupported-type",
        "broken.png": "unreadable",
        "secret.pdf": "encrypted",
        "large.png": "too-large",
    }
    by_name = {each.name: each for each in client.all_documents(job.id)}
    assert client.content(by_name["text.jpg"].id) == b"just a text"
    assert by_name["text.jpg"].thumbnail_url is None


def test_a_job_of_refused_files_alone_has_failed(client: PlatformClient, reference: str) -> None:
    job = client.submit_job(reference, [("a.txt", b"text"), ("b.txt", b"")])
    assert job.state == "failed"
    assert job.finished_at


def test_a_file_that_was_seen_before_names_the_first_document_with_its_content(
    client: PlatformClient, pictures: Pictures, reference: str
) -> None:
    (name, data), *_ = pictures(1)
    job = client.submit_job(reference, [(name, data), ("again.png", data)])
    first, second = client.all_documents(job.id)
    assert (first.duplicate_of, second.duplicate_of) == (None, first.id)
    other = client.submit_job(f"{reference}-2", [("third.png", data)])
    assert [each.duplicate_of for each in client.all_documents(other.id)] == [first.id]


def test_documents_come_in_pages_that_leave_nothing_out(
    client: PlatformClient, pictures: Pictures, reference: str
) -> None:
    job = client.submit_job(reference, pictures(7))
    names: list[str] = []
    sizes: list[int] = []
    token: str | None = None
    while True:
        page = client.documents(job.id, page_size=3, page_token=token)
        names += [each.name for each in page.documents]
        sizes.append(len(page.documents))
        token = page.next_page_token
        if token is None:
            break
    assert sizes == [3, 3, 1]
    assert names == [f"scan-{number}.png" for number in range(7)]


def test_jobs_come_newest_first_and_a_new_one_does_not_shift_the_pages(
    client: PlatformClient, pictures: Pictures, reference: str
) -> None:
    made = [client.submit_job(f"{reference}-{number}", pictures(1)).id for number in range(3)]
    first = client.jobs(page_size=2)
    assert [job.id for job in first.jobs] == [made[2], made[1]]
    client.submit_job(f"{reference}-late", pictures(1))
    assert client.jobs(page_size=2, page_token=first.next_page_token).jobs[0].id == made[0]


def test_jobs_are_listed_by_state(client: PlatformClient, pictures: Pictures, reference: str) -> None:
    job = client.wait(client.submit_job(reference, pictures(1)).id, timeout=30)
    assert job.id in {each.id for each in client.jobs(state="succeeded", page_size=500).jobs}
    assert job.id not in {each.id for each in client.jobs(state="failed", page_size=500).jobs}


def test_a_page_token_is_good_for_its_own_listing_alone(
    client: PlatformClient, pictures: Pictures, reference: str, refused: Refused
) -> None:
    job = client.submit_job(reference, pictures(2))
    token = client.documents(job.id, page_size=1).next_page_token
    for action in (
        lambda: client.jobs(page_token=token),
        lambda: client.documents(job.id, state="queued", page_token=token),
        lambda: client.documents(job.id, page_token="AAAA"),
        lambda: client.documents(job.id, page_token="é"),
    ):
        assert (refused(action).status, refused(action).code) == (422, "page-token-invalid")


def test_changes_of_jobs_are_in_the_audit_trail(client: PlatformClient, pictures: Pictures, reference: str) -> None:
    job = client.submit_job(reference, pictures(2))
    event = next(each for each in client.audit_events(page_size=100).events if each.resource == job.id)
    assert (event.action, event.actor, event.details) == ("job.created", "local", {"documents": 2})
    assert event.request_id
