"""The trials' store of objects (k8s/demo/s3): what it shares with S3, and what is left when it is killed."""

import base64
import hashlib
import io
import subprocess
import threading
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import httpx
import pytest
from botocore.exceptions import BotoCoreError, ClientError

from pigeonhole.storage import Storage, open_storage
from tests.trial_store import BUCKET, SECRET, START, TrialStore

pytestmark = pytest.mark.integration
MORE_THAN_A_PAGE = 1100


@pytest.fixture
def store(tmp_path: Path) -> Iterator[TrialStore]:
    store = TrialStore(tmp_path)
    yield store
    store.close()


@pytest.fixture
def storage(store: TrialStore, monkeypatch: pytest.MonkeyPatch) -> Storage:
    store.tell(monkeypatch)
    return open_storage(f"s3://{BUCKET}")


def files(store: TrialStore) -> list[str]:
    return sorted(path.name for path in store.data.rglob("*") if path.is_file())


def test_a_presigned_put_stores_what_it_was_signed_for(storage: Storage) -> None:
    data = b"a page"
    signed = storage.presigned_put("uploads/1", size=len(data), sha256=hashlib.sha256(data).hexdigest(), seconds=60)
    assert httpx.put(signed.url, content=data, headers=signed.headers).status_code == httpx.codes.OK
    assert storage.get("uploads/1") == data
    assert b"".join(storage.blocks("uploads/1", 2)) == b"page"


@pytest.mark.parametrize("change", ["signature", "size", "time", "checksum"])
def test_a_presigned_put_of_something_else_is_refused(storage: Storage, change: str) -> None:
    data = b"a page"
    signed = storage.presigned_put("uploads/2", size=len(data), sha256=hashlib.sha256(data).hexdigest(), seconds=1)
    url, headers = signed.url, dict(signed.headers)
    if change == "signature":
        url = url[:-4] + "0000"
    elif change == "size":
        data += b" more"
        headers["Content-Length"] = str(len(data))
    elif change == "checksum":
        headers["x-amz-checksum-sha256"] = base64.b64encode(hashlib.sha256(b"other").digest()).decode()
    else:
        time.sleep(2.1)  # an address is good for whole seconds
    assert httpx.put(url, content=data, headers=headers).is_client_error
    assert not storage.exists("uploads/2")


def test_more_keys_than_a_page_are_listed_in_order(storage: Storage) -> None:
    keys = [f"many/{number:05}" for number in range(MORE_THAN_A_PAGE)]
    with ThreadPoolExecutor(8) as threads:
        list(threads.map(lambda key: storage.put(key, b""), reversed(keys)))
    assert list(storage.list("many/")) == keys
    assert list(storage.list("many/0000")) == keys[:10]


def test_a_file_in_parts_is_got_whole(store: TrialStore) -> None:
    data = hashlib.shake_256(b"model").digest(20_000_000)
    client = store.client()
    client.upload_fileobj(io.BytesIO(data), BUCKET, "models/1/model.skops")
    assert client.head_object(Bucket=BUCKET, Key="models/1/model.skops")["ETag"].strip('"').isalnum()
    assert client.get_object(Bucket=BUCKET, Key="models/1/model.skops")["Body"].read() == data


def test_a_bucket_stays_when_its_last_object_goes(store: TrialStore, storage: Storage) -> None:
    storage.put("documents/a", b"one")
    storage.delete("documents/a")
    assert list(storage.list("")) == []
    store.kill()
    store.start()
    storage.put("documents/b", b"two")
    assert storage.get("documents/b") == b"two"


def test_who_has_no_key_gets_nothing(store: TrialStore, storage: Storage) -> None:
    storage.put("documents/a", b"one")
    for path in ("/", f"/{BUCKET}", f"/{BUCKET}/documents/a"):
        answer = httpx.get(store.url + path)
        assert answer.is_client_error
        assert b"one" not in answer.content


def test_the_secret_is_on_no_command_line(store: TrialStore) -> None:
    line = Path(f"/proc/{store.process.pid}/cmdline").read_bytes()
    assert b"rclone" in line
    assert SECRET.encode() not in line


def test_it_does_not_start_without_keys(tmp_path: Path) -> None:
    done = subprocess.run(
        [START], env={"PATH": "/usr/bin:/bin", "DATA": str(tmp_path)}, capture_output=True, text=True, check=False
    )
    assert done.returncode == 2
    assert "AWS_ACCESS_KEY_ID" in done.stderr


def test_what_was_kept_outlives_a_kill_and_a_put_cut_short_leaves_the_object_as_it_was(
    store: TrialStore, storage: Storage
) -> None:
    storage.put("documents/kept", b"kept")
    storage.put("documents/changed", b"before")
    large = bytes(64_000_000)

    def put() -> None:
        with pytest.raises((BotoCoreError, ClientError)):
            store.client().put_object(Bucket=BUCKET, Key="documents/changed", Body=large)

    putting = threading.Thread(target=put)
    putting.start()
    while not any(name.startswith(".rclone_temp_") for name in files(store)):
        assert putting.is_alive(), "the put ended before it was seen"
        time.sleep(0.001)
    store.kill()
    putting.join()
    assert len(files(store)) == 3
    store.start()
    assert files(store) == ["changed", "kept"]
    assert storage.get("documents/changed") == b"before"
    assert storage.get("documents/kept") == b"kept"
