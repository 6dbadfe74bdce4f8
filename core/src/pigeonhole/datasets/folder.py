"""A folder with one sub-folder a class becomes a dataset version."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

from pigeonhole.datasets.manifest import DatasetManifest, Example, Source, utc_now
from pigeonhole.datasets.store import DatasetStore
from pigeonhole.documents import DocumentLimits, DocumentRefused, RefusalReason, inspect_document
from pigeonhole.errors import PigeonholeError


class FolderError(PigeonholeError):
    """The folder is not one that documents can be imported from."""

    def __init__(self, message: str) -> None:
        super().__init__(message, code="folder-invalid", hint="Give a folder with one sub-folder for each class.")


@dataclass(frozen=True)
class RefusedFile:
    """A file that was left out; `path` is relative to the folder, `reason` a RefusalReason or `conflicting-class`."""

    path: str
    reason: str
    detail: str


@dataclass(frozen=True)
class ImportReport:
    """What came of a folder; `duplicates` are relative paths of files whose content was there already."""

    manifest: DatasetManifest
    refused: tuple[RefusedFile, ...]
    duplicates: tuple[str, ...]


def class_files(directory: Path) -> Iterator[tuple[str, Path]]:
    """Yield the class and path of every file below the folder's sub-folders, in order; hidden files are passed over.

    Raises:
        FolderError: It is no folder, or it has no sub-folder with a file.
    """
    if not directory.is_dir():
        raise FolderError(f"'{directory}' is not a folder.")
    found = False
    for folder in sorted(path for path in directory.iterdir() if path.is_dir() and not path.name.startswith(".")):
        for path in sorted(path for path in folder.rglob("*") if path.is_file()):
            if not any(part.startswith(".") for part in path.relative_to(directory).parts):
                found = True
                yield folder.name, path
    if not found:
        raise FolderError(f"'{directory}' has no sub-folder with documents.")


def import_folder(
    directory: Path,
    store: DatasetStore,
    *,
    added_by: str,
    limits: DocumentLimits,
    source: Source = "upload",
    groups: dict[str, str] | None = None,
    added_at: str | None = None,
    on_file: Callable[[str], None] | None = None,
) -> ImportReport:
    """Store every acceptable document of a folder and save the manifest of them.

    A document that stands in two classes is left out of both: nobody knows which one is right.

    Args:
        directory: A folder with one sub-folder for each class.
        store: Where manifest and bytes go.
        added_by: Who adds the examples.
        limits: Limits on each document.
        source: Where the examples come from.
        groups: The group of a document by its sha256, where it has one.
        added_at: When they were added, RFC 3339 in UTC; now when not given.
        on_file: Called with the relative path of each file that was looked at.

    Raises:
        FolderError: It is no folder, or it has no sub-folder with a file.
        StorageError: A document could not be stored.
    """
    added_at = added_at or utc_now()
    examples: dict[str, Example] = {}
    paths: dict[str, str] = {}
    refused: list[RefusedFile] = []
    duplicates: list[str] = []
    conflicting: set[str] = set()
    for class_name, path in class_files(directory):
        name = path.relative_to(directory).as_posix()
        try:
            sha256 = _store(path, store, limits)
        except DocumentRefused as refusal:
            refused.append(RefusedFile(name, refusal.reason.value, refusal.detail))
        except OSError as error:
            detail = f"The file cannot be opened: {error.strerror}."
            refused.append(RefusedFile(name, RefusalReason.UNREADABLE.value, detail))
        else:
            if sha256 not in examples:
                group = (groups or {}).get(sha256)
                examples[sha256] = Example(sha256, class_name, source, added_by, added_at, group)
                paths[sha256] = name
            elif examples[sha256].class_name == class_name:
                duplicates.append(name)
            else:
                refused.append(_conflict(name, paths[sha256]))
                conflicting.add(sha256)
        if on_file:
            on_file(name)
    refused.extend(_conflict(paths[sha256], "another class") for sha256 in conflicting)
    manifest = DatasetManifest.create(example for sha256, example in examples.items() if sha256 not in conflicting)
    store.save(manifest)
    return ImportReport(manifest, tuple(sorted(refused, key=lambda file: file.path)), tuple(duplicates))


def _store(path: Path, store: DatasetStore, limits: DocumentLimits) -> str:
    # A file far beyond the limit is not read into memory only to be refused.
    with path.open("rb") as file:
        data = file.read(limits.max_bytes + 1)
    inspect_document(data, limits)
    return store.put_document(data)


def _conflict(name: str, other: str) -> RefusedFile:
    return RefusedFile(name, "conflicting-class", f"The same document stands under {other} too.")
