"""Labelled documents: immutable manifests, their bytes, and how a folder becomes one."""

from pigeonhole.datasets.folder import FolderError, ImportReport, RefusedFile, import_folder
from pigeonhole.datasets.manifest import DatasetManifest, Example, ManifestError
from pigeonhole.datasets.store import DatasetStore

__all__ = [
    "DatasetManifest",
    "DatasetStore",
    "Example",
    "FolderError",
    "ImportReport",
    "ManifestError",
    "RefusedFile",
    "import_folder",
]
