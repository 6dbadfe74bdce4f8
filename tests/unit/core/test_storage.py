"""A local storage keeps objects whole, inside its folder, and says plainly what is missing."""

import os
from pathlib import Path

import pytest

from pigeonhole.storage import InvalidKey, LocalStorage, ObjectMissing, StorageError, open_storage

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
    with pytest.raises(StorageError, match="No space left"):
        storage.put("folder/key", b"new")
    monkeypatch.undo()
    assert storage.get("folder/key") == b"old"
    assert [path.name for path in (storage.root / "folder").iterdir()] == ["key"]


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
