"""Declared documents that clients send to the storage themselves, by presigned addresses."""

import base64
import hashlib
import threading
import time
from collections.abc import Callable, Iterator
from typing import Any

import httpx
import pytest

from pigeonhole_api.client import ApiError, PlatformClient
from tests.integration.api.object_store import BUCKET, ObjectStore

pytestmark = pytest.mark.integration
Pictures = Callable[[int], list[tuple[str, bytes]]]
MOST_BYTES = 200_000
_prefixes = iter(range(1, 1000))


@pytest.fixture(scope="module")
def store() -> Iterator[ObjectStore]:
    store = ObjectStore()
    yield store
    store.close()


@pytest.fixture
def strict(store: ObjectStore) -> Iterator[ObjectStore]:
    """The store as S3 is, whatever a test makes of it."""
    yield store
    store.enforces, store.is_down = True, False


@pytest.fixture
def lenient(strict: ObjectStore) -> ObjectStore:
    """A store that takes whatever is put to an address, as some do that speak S3."""
    strict.enforces = False
    return strict


@pytest.fixture(scope="module")
def remote(module_installation: Callable[..., Any], store: ObjectStore) -> Any:
    """A platform on S3 without a worker."""
    installation = module_installation(**store.settings("module"), PIGEONHOLE_LIMIT_MAX_BYTES=str(MOST_BYTES))
    installation.start_api()
    return installation


@pytest.fixture
def remote_on_either(installation_on_either: Any, strict: ObjectStore) -> Any:
    """A platform on S3 of a test's own, on either database, nothing of it started yet."""
    installation = installation_on_either
    installation.bucket_prefix = f"own-{next(_prefixes)}"
    installation.environment |= strict.settings(installation.bucket_prefix)
    return installation


def described(files: list[tuple[str, bytes]]) -> list[dict[str, Any]]:
    return [{"name": name, "size": len(data), "sha256": hashlib.sha256(data).hexdigest()} for name, data in files]


def declare(platform: Any, reference: str, documents: list[dict[str, Any]]) -> str:
    answer = platform.call("POST", "/v1/jobs", json={"reference": reference, "documents": documents})
    assert answer.status_code == 202, answer.text
    return str(answer.json()["id"])


def ask(platform: Any, job_id: str, what: str, *names: str, **content: Any) -> Any:
    return platform.call("POST", f"/v1/jobs/{job_id}/{what}", json={"names": names}, **content)


def addresses(platform: Any, job_id: str, *names: str) -> list[dict[str, Any]]:
    answer = ask(platform, job_id, "upload-urls", *names)
    assert answer.status_code == 200, answer.text
    return list(answer.json()["uploads"])


def send(upload: dict[str, Any], content: bytes, **headers: str) -> int:
    return httpx.put(upload["url"], content=content, headers={**upload["headers"], **headers}).status_code


def tell(platform: Any, job_id: str, *names: str) -> tuple[list[str], list[tuple[str, str]]]:
    answer = ask(platform, job_id, "arrivals", *names)
    assert answer.status_code == 200, answer.text
    taken = answer.json()
    return [each["name"] for each in taken["documents"]], [(each["name"], each["code"]) for each in taken["refused"]]


def waiting(platform: Any, job_id: str) -> int:
    return int(platform.client.job(job_id).counts.waiting_upload)


def test_documents_go_to_the_storage_and_are_answered_like_any(
    remote_on_either: Any, strict: ObjectStore, pictures: Pictures
) -> None:
    platform, files = remote_on_either, pictures(3)
    platform.start_api()
    platform.start_worker()
    names = [name for name, _ in files]
    job_id = declare(platform, "direct", described(files))
    uploads = addresses(platform, job_id, *names)
    assert [upload["name"] for upload in uploads] == names
    assert [send(upload, data) for upload, (_, data) in zip(uploads, files, strict=True)] == [200] * 3
    assert sorted(strict.keys(f"{platform.bucket_prefix}/uploads/{job_id}/")) == sorted(
        f"{platform.bucket_prefix}/uploads/{job_id}/{upload['document_id']}" for upload in uploads
    )
    assert platform.client.job(job_id).state == "uploading"
    assert tell(platform, job_id, *names[:2]) == (names[:2], [])
    assert platform.client.job(job_id).state == "uploading"
    assert tell(platform, job_id, *names) == (names, [])
    ended = platform.client.wait(job_id, timeout=60)
    assert (ended.state, ended.counts.classified) == ("succeeded", 3)
    for document, (name, data) in zip(platform.client.all_documents(job_id), files, strict=True):
        assert (document.name, document.media_type, document.pages) == (name, "image/png", 1)
        assert platform.client.content(document.id) == data
    assert strict.keys(f"{platform.bucket_prefix}/uploads/") == []
    assert strict.keys(f"{platform.bucket_prefix}/documents/{hashlib.sha256(files[0][1]).hexdigest()}")


def test_an_address_is_good_for_the_declared_bytes_alone(
    remote: Any, strict: ObjectStore, pictures: Pictures, reference: str
) -> None:
    (first, other) = pictures(2)
    job_id = declare(remote, reference, described([first]))
    (upload,) = addresses(remote, job_id, first[0])
    same_size = bytes(len(first[1]))
    for content in (same_size, first[1] + b"more", other[1]):
        own = {"x-amz-checksum-sha256": base64.b64encode(hashlib.sha256(content).digest()).decode()}
        for headers in ({}, own):
            assert send(upload, content, **{"Content-Length": str(len(content))}, **headers) == 403
    assert send({**upload, "headers": {}}, first[1]) == 403
    assert send({**upload, "url": upload["url"].replace(job_id, "job_0")}, first[1]) == 403
    assert tell(remote, job_id, first[0]) == ([], [(first[0], "upload-missing")])
    assert send(upload, first[1]) == 200
    assert tell(remote, job_id, first[0]) == ([first[0]], [])


@pytest.mark.parametrize("wrong", ["other bytes", "fewer", "more", "far too many", "none"])
def test_what_differs_is_refused_by_name_and_goes_on_waiting_whatever_the_storage_took(
    remote: Any, lenient: ObjectStore, pictures: Pictures, reference: str, wrong: str
) -> None:
    (good, bad) = pictures(2)
    data = bad[1]
    content = {
        "other bytes": bytes(len(data)),
        "fewer": data[:-1],
        "more": data + b"x",
        "far too many": data + bytes(MOST_BYTES),
        "none": b"",
    }[wrong]
    job_id = declare(remote, reference, described([good, bad]))
    for upload, sent in zip(addresses(remote, job_id, good[0], bad[0]), (good[1], content), strict=True):
        assert send(upload, sent, **{"Content-Length": str(len(sent))}) == 200
    assert tell(remote, job_id, good[0], bad[0]) == ([good[0]], [(bad[0], "upload-differs")])
    assert waiting(remote, job_id) == 1
    (upload,) = addresses(remote, job_id, good[0], bad[0])
    assert send(upload, data) == 200
    assert tell(remote, job_id, bad[0]) == ([bad[0]], [])


def test_a_hash_that_the_storage_says_is_another_is_not_read(
    remote: Any, lenient: ObjectStore, pictures: Pictures, reference: str
) -> None:
    ((name, data),) = pictures(1)
    job_id = declare(remote, reference, described([(name, data)]))
    (upload,) = addresses(remote, job_id, name)
    key = f"module/uploads/{job_id}/{upload['document_id']}"
    lenient.client.put_object(
        Bucket=BUCKET,
        Key=key,
        Body=bytes(len(data)),
        ChecksumAlgorithm="SHA256",
    )
    answer = ask(remote, job_id, "arrivals", name).json()
    assert hashlib.sha256(bytes(len(data))).hexdigest() in answer["refused"][0]["detail"]
    assert ("GET", f"/{BUCKET}/{key}") not in lenient.seen


def test_an_address_expires(remote_on_either: Any, pictures: Pictures) -> None:
    platform, ((name, data),) = remote_on_either, pictures(1)
    platform.start_api(PIGEONHOLE_API_UPLOAD_URL_SECONDS="1")
    job_id = declare(platform, "late", described([(name, data)]))
    (upload,) = addresses(platform, job_id, name)
    assert "X-Amz-Expires=1&" in upload["url"]
    time.sleep(1.1)
    assert send(upload, data) == 403
    assert tell(platform, job_id, name) == ([], [(name, "upload-missing")])
    assert waiting(platform, job_id) == 1


def test_the_same_arrivals_twice_and_at_once_are_one(remote_on_either: Any, pictures: Pictures) -> None:
    platform, files = remote_on_either, pictures(6)
    platform.start_api()
    names = [name for name, _ in files]
    job_id = declare(platform, "twice", described(files))
    for upload, (_, data) in zip(addresses(platform, job_id, *names), files, strict=True):
        send(upload, data)
    answers: list[Any] = []
    threads = [
        threading.Thread(target=lambda: answers.append(tell(platform, job_id, *names, *names))) for _ in range(4)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert answers == [(names, [])] * 4
    assert tell(platform, job_id, *names) == (names, [])
    assert addresses(platform, job_id, *names) == []
    counts = platform.client.job(job_id).counts
    assert (counts.total, counts.queued) == (6, 6)
    assert [document.attempts for document in platform.client.all_documents(job_id)] == [0] * 6


def test_what_is_no_document_fails_with_its_reason(remote: Any, strict: ObjectStore, reference: str) -> None:
    job_id = declare(remote, reference, described([("a.txt", b"text")]))
    (upload,) = addresses(remote, job_id, "a.txt")
    send(upload, b"text")
    assert tell(remote, job_id, "a.txt") == (["a.txt"], [])
    (document,) = remote.client.all_documents(job_id)
    assert document.error is not None
    assert document.error.reason == "unsupported-type"
    assert remote.client.job(job_id).state == "failed"
    assert remote.client.content(document.id) == b"text"


def test_what_is_declared_too_large_gets_no_address(remote: Any, strict: ObjectStore, reference: str) -> None:
    job_id = declare(remote, reference, [{"name": "a.png", "size": MOST_BYTES + 1, "sha256": "0" * 64}])
    assert addresses(remote, job_id, "a.png") == []


@pytest.mark.parametrize("field", ["size", "sha256"])
def test_size_and_hash_must_be_declared(
    remote: Any, strict: ObjectStore, pictures: Pictures, reference: str, field: str
) -> None:
    (document,) = described(pictures(1))
    del document[field]
    job_id = declare(remote, reference, [document])
    refusal = ask(remote, job_id, "upload-urls", document["name"])
    assert (refusal.status_code, refusal.json()["code"]) == (422, "declaration-incomplete")
    assert refusal.json()["errors"][0]["field"] == field
    assert tell(remote, job_id, document["name"]) == ([], [(document["name"], "declaration-incomplete")])


def test_what_was_never_declared_is_not_found(
    remote: Any, strict: ObjectStore, pictures: Pictures, reference: str
) -> None:
    files = pictures(1)
    job_id = declare(remote, reference, described(files))
    for what in ("upload-urls", "arrivals"):
        assert ask(remote, job_id, what, files[0][0], "another.png").json()["code"] == "document-missing"
        assert ask(remote, "job_none", what, "a").json()["code"] == "job-missing"
        assert ask(remote, job_id, what).status_code == 422
        assert ask(remote, job_id, what, *(f"{number}" for number in range(501))).status_code == 422


def test_another_tenant_finds_nothing(remote: Any, strict: ObjectStore, pictures: Pictures) -> None:
    from tests.integration.api.oidc_issuer import OidcIssuer

    files = pictures(1)
    issuer = OidcIssuer()
    remote.processes.pop().kill()
    remote.environment |= {"PIGEONHOLE_OIDC_ISSUER": issuer.url}
    remote.start_api()
    job_id = declare(remote, "mine", described(files))
    (upload,) = addresses(remote, job_id, files[0][0])
    send(upload, files[0][1])
    foreign, watcher = issuer.token(tenant="other"), issuer.token(groups=["ops"])
    for what in ("upload-urls", "arrivals"):
        assert ask(remote, job_id, what, files[0][0], token=foreign).json()["code"] == "job-missing"
        assert ask(remote, job_id, what, files[0][0], token=watcher).json()["code"] == "forbidden"
        assert ask(remote, job_id, what, files[0][0], token=None).status_code == 401
    assert waiting(remote, job_id) == 1
    issuer.close()


def test_a_storage_that_is_away_loses_nothing(remote_on_either: Any, strict: ObjectStore, pictures: Pictures) -> None:
    platform, files = remote_on_either, pictures(2)
    platform.start_api()
    names = [name for name, _ in files]
    job_id = declare(platform, "away", described(files))
    for upload, (_, data) in zip(addresses(platform, job_id, *names), files, strict=True):
        send(upload, data)
    strict.is_down = True
    refusal = ask(platform, job_id, "arrivals", *names)
    assert (refusal.status_code, refusal.json()["code"]) == (503, "storage-unavailable")
    assert refusal.headers["retry-after"]
    strict.is_down = False
    assert waiting(platform, job_id) == 2
    assert tell(platform, job_id, *names) == (names, [])


def test_what_was_put_for_nothing_is_removed(
    remote_on_either: Any, strict: ObjectStore, pictures: Pictures, wait_until: Callable[..., None]
) -> None:
    platform, files = remote_on_either, pictures(3)
    platform.start_api()
    names = [name for name, _ in files]
    job_id = declare(platform, "orphans", described(files))
    uploads = addresses(platform, job_id, *names)
    for upload, (_, data) in zip(uploads, files, strict=True):
        send(upload, data)
    place = f"{platform.bucket_prefix}/uploads/"
    tell(platform, job_id, names[0])
    send(uploads[0], files[0][1])  # once more, after it was taken
    deleted = declare(platform, "deleted", described(pictures(1)))
    strict.client.put_object(Bucket=BUCKET, Key=f"{place}{deleted}/doc_0", Body=b"of nobody")
    assert len(strict.keys(place)) == 4
    platform.start_worker(PIGEONHOLE_API_REAP_SECONDS="0.1")
    wait_until(lambda: len(strict.keys(place)) == 2, "the end of what nobody waits for")
    assert {key.rpartition("/")[2] for key in strict.keys(place)} == {each["document_id"] for each in uploads[1:]}
    platform.client.complete(job_id)
    wait_until(lambda: strict.keys(place) == [], "the end of what was given up")
    assert tell(platform, job_id, names[0], names[1]) == ([names[0]], [(names[1], "upload-closed")])


def test_clients_are_sent_to_the_address_that_they_see(remote_on_either: Any, pictures: Pictures) -> None:
    platform, files = remote_on_either, pictures(1)
    platform.start_api(PIGEONHOLE_API_PUBLIC_S3_URL="https://s3.example")
    job_id = declare(platform, "outside", described(files))
    (upload,) = addresses(platform, job_id, files[0][0])
    assert upload["url"].startswith("https://s3.example/documents/")
    assert tell(platform, job_id, files[0][0]) == ([], [(files[0][0], "upload-missing")])


def test_a_storage_of_files_has_no_addresses(platform: Any, pictures: Pictures, reference: str) -> None:
    files = pictures(1)
    job_id = declare(platform, reference, described(files))
    for what in ("upload-urls", "arrivals"):
        refusal = ask(platform, job_id, what, files[0][0]).json()
        assert (refusal["status"], refusal["code"]) == (409, "presigning-unsupported")
        assert "documents/{name}" in refusal["hint"]


def test_the_client_sends_directly_what_it_can(
    remote: Any, strict: ObjectStore, pictures: Pictures, reference: str
) -> None:
    files = [*pictures(120), ("empty.png", b"")]
    job = remote.client.submit_job(reference, files, direct=True)
    assert (job.counts.total, job.counts.queued, job.counts.failed) == (121, 120, 1)
    calls = remote.call("GET", "/metrics").text
    (puts,) = [
        line for line in calls.splitlines() if line.startswith("pigeonhole_http_requests_total") and "PUT" in line
    ]
    assert puts.endswith(" 1.0")
    assert remote.client.submit_job(reference, files, direct=True).id == job.id


def test_the_client_sends_through_the_api_where_it_must(
    client: PlatformClient, pictures: Pictures, reference: str
) -> None:
    job = client.submit_job(reference, pictures(2), direct=True)
    assert job.counts.waiting_upload == 0


def test_the_client_says_when_the_storage_does_not_take_a_file(
    remote: Any, strict: ObjectStore, pictures: Pictures, reference: str, refused: Callable[..., ApiError]
) -> None:
    files = pictures(2)
    job_id = declare(remote, reference, described(files))
    strict.is_down = True
    assert refused(lambda: remote.client.submit_job(reference, files, direct=True)).code == "storage-refused"
    strict.is_down = False
    assert waiting(remote, job_id) == 2
    assert remote.client.submit_job(reference, files, direct=True).counts.waiting_upload == 0
