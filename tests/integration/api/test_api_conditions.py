"""Answers that are not sent again, and contents of which a part is sent."""

from collections.abc import Callable, Iterator
from typing import Any

import pytest

from pigeonhole_api.client import PlatformClient
from tests.integration.api.object_store import ObjectStore

pytestmark = pytest.mark.integration
Pictures = Callable[[int], list[tuple[str, bytes]]]
LARGE = bytes(range(256)) * 4000  # several blocks


@pytest.fixture(scope="module")
def store() -> Iterator[ObjectStore]:
    store = ObjectStore()
    yield store
    store.close()


@pytest.fixture(scope="module", params=["folder", "s3"])
def anywhere(request: pytest.FixtureRequest, module_installation: Callable[..., Any], store: ObjectStore) -> Any:
    """A platform on each kind of storage without a worker."""
    installation = module_installation(**(store.settings("conditions") if request.param == "s3" else {}))
    installation.start_api()
    return installation


def test_a_job_is_sent_again_only_when_something_has_changed(
    installation_on_either: Any, own_transformer: Any, pictures: Pictures
) -> None:
    platform = installation_on_either
    platform.start_api()
    job = platform.client.submit_job("watched", pictures(2))
    path = f"/v1/jobs/{job.id}"
    first = platform.call("GET", path)
    assert first.headers["etag"].startswith('W/"')
    again = platform.call("GET", path, headers={"if-none-match": first.headers["etag"]})
    assert (again.status_code, again.content) == (304, b"")
    assert again.headers["etag"] == first.headers["etag"]
    assert again.headers["retry-after"] == "1"
    platform.start_worker()
    platform.client.wait(job.id, timeout=60)
    ended = platform.call("GET", path, headers={"if-none-match": first.headers["etag"]})
    assert (ended.status_code, ended.json()["state"]) == (200, "succeeded")
    same = platform.call("GET", path, headers={"if-none-match": f'"other", {ended.headers["etag"]}'})
    assert same.status_code == 304
    document = platform.client.documents(job.id).documents[0]
    platform.client.review(document, "accepted", document.prediction.class_name)
    reviewed = platform.call("GET", path, headers={"if-none-match": ended.headers["etag"]})
    assert (reviewed.status_code, reviewed.json()["counts"]["reviewed"]) == (200, 1)


def test_a_document_is_sent_again_only_when_it_has_changed(
    platform: Any, client: PlatformClient, pictures: Pictures, reference: str
) -> None:
    job = client.wait(client.submit_job(reference, pictures(1)).id, timeout=30)
    (document,) = client.all_documents(job.id)
    path = f"/v1/documents/{document.id}"
    fresh = platform.call("GET", path, headers={"if-none-match": document.etag})
    assert (fresh.status_code, fresh.content, fresh.headers["etag"]) == (304, b"", document.etag)
    assert document.prediction is not None
    client.review(document, "accepted", str(document.prediction.class_name))
    changed = platform.call("GET", path, headers={"if-none-match": document.etag})
    assert (changed.status_code, changed.json()["review"]["decision"]) == (200, "accepted")


def test_a_document_that_is_no_duplicate_any_more_has_changed(
    platform: Any, client: PlatformClient, pictures: Pictures, reference: str
) -> None:
    files = pictures(1)
    first = client.wait(client.submit_job(reference, files).id, timeout=30)
    second = client.wait(client.submit_job(f"{reference}-2", files).id, timeout=30)
    (document,) = client.all_documents(second.id)
    assert document.duplicate_of is not None
    client.delete(first.id)
    changed = platform.call("GET", f"/v1/documents/{document.id}", headers={"if-none-match": document.etag})
    assert (changed.status_code, changed.json()["duplicate_of"]) == (200, None)


def test_a_content_is_streamed_whole_or_in_part(anywhere: Any, reference: str) -> None:
    job = anywhere.client.submit_job(reference, [("large.bin", LARGE)])
    (document,) = anywhere.client.all_documents(job.id)
    path = f"/v1/documents/{document.id}/content"
    whole = anywhere.call("GET", path)
    assert (whole.status_code, whole.content) == (200, LARGE)
    assert whole.headers["accept-ranges"] == "bytes"
    assert whole.headers["content-length"] == str(len(LARGE))
    etag = whole.headers["etag"]
    assert etag == f'"{document.sha256}"'
    for given, start, end in (
        ("bytes=0-9", 0, 10),
        ("bytes=300000-700000", 300_000, 700_001),
        ("bytes=1000000-", 1_000_000, len(LARGE)),
        ("bytes=-5", len(LARGE) - 5, len(LARGE)),
    ):
        part = anywhere.call("GET", path, headers={"range": given, "if-range": etag})
        assert (part.status_code, part.content) == (206, LARGE[start:end])
        assert part.headers["content-range"] == f"bytes {start}-{end - 1}/{len(LARGE)}"
        assert part.headers["content-length"] == str(end - start)
        assert part.headers["content-disposition"].startswith("attachment;")
    for headers in ({"range": "bytes=0-1,4-5"}, {"range": "junk"}, {"range": "bytes=0-9", "if-range": '"other"'}):
        assert anywhere.call("GET", path, headers=headers).content == LARGE
    beyond = anywhere.call("GET", path, headers={"range": f"bytes={len(LARGE)}-"})
    assert (beyond.status_code, beyond.json()["code"]) == (416, "range-not-satisfiable")
    assert beyond.headers["content-range"] == f"bytes */{len(LARGE)}"
    fresh = anywhere.call("GET", path, headers={"if-none-match": etag, "range": "bytes=0-9"})
    assert (fresh.status_code, fresh.content, fresh.headers["etag"]) == (304, b"", etag)
    assert "immutable" in fresh.headers["cache-control"]


def test_a_content_that_is_gone_from_the_storage_is_said(anywhere: Any, store: ObjectStore, reference: str) -> None:
    data = f"of {reference}".encode()
    job = anywhere.client.submit_job(reference, [("a.txt", data)])
    (document,) = anywhere.client.all_documents(job.id)
    file = anywhere.home / "storage" / "documents" / str(document.sha256)
    if file.exists():
        file.unlink()
    else:
        store.client.delete_object(Bucket="documents", Key=f"conditions/documents/{document.sha256}")
    answer = anywhere.call("GET", f"/v1/documents/{document.id}/content")
    assert (answer.status_code, answer.json()["code"]) == (404, "content-missing")


def test_pictures_are_drawn_once_for_who_keeps_them(anywhere: Any, pictures: Pictures, reference: str) -> None:
    job = anywhere.client.submit_job(reference, pictures(1))
    (document,) = anywhere.client.all_documents(job.id)
    tags = set()
    for path in ("pages/1", "pages/1?long_side=300", "thumbnail"):
        address = f"/v1/documents/{document.id}/{path}"
        drawn = anywhere.call("GET", address)
        assert drawn.status_code == 200
        tags.add(drawn.headers["etag"])
        fresh = anywhere.call("GET", address, headers={"if-none-match": drawn.headers["etag"]})
        assert (fresh.status_code, fresh.content) == (304, b"")
        assert fresh.headers["cache-control"] == drawn.headers["cache-control"]
        other = anywhere.call("GET", address, headers={"if-none-match": '"other"'})
        assert other.content == drawn.content
    assert len(tags) == 3


def test_an_examples_thumbnail_is_sent_once(anywhere: Any, pictures: Pictures) -> None:
    (example,) = anywhere.client.add_examples("letter", pictures(1)).examples
    drawn = anywhere.call("GET", example.thumbnail_url, token=None)
    headers = {"if-none-match": drawn.headers["etag"]}
    assert anywhere.call("GET", example.thumbnail_url, token=None, headers=headers).status_code == 304
    forged = example.thumbnail_url.replace("signature=", "signature=0")
    assert anywhere.call("GET", forged, token=None, headers=headers).status_code == 403
