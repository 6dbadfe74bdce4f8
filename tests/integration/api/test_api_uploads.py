"""Jobs whose documents are declared first and uploaded one by one."""

import hashlib
from collections.abc import Callable, Iterator
from typing import Any
from urllib.parse import quote

import pytest

from pigeonhole_api.client import ApiError, PlatformClient

pytestmark = pytest.mark.integration
Pictures = Callable[[int], list[tuple[str, bytes]]]
MOST_BYTES = 200_000  # what the platform of these tests accepts of a file


def declared(files: list[tuple[str, bytes]], **fields: Any) -> dict[str, Any]:
    documents = [{"name": name, "sha256": hashlib.sha256(data).hexdigest(), **fields} for name, data in files]
    return {"documents": documents}


def declare(platform: Any, reference: str, files: list[tuple[str, bytes]], **fields: Any) -> dict[str, Any]:
    answer = platform.call("POST", "/v1/jobs", json={"reference": reference, **declared(files, **fields)})
    assert answer.status_code == 202, answer.text
    return dict(answer.json())


def put(platform: Any, job: dict[str, Any], name: str, content: Any) -> Any:
    return platform.call("PUT", f"/v1/jobs/{job['id']}/documents/{quote(name, safe='')}", content=content)


def test_a_declared_job_is_uploading_until_its_last_document_has_come(
    installation_on_either: Any, pictures: Pictures, reference: str
) -> None:
    platform = installation_on_either
    platform.start_api()
    platform.start_worker()
    files = pictures(3)
    job = declare(platform, reference, files)
    assert (job["state"], job["counts"]["waiting_upload"]) == ("uploading", 3)
    for name, data in files[:2]:
        answer = put(platform, job, name, data)
        assert (answer.status_code, answer.json()["state"]) == (201, "queued")
        assert answer.headers["etag"] == answer.json()["etag"]
    assert platform.client.job(job["id"]).state == "uploading"
    put(platform, job, *files[2])
    ended = platform.client.wait(job["id"], timeout=30)
    assert (ended.state, ended.counts.classified) == ("succeeded", 3)
    documents = list(platform.client.all_documents(job["id"]))
    assert [(each.name, each.size) for each in documents] == [(name, len(data)) for name, data in files]
    assert {platform.client.content(each.id) for each in documents} == {data for _, data in files}


def test_the_same_bytes_again_are_harmless_and_other_bytes_are_refused(
    platform: Any, pictures: Pictures, reference: str
) -> None:
    (name, data), (_, other) = pictures(2)
    job = declare(platform, reference, [(name, data)])
    assert [put(platform, job, name, data).status_code for _ in range(2)] == [201, 200]
    refusal = put(platform, job, name, other)
    assert (refusal.status_code, refusal.json()["code"]) == (409, "document-conflict")


@pytest.mark.parametrize("field", ["size", "sha256"])
def test_bytes_that_were_not_declared_are_refused_and_the_document_goes_on_waiting(
    platform: Any, pictures: Pictures, reference: str, field: str
) -> None:
    ((name, data),) = pictures(1)
    job = declare(platform, reference, [(name, data)], size=len(data))
    wrong = data + b"more" if field == "size" else bytes(len(data))
    refusal = put(platform, job, name, wrong)
    assert (refusal.status_code, refusal.json()["code"]) == (422, "upload-differs")
    assert refusal.json()["errors"][0]["field"] == field
    assert platform.client.job(job["id"]).counts.waiting_upload == 1
    assert put(platform, job, name, data).status_code == 201


@pytest.mark.parametrize("says_its_length", [True, False])
def test_a_file_that_is_too_large_fails_alone(
    platform: Any, pictures: Pictures, reference: str, says_its_length: bool
) -> None:
    ((name, data),) = pictures(1)
    large = b"\x89PNG\r\n\x1a\n" + bytes(MOST_BYTES)

    def chunks() -> Iterator[bytes]:
        yield from (large[start : start + 4096] for start in range(0, len(large), 4096))

    job = declare(platform, reference, [(name, data), ("large.png", large)])
    refusal = put(platform, job, "large.png", large if says_its_length else chunks())
    assert (refusal.status_code, refusal.json()["code"]) == (413, "too-large")
    put(platform, job, name, data)
    ended = platform.client.wait(job["id"], timeout=30)
    assert (ended.state, ended.counts.failed) == ("partially_failed", 1)
    (failed,) = platform.client.all_documents(job["id"], state="failed")
    assert failed.error is not None
    assert failed.error.reason == "too-large"


def test_a_file_that_says_it_is_too_large_need_not_come(platform: Any, pictures: Pictures, reference: str) -> None:
    job = declare(platform, reference, pictures(1), size=MOST_BYTES + 1)
    assert (job["state"], job["counts"]["failed"]) == ("failed", 1)


def test_a_file_that_is_no_document_fails_with_its_reason(platform: Any, reference: str) -> None:
    job = declare(platform, reference, [("a.txt", b"text"), ("b.pdf", b"")])
    answers = [put(platform, job, "a.txt", b"text"), put(platform, job, "b.pdf", b"")]
    assert [answer.json()["error"]["reason"] for answer in answers] == ["unsupported-type", "empty"]
    assert platform.client.job(job["id"]).state == "failed"


def test_what_was_never_declared_is_not_found(platform: Any, pictures: Pictures, reference: str) -> None:
    ((name, data),) = pictures(1)
    job = declare(platform, reference, [(name, data)])
    assert put(platform, job, "another.png", data).json()["code"] == "document-missing"
    assert put(platform, {"id": "job_none"}, name, data).json()["code"] == "job-missing"


def test_a_completed_job_goes_on_without_what_has_not_come(
    platform: Any, client: PlatformClient, pictures: Pictures, reference: str
) -> None:
    came, missing = pictures(2)
    job = declare(platform, reference, [came, missing])
    put(platform, job, *came)
    client.complete(job["id"])
    ended = client.wait(job["id"], timeout=30)
    assert ended.state == "partially_failed"
    (failed,) = client.all_documents(job["id"], state="failed")
    assert failed.error is not None
    assert (failed.name, failed.error.reason) == (missing[0], "not-uploaded")
    assert put(platform, job, *missing).json()["code"] == "upload-closed"
    assert client.complete(job["id"]) == ended


def test_cancelling_cancels_what_has_not_come(
    platform: Any, client: PlatformClient, pictures: Pictures, reference: str
) -> None:
    (file,) = pictures(1)
    job = declare(platform, reference, [file])
    assert client.cancel(job["id"]).state == "cancelled"
    assert put(platform, job, *file).json()["code"] == "upload-closed"


def test_the_same_files_are_the_same_job_however_they_are_sent(
    platform: Any, pictures: Pictures, reference: str
) -> None:
    files = pictures(2)
    parts = [("files", file) for file in files]
    sent = platform.call("POST", "/v1/jobs", data={"reference": reference}, files=parts).json()
    again = platform.call("POST", "/v1/jobs", json={"reference": reference, **declared(files[::-1])})
    assert (again.status_code, again.json()["id"]) == (200, sent["id"])
    other = platform.call("POST", "/v1/jobs", json={"reference": reference, **declared(files[:1])})
    assert (other.status_code, other.json()["code"]) == (409, "reference-conflict")
    assert other.json()["existing_job"] == f"/v1/jobs/{sent['id']}"


@pytest.mark.parametrize(
    ("documents", "code", "field"),
    [
        ([], "invalid-request", "body.documents"),
        ([{"name": "a"}, {"name": "a"}], "name-invalid", "body.documents.1.name"),
        ([{"name": " a"}], "name-invalid", "body.documents.0.name"),
        ([{"name": "a\n"}], "name-invalid", "body.documents.0.name"),
        ([{"name": ""}], "invalid-request", "body.documents.0.name"),
        ([{"name": "a", "sha256": "xyz"}], "invalid-request", "body.documents.0.sha256"),
        ([{"name": "a", "size": -1}], "invalid-request", "body.documents.0.size"),
        ([{"name": f"{number}"} for number in range(5001)], "too-many-documents", "body.documents"),
        ("text", "invalid-request", "body.documents"),
    ],
)
def test_a_declaration_that_is_wrong_names_its_field(
    platform: Any, reference: str, documents: Any, code: str, field: str
) -> None:
    answer = platform.call("POST", "/v1/jobs", json={"reference": reference, "documents": documents})
    assert (answer.status_code, answer.json()["code"]) == (422, code)
    assert answer.json()["errors"][0]["field"] == field
    assert platform.client.job_by_reference(reference) is None


@pytest.mark.parametrize("reference", ["", " ", "a\nb", "x" * 201])
def test_a_declaration_with_a_wrong_reference_is_refused(platform: Any, reference: str) -> None:
    answer = platform.call("POST", "/v1/jobs", json={"reference": reference, "documents": [{"name": "a"}]})
    assert answer.status_code == 422
    assert answer.json()["errors"][0]["field"] == "body.reference"


def test_the_client_uploads_more_files_than_one_request_may_hold(
    client: PlatformClient, pictures: Pictures, reference: str
) -> None:
    job = client.submit_job(reference, pictures(150))
    assert (job.counts.total, job.counts.waiting_upload) == (150, 0)


def test_the_client_keeps_names_apart_and_as_they_are(
    client: PlatformClient, pictures: Pictures, reference: str
) -> None:
    contents = [data for _, data in pictures(5)]
    names = ["scan.png", "scan.png", "dossier/été 1?.png", "50%.png", "#1.png"]
    job = client.submit_job(reference, list(zip(names, contents, strict=True)))
    found = {document.name: client.content(document.id) for document in client.all_documents(job.id)}
    kept = ["scan.png", "scan (2).png", *names[2:]]
    assert found == dict(zip(kept, contents, strict=True))


def test_an_upload_that_broke_off_is_gone_on_with(
    platform: Any, client: PlatformClient, pictures: Pictures, reference: str
) -> None:
    files = pictures(4)
    sizes = [{"name": name, "size": len(data), "sha256": hashlib.sha256(data).hexdigest()} for name, data in files]
    job = platform.call("POST", "/v1/jobs", json={"reference": reference, "documents": sizes}).json()
    first = put(platform, job, *files[0]).json()
    resumed = client.submit_job(reference, files)
    assert (resumed.id, resumed.counts.waiting_upload) == (job["id"], 0)
    ended = client.wait(job["id"], timeout=30)
    assert (ended.counts.total, ended.counts.classified + ended.counts.needs_review) == (4, 4)
    assert first["id"] in {document.id for document in client.all_documents(job["id"])}


def test_a_file_that_is_too_large_does_not_stop_the_client(
    client: PlatformClient, pictures: Pictures, reference: str
) -> None:
    job = client.submit_job(reference, [*pictures(2), ("large.png", bytes(MOST_BYTES + 1))])
    ended = client.wait(job.id, timeout=30)
    assert (ended.state, ended.counts.failed) == ("partially_failed", 1)


def test_a_stranger_uploads_nothing(platform: Any, pictures: Pictures, reference: str) -> None:
    ((name, data),) = pictures(1)
    job = declare(platform, reference, [(name, data)])
    answer = platform.call("PUT", f"/v1/jobs/{job['id']}/documents/{name}", token="wrong", content=data)
    assert answer.status_code == 401
    assert platform.client.job(job["id"]).counts.waiting_upload == 1


def test_what_nobody_sends_is_given_up(installation_on_either: Any, pictures: Pictures, reference: str) -> None:
    installation = installation_on_either
    installation.start_api()
    job = declare(installation, reference, pictures(2))
    installation.start_worker(PIGEONHOLE_API_UPLOAD_HOURS="0.0001")
    ended = installation.client.wait(job["id"], timeout=30)
    assert ended.state == "failed"
    (first, _) = installation.client.all_documents(job["id"])
    assert first.error is not None
    assert first.error.reason == "not-uploaded"
    with pytest.raises(ApiError) as caught:
        installation.client.submit_job(f"{reference}-2", [("gone.png", installation.home / "gone.png")])
    assert caught.value.code == "file-unreadable"
