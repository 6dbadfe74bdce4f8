"""Dataset versions are named by their content and never change."""

import json
from pathlib import Path

import pytest
from PIL import Image

from pigeonhole.datasets import (
    DatasetManifest,
    DatasetStore,
    Example,
    FolderError,
    ManifestError,
    import_folder,
)
from pigeonhole.documents import DocumentLimits, document_sha256
from pigeonhole.storage import LocalStorage

pytestmark = pytest.mark.unit
NOW = "2026-01-02T03:04:05Z"


def example(content: str, class_name: str = "invoice") -> Example:
    return Example(document_sha256(content.encode()), class_name, "upload", "me", NOW)


def picture(path: Path, shade: int) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    Image.new("L", (30, 30), shade).save(path)


@pytest.fixture
def store(tmp_path: Path) -> DatasetStore:
    return DatasetStore(LocalStorage(tmp_path / "storage"))


def test_the_order_of_the_examples_does_not_change_the_id() -> None:
    first = DatasetManifest.create([example("a"), example("b", "cv")])
    second = DatasetManifest.create([example("b", "cv"), example("a")])
    assert first == second
    assert first.classes == ("cv", "invoice")


def test_any_change_changes_the_id() -> None:
    base = DatasetManifest.create([example("a")])
    others = [
        DatasetManifest.create([example("b")]),
        DatasetManifest.create([example("a", "cv")]),
        DatasetManifest.create([example("a")], parent=base.id),
        DatasetManifest.create([]),
    ]
    assert len({base.id, *(other.id for other in others)}) == 5


def test_a_manifest_is_read_back_as_it_was_stored(store: DatasetStore) -> None:
    manifest = DatasetManifest.create([example("a"), example("b", "cv")], parent="0" * 64)
    assert store.load(store.save(manifest)) == manifest
    assert store.ids() == (manifest.id,)


def test_a_manifest_that_was_altered_is_refused() -> None:
    values = json.loads(DatasetManifest.create([example("a")]).to_json())
    values["examples"][0]["class"] = "payslip"
    with pytest.raises(ManifestError, match="not that of its content"):
        DatasetManifest.from_json(json.dumps(values).encode())


def test_a_manifest_with_a_wrong_field_names_it() -> None:
    values = json.loads(DatasetManifest.create([example("a")]).to_json())
    values["examples"][0]["source"] = "guess"
    with pytest.raises(ManifestError, match=r"examples\.0\.source"):
        DatasetManifest.from_json(json.dumps(values).encode())


def test_a_document_stands_in_a_manifest_once() -> None:
    with pytest.raises(ManifestError, match="twice"):
        DatasetManifest.create([example("a"), example("a", "cv")])


def test_a_folder_becomes_a_dataset_and_names_what_it_left_out(tmp_path: Path, store: DatasetStore) -> None:
    folder = tmp_path / "mine"
    picture(folder / "cv" / "one.png", 10)
    picture(folder / "cv" / "deeper" / "two.jpg", 20)
    picture(folder / "invoice" / "three.tiff", 30)
    (folder / "invoice" / "copy.tiff").write_bytes((folder / "invoice" / "three.tiff").read_bytes())
    (folder / "invoice" / "letter.jpg").write_text("not a picture")
    (folder / "invoice" / "empty.pdf").touch()
    (folder / "invoice" / ".DS_Store").write_text("hidden")
    (folder / "notes.txt").write_text("not in a class")
    report = import_folder(folder, store, added_by="me", limits=DocumentLimits())
    assert [(item.class_name) for item in sorted(report.manifest.examples, key=lambda item: item.class_name)] == [
        "cv",
        "cv",
        "invoice",
    ]
    assert {(file.path, file.reason) for file in report.refused} == {
        ("invoice/letter.jpg", "unsupported-type"),
        ("invoice/empty.pdf", "empty"),
    }
    assert report.duplicates == ("invoice/three.tiff",)
    assert store.load(report.manifest.id) == report.manifest
    for item in report.manifest.examples:
        assert document_sha256(store.document(item.sha256)) == item.sha256


def test_a_document_in_two_classes_is_in_neither(tmp_path: Path, store: DatasetStore) -> None:
    folder = tmp_path / "mine"
    picture(folder / "cv" / "same.png", 10)
    picture(folder / "invoice" / "same.png", 10)
    picture(folder / "invoice" / "other.png", 20)
    report = import_folder(folder, store, added_by="me", limits=DocumentLimits())
    assert [item.class_name for item in report.manifest.examples] == ["invoice"]
    assert {file.path for file in report.refused} == {"cv/same.png", "invoice/same.png"}
    assert {file.reason for file in report.refused} == {"conflicting-class"}


@pytest.mark.parametrize("make", [lambda path: None, lambda path: path.mkdir(), lambda path: path.touch()])
def test_a_folder_without_classes_is_refused(tmp_path: Path, store: DatasetStore, make: object) -> None:
    make(tmp_path / "mine")  # type: ignore[operator]
    with pytest.raises(FolderError):
        import_folder(tmp_path / "mine", store, added_by="me", limits=DocumentLimits())
