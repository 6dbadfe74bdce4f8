"""A corpus on disk: its files, its manifest, and the promise that the same settings make the same bytes."""

import hashlib
import io
import json
import subprocess
import sys
from pathlib import Path

import pypdfium2 as pdfium
import pytest
from PIL import Image

from pigeonhole.documents import DocumentLimits, MediaType, inspect_document
from pigeonhole.pages import render_page
from pigeonhole.synthetic import (
    GeneratedDocument,
    GenerationError,
    GenerationSettings,
    generate_documents,
    read_documents,
    read_groups,
    write_corpus,
)

pytestmark = pytest.mark.integration
SETTINGS = GenerationSettings(count=12, seed=11)
MEDIA_TYPES = {
    "pdf": MediaType.PDF,
    "image_pdf": MediaType.PDF,
    "jpeg": MediaType.JPEG,
    "png": MediaType.PNG,
    "tiff": MediaType.TIFF,
}


@pytest.fixture(scope="module")
def corpus(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, list[GeneratedDocument]]:
    directory = tmp_path_factory.mktemp("corpus")
    return directory, write_corpus(directory, SETTINGS)


def test_every_file_is_what_it_claims_and_within_the_limits(corpus: tuple[Path, list[GeneratedDocument]]) -> None:
    directory, documents = corpus
    limits = DocumentLimits()
    for document in documents:
        data = (directory / document.path).read_bytes()
        inspected = inspect_document(data, limits)
        assert inspected.media_type is MEDIA_TYPES[document.medium]
        assert (inspected.pages, inspected.size, inspected.sha256) == (document.pages, document.size, document.sha256)
        for page in range(document.pages):
            assert render_page(data, inspected.media_type, page, long_side=200, limits=limits).shape[2] == 3
    assert {document.medium for document in documents} == set(MEDIA_TYPES)
    assert any(document.pages > 1 for document in documents if document.medium == "tiff")


def test_only_born_digital_pdfs_have_a_text_layer(corpus: tuple[Path, list[GeneratedDocument]]) -> None:
    directory, documents = corpus
    for document in documents:
        if document.path.endswith(".pdf"):
            page = pdfium.PdfDocument(directory / document.path)[0]
            assert (page.get_textpage().count_chars() > 0) == (document.medium == "pdf")


def test_every_file_says_that_it_is_synthetic(corpus: tuple[Path, list[GeneratedDocument]]) -> None:
    directory, documents = corpus
    for document in documents:
        assert "synthetic: true" in remark_in((directory / document.path).read_bytes())


def remark_in(data: bytes) -> str:
    if data.startswith(b"%PDF"):
        return str(pdfium.PdfDocument(data).get_metadata_value("Keywords"))
    image = Image.open(io.BytesIO(data))
    if image.format == "TIFF":
        return str(image.tag_v2[270])
    return str(image.info.get("comment", b"").decode() if image.format == "JPEG" else image.info["Comment"])


def test_neither_file_times_nor_metadata_tell_files_apart(corpus: tuple[Path, list[GeneratedDocument]]) -> None:
    directory, documents = corpus
    assert len({(directory / document.path).stat().st_mtime for document in documents}) == 1
    for document in documents:
        data = (directory / document.path).read_bytes()
        if document.path.endswith(".pdf"):
            assert pdfium.PdfDocument(data).get_metadata_value("CreationDate").startswith("D:20000101")
        else:
            assert set(Image.open(io.BytesIO(data)).getexif()) <= set(range(254, 300)) | {339, 347, 529, 530, 531, 532}


def test_the_manifest_names_the_generator_the_settings_and_every_document(
    corpus: tuple[Path, list[GeneratedDocument]],
) -> None:
    directory, documents = corpus
    assert read_documents(directory) == documents
    header = json.loads((directory / ".corpus.jsonl").read_text(encoding="utf-8").splitlines()[0])
    assert header["synthetic"] is True
    assert header["settings"]["seed"] == 11
    assert "workers" not in header["settings"]
    assert set(header["libraries"]) >= {"reportlab", "pypdfium2", "numpy"}
    for document in documents:
        assert document.synthetic
        assert hashlib.sha256((directory / document.path).read_bytes()).hexdigest() == document.sha256
        assert document.path.startswith(f"{document.class_name}/")


def test_groups_can_be_read_back_and_part_people_and_templates(
    corpus: tuple[Path, list[GeneratedDocument]],
) -> None:
    directory, documents = corpus
    groups = read_groups(directory)
    assert groups == {document.sha256: document.group for document in documents}
    for name in ("person", "template"):
        owners: dict[str, set[str]] = {}
        for document in documents:
            owners.setdefault(getattr(document, name), set()).add(document.group)
        assert {len(found) for found in owners.values()} == {1}


def test_a_folder_that_is_no_corpus_has_no_groups(tmp_path: Path) -> None:
    assert read_groups(tmp_path) == {}
    assert read_groups(tmp_path / "missing") == {}


def test_the_same_settings_make_the_same_bytes_whatever_the_number_of_workers(
    corpus: tuple[Path, list[GeneratedDocument]], tmp_path: Path
) -> None:
    directory, _ = corpus
    program = (
        "import sys; from pathlib import Path\n"
        "from pigeonhole.synthetic import GenerationSettings, write_corpus\n"
        "if __name__ == '__main__':\n"
        "    write_corpus(Path(sys.argv[1]), GenerationSettings(count=12, seed=11, workers=2))\n"
    )
    script = tmp_path / "make.py"
    script.write_text(program, encoding="utf-8")
    subprocess.run([sys.executable, script, tmp_path / "again"], check=True, timeout=120)
    assert files_of(tmp_path / "again") == files_of(directory)


def files_of(directory: Path) -> dict[str, bytes]:
    found = (path for path in directory.rglob("*") if path.is_file())
    return {path.relative_to(directory).as_posix(): path.read_bytes() for path in found}


def test_another_seed_makes_other_documents() -> None:
    made = [
        {document.sha256 for document, _ in generate_documents(GenerationSettings(count=1, seed=s))} for s in (1, 2)
    ]
    assert not made[0] & made[1]


def test_each_document_is_told_as_soon_as_it_is_written(tmp_path: Path) -> None:
    seen: list[GeneratedDocument] = []

    def on_document(document: GeneratedDocument) -> None:
        assert (tmp_path / document.path).is_file()
        seen.append(document)

    assert write_corpus(tmp_path, GenerationSettings(count=1), on_document=on_document) == seen
    assert len(seen) == 7


def test_a_new_corpus_replaces_an_earlier_one_and_keeps_other_files(tmp_path: Path) -> None:
    write_corpus(tmp_path, GenerationSettings(count=2, seed=1))
    (tmp_path / "cv" / "mine.pdf").write_bytes(b"%PDF-")
    documents = write_corpus(tmp_path, GenerationSettings(count=1, seed=2))
    expected = {document.path for document in documents} | {"cv/mine.pdf", ".corpus.jsonl"}
    assert set(files_of(tmp_path)) == expected


def test_a_corpus_that_was_cut_short_can_be_made_again(tmp_path: Path) -> None:
    class Stop(Exception):
        pass

    def stop(document: GeneratedDocument) -> None:
        raise Stop

    with pytest.raises(Stop):
        write_corpus(tmp_path, GenerationSettings(count=1), on_document=stop)
    assert len(write_corpus(tmp_path, GenerationSettings(count=1))) == 7
    assert len(files_of(tmp_path)) == 8


def test_a_folder_with_something_else_is_refused_and_left_alone(tmp_path: Path) -> None:
    (tmp_path / "letter.txt").write_text("mine", encoding="utf-8")
    with pytest.raises(GenerationError, match=r"^directory: .* not empty"):
        write_corpus(tmp_path, GenerationSettings(count=1))
    assert set(files_of(tmp_path)) == {"letter.txt"}


def test_a_folder_that_cannot_be_made_is_refused_by_name(tmp_path: Path) -> None:
    (tmp_path / "file").write_bytes(b"")
    with pytest.raises(GenerationError, match=r"^directory: "):
        write_corpus(tmp_path / "file", GenerationSettings(count=1))


def test_a_damaged_manifest_is_named_by_its_line(tmp_path: Path) -> None:
    write_corpus(tmp_path, GenerationSettings(count=1))
    manifest = tmp_path / ".corpus.jsonl"
    lines = manifest.read_text(encoding="utf-8").splitlines()
    manifest.write_text("\n".join([*lines[:3], '{"path": 1}']), encoding="utf-8")
    with pytest.raises(GenerationError, match=r"line 4 describes no document"):
        read_groups(tmp_path)
    manifest.write_text("\n".join([*lines[:2], "{"]), encoding="utf-8")
    with pytest.raises(GenerationError, match=r"line 3 is damaged"):
        read_groups(tmp_path)
