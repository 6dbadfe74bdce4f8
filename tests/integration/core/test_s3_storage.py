"""The same storage on a real S3 protocol server."""

from collections.abc import Iterator

import boto3
import pytest
from moto.server import ThreadedMotoServer

from pigeonhole.storage import ObjectMissing, Storage, StorageError, open_storage

pytestmark = pytest.mark.integration


@pytest.fixture(scope="module")
def server() -> Iterator[str]:
    moto = ThreadedMotoServer(ip_address="127.0.0.1", port=0)
    moto.start()
    host, port = moto.get_host_and_port()
    yield f"http://{host}:{port}"
    moto.stop()


@pytest.fixture
def storage(server: str, monkeypatch: pytest.MonkeyPatch) -> Storage:
    monkeypatch.setenv("AWS_ENDPOINT_URL", server)
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "test")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "test")
    monkeypatch.setenv("AWS_DEFAULT_REGION", "us-east-1")
    boto3.client("s3").create_bucket(Bucket="documents")
    return open_storage("s3://documents/team")


def test_what_was_put_is_got_listed_and_deleted(storage: Storage) -> None:
    storage.put("documents/a", b"one")
    storage.put("documents/b", b"two")
    assert storage.get("documents/a") == b"one"
    assert list(storage.list("documents/")) == ["documents/a", "documents/b"]
    assert storage.url("documents/a") == "s3://documents/team/documents/a"
    storage.delete("documents/a")
    assert not storage.exists("documents/a")
    assert storage.exists("documents/b")
    with pytest.raises(ObjectMissing):
        storage.get("documents/a")


def test_a_missing_bucket_is_said_with_a_hint(storage: Storage) -> None:
    other = open_storage("s3://no-such-bucket")
    with pytest.raises(StorageError, match="documents/a") as caught:
        other.put("documents/a", b"one")
    assert "bucket" in (caught.value.hint or "")


def test_a_server_that_is_away_is_said(storage: Storage, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AWS_ENDPOINT_URL", "http://127.0.0.1:9")
    monkeypatch.setenv("AWS_MAX_ATTEMPTS", "1")
    with pytest.raises(StorageError, match="could not be reached"):
        open_storage("s3://documents").get("key")
