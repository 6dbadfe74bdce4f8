"""A local storage keeps objects whole, inside its folder, and says plainly what is missing."""

import os
import shutil
from pathlib import Path

import pytest

from pigeonhole.storage import InvalidKey, LocalStorage, ObjectMissing, StorageError, StorageFull, open_storage

pytestmark = pytest.mark.unit


@pytest.fixture
def storage(tmp_path: Path) -> LocalStorage:
    return LocalStorage(tmp_path / "objects")


def test_what_was_put_is_got_listed_and_deleted(storage: LocalStorage) -> None:
    storage.put("documents/b", b"two")
    storage.put("documents/a", b"one")
    storage.put("datasets/c.json", b"three")
    assert storage.get("documents/a") == b"one"
    assert list(storage.list("documents/")) == ["documents/a", "documents/b"]
    assert list(storage.list("d")) == ["datasets/c.json", "documents/a", "documents/b"]
    storage.delete("documents/a")
    storage.delete("documents/a")
    assert not storage.exists("documents/a")
    with pytest.raises(ObjectMissing, match="documents/a"):
        storage.get("documents/a")


def test_a_put_replaces_what_was_there(storage: LocalStorage) -> None:
    storage.put("key", b"old")
    storage.put("key", b"new")
    assert storage.get("key") == b"new"


@pytest.mark.parametrize(
    "key", ["../outside", "/etc/passwd", "a//b", "", "a/../b", ".hidden", "a/.hidden", "a b", "a\\b"]
)
def test_a_key_cannot_leave_the_folder(storage: LocalStorage, key: str) -> None:
    with pytest.raises(InvalidKey):
        storage.put(key, b"")


def test_a_put_that_fails_leaves_the_old_object_and_nothing_else(
    storage: LocalStorage, monkeypatch: pytest.MonkeyPatch
) -> None:
    storage.put("folder/key", b"old")

    def full_disk(descriptor: int) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "fsync", full_disk)
    with pytest.raises(StorageFull, match="folder/key") as caught:
        storage.put("folder/key", b"new")
    assert caught.value.code == "storage-full"
    monkeypatch.undo()
    assert storage.get("folder/key") == b"old"
    assert [path.name for path in (storage.root / "folder").iterdir()] == ["key"]


def test_the_free_space_is_that_of_the_disk(storage: LocalStorage, tmp_path: Path) -> None:
    assert not storage.root.exists()
    assert abs(storage.free_bytes() - shutil.disk_usage(tmp_path).free) < 1_000_000_000


def test_a_range_is_read_in_blocks(storage: LocalStorage) -> None:
    content = bytes(range(256)) * 3000
    storage.put("key", content)
    assert len(list(storage.blocks("key"))) > 1
    for start, end in ((0, None), (0, 10), (300_000, 700_001), (len(content) - 1, None)):
        assert b"".join(storage.blocks("key", start, end)) == content[start:end]
    with pytest.raises(ObjectMissing):
        storage.blocks("other")


def test_half_written_objects_are_not_listed(storage: LocalStorage) -> None:
    storage.put("folder/key", b"")
    (storage.root / "folder" / ".partial-abc").write_bytes(b"half")
    assert list(storage.list("folder/")) == ["folder/key"]


def test_an_empty_storage_lists_nothing(storage: LocalStorage) -> None:
    assert list(storage.list("documents/")) == []


def test_a_storage_is_opened_by_its_url(tmp_path: Path) -> None:
    for url in (str(tmp_path / "a b"), (tmp_path / "a b").as_uri()):
        open_storage(url).put("key", b"1")
    assert (tmp_path / "a b" / "key").read_bytes() == b"1"


@pytest.mark.parametrize("url", ["ftp://host/folder", "s3://"])
def test_an_unknown_url_is_refused_by_name(url: str) -> None:
    with pytest.raises(StorageError, match="storage_url") as caught:
        open_storage(url)
    assert caught.value.code == "unknown-storage"
