"""Uploads: what identifies them, and what names their files keep."""

import io
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from pigeonhole.datasets import DatasetStore
from pigeonhole.documents import DocumentLimits
from pigeonhole.storage.local import LocalStorage
from pigeonhole_api.file_names import clean_name
from pigeonhole_api.identifiers import new_id
from pigeonhole_api.intake.manifests import manifest_sha256
from pigeonhole_api.intake.received import Incoming, keep, measure

pytestmark = pytest.mark.unit


def files(*pairs: tuple[str, bytes]) -> list[Incoming]:
    return [Incoming(name, io.BytesIO(content)) for name, content in pairs]


def manifest(*pairs: tuple[str, bytes]) -> str:
    return manifest_sha256((file.sha256, file.name) for file in measure(files(*pairs)))


def test_an_upload_is_identified_by_names_and_contents_in_any_order() -> None:
    upload = manifest(("a", b"1"), ("b", b"2"))
    assert upload == manifest(("b", b"2"), ("a", b"1"))
    for other in (
        manifest(("a", b"2"), ("b", b"1")),
        manifest(("a", b"1")),
        manifest(("a", b"1"), ("b", b"2"), ("b", b"2")),
        manifest(("c", b"1"), ("b", b"2")),
    ):
        assert other != upload


@pytest.mark.parametrize(
    ("name", "kept"),
    [
        ("scan.png", "scan.png"),
        ("folder/été.pdf", "folder/été.pdf"),
        ("a\x00b\r\nc\x1b", "abc"),
        ("  ", "unnamed"),
        ("", "unnamed"),
        ("x" * 300, "x" * 255),
    ],
)
def test_a_files_name_is_kept_without_what_does_harm(name: str, kept: str) -> None:
    assert clean_name(name) == kept


def test_what_is_too_large_is_measured_and_not_kept(tmp_path: Path) -> None:
    store = DatasetStore(LocalStorage(tmp_path))
    with ThreadPoolExecutor(2) as threads:
        large, text = keep(
            measure(files(("large", b"x" * 11), ("text", b"text"))), store, DocumentLimits(max_bytes=10), threads
        )
    assert (large.reason, large.size, large.stored) == ("too-large", 11, False)
    assert (text.reason, text.stored) == ("unsupported-type", True)
    assert store.document(text.sha256) == b"text"
    assert not (tmp_path / "documents" / large.sha256).exists()


def test_ids_sort_by_their_creation() -> None:
    ids = [new_id("doc") for _ in range(5000)]
    assert ids == sorted(ids)
    assert len(set(ids)) == 5000
    assert all(len(each) == 36 and each[16] == "7" and each[20] in "89ab" for each in ids)
