"""The same storage on real servers of S3's protocol: moto, and the one of the trials."""

from collections.abc import Iterator

import boto3
import pytest
from moto.server import ThreadedMotoServer
from tests.trial_store import TrialStore

from pigeonhole.storage import ObjectMissing, Storage, StorageError, open_storage

pytestmark = pytest.mark.integration


@pytest.fixture(scope="module")
def moto() -> Iterator[dict[str, str]]:
    server = ThreadedMotoServer(ip_address="127.0.0.1", port=0)
    server.start()
    host, port = server.get_host_and_port()
    keys = {"AWS_ACCESS_KEY_ID": "test", "AWS_SECRET_ACCESS_KEY": "test", "AWS_DEFAULT_REGION": "us-east-1"}
    yield {"AWS_ENDPOINT_URL": f"http://{host}:{port}", **keys}
    server.stop()


@pytest.fixture(scope="module")
def trial(tmp_path_factory: pytest.TempPathFactory) -> Iterator[dict[str, str]]:
    store = TrialStore(tmp_path_factory.mktemp("trial-store"))
    yield store.environment
    store.close()


@pytest.fixture(params=["moto", "trial"])
def storage(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> Storage:
    for name, value in request.getfixturevalue(request.param).items():
        monkeypatch.setenv(name, value)
    monkeypatch.setattr(boto3, "DEFAULT_SESSION", None)  # it keeps the keys that it has found
    client = boto3.client("s3")
    # All moto servers of one process have the same buckets, those of other tests among them.
    if "documents" not in {bucket["Name"] for bucket in client.list_buckets()["Buckets"]}:
        client.create_bucket(Bucket="documents")
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


def test_a_range_and_the_whole_come_in_blocks(storage: Storage) -> None:
    storage.put("documents/c", b"0123456789")
    assert b"".join(storage.blocks("documents/c", 2, 5)) == b"234"
    assert b"".join(storage.blocks("documents/c", 7)) == b"789"
    assert b"".join(storage.blocks("documents/c")) == b"0123456789"
    assert storage.describe("documents/c").size == 10


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
