"""Manifests and document bytes in a storage."""

from collections.abc import Iterator

from pigeonhole.datasets.manifest import DatasetManifest
from pigeonhole.documents import document_sha256
from pigeonhole.storage import Storage


class DatasetStore:
    """Manifests under `datasets/<id>.json`, bytes under `documents/<sha256>`; neither ever changes."""

    def __init__(self, storage: Storage) -> None:
        self.storage = storage

    def save(self, manifest: DatasetManifest) -> str:
        """Keep a manifest and return its id."""
        self.storage.put(f"datasets/{manifest.id}.json", manifest.to_json())
        return manifest.id

    def load(self, dataset_id: str) -> DatasetManifest:
        """Return a manifest, or raise ObjectMissing or ManifestError."""
        return DatasetManifest.from_json(self.storage.get(f"datasets/{dataset_id}.json"))

    def ids(self) -> tuple[str, ...]:
        """Return the ids of all manifests, in order."""
        return tuple(key.removeprefix("datasets/").removesuffix(".json") for key in self.storage.list("datasets/"))

    def put_document(self, data: bytes) -> str:
        """Keep a document's bytes, once, and return its sha256."""
        sha256 = document_sha256(data)
        if not self.storage.exists(f"documents/{sha256}"):
            self.storage.put(f"documents/{sha256}", data)
        return sha256

    def document(self, sha256: str) -> bytes:
        """Return a document's bytes, or raise ObjectMissing."""
        return self.storage.get(f"documents/{sha256}")

    def document_blocks(self, sha256: str, start: int = 0, end: int | None = None) -> Iterator[bytes]:
        """Return a document's bytes, or those from `start` up to `end`, in blocks, or raise ObjectMissing."""
        return self.storage.blocks(f"documents/{sha256}", start, end)

    def delete_document(self, sha256: str) -> None:
        """Remove a document's bytes; manifests that name it keep its hash, and missing bytes are no error."""
        self.storage.delete(f"documents/{sha256}")
