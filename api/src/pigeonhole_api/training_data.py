"""The training set's life: filled from the newest dataset version, added to, and frozen into the next version."""

from collections.abc import Sequence

from sqlalchemy import Connection

from pigeonhole.datasets import DatasetManifest, DatasetStore
from pigeonhole_api.auth.callers import HOME_TENANT, Caller
from pigeonhole_api.database import Database
from pigeonhole_api.database.tables import examples
from pigeonhole_api.intake.received import Received
from pigeonhole_api.models import CorrectionsImported, DatasetVersion, ExamplesAdded, RefusedFile
from pigeonhole_api.problems import Refusal
from pigeonhole_api.records import corrections, dataset_versions, training_set
from pigeonhole_api.records.audit import record
from pigeonhole_api.signing import Signer

_FEWEST_CLASSES = 2


class TrainingData:
    """The training set in the database, and its frozen versions in the storage."""

    def __init__(self, database: Database, store: DatasetStore) -> None:
        self._database = database
        self._store = store

    def begin(self) -> None:
        """Fill the home tenant's training set, when it never had an example, from the storage's newest version."""
        with self._database.read() as connection:
            if not training_set.was_never_filled(connection, HOME_TENANT):
                return
        newest = max((self._store.load(each) for each in self._store.ids()), key=_age, default=None)
        if newest is None or not newest.examples:
            return
        with self._database.write() as connection:
            if training_set.was_never_filled(connection, HOME_TENANT):
                training_set.fill_from(connection, HOME_TENANT, newest)
                dataset_versions.insert_version(connection, newest, None, Caller(newest.examples[0].added_by))

    def add(self, class_name: str, files: Sequence[Received], caller: Caller, signer: Signer) -> ExamplesAdded:
        """Add stored files to a class; a document that another class has is refused, not moved."""
        refused = [_refused(file) for file in files if file.reason is not None]
        added: list[str] = []
        duplicates = 0
        with self._database.write() as connection:
            for file in files:
                if file.reason is not None:
                    continue
                known = training_set.live_example(connection, caller.tenant, file.sha256)
                if known is None:
                    added.append(training_set.add_example(connection, file.sha256, class_name, "upload", caller))
                elif known.class_name == class_name:
                    duplicates += 1
                else:
                    detail = f"The training set has this document under {known.class_name}."
                    refused.append(RefusedFile(name=file.name, reason="conflicting-class", detail=detail))
            if added:
                record(connection, caller, "examples.added", class_name, examples=len(added))
            found = training_set.get_examples(connection, added, signer)
        return ExamplesAdded(examples=found, duplicates=duplicates, refused=refused)

    def import_corrections(self, ids: Sequence[str] | None, caller: Caller) -> CorrectionsImported:
        """Let reviewed documents enter the training set; a decision outweighs the class an example had.

        Raises:
            Refusal: 422 `not-reviewed`, when a named document was not decided by a person.
        """
        with self._database.write() as connection:
            wanted = _wanted(connection, caller.tenant, ids)
            added = sum(_import(connection, each, caller) for each in wanted)
            if added:
                record(connection, caller, "corrections.imported", "training-set", examples=added)
        return CorrectionsImported(added=added, duplicates=len(wanted) - added)

    def freeze(self, caller: Caller) -> tuple[DatasetVersion, bool]:
        """Return the dataset version of the present training set, and whether it is a new one.

        Raises:
            Refusal: 409 `too-few-classes`.
        """
        with self._database.write() as connection:
            present = training_set.manifest_examples(connection)
            if len({example.class_name for example in present}) < _FEWEST_CLASSES:
                raise Refusal(
                    "too-few-classes",
                    f"The training set has examples of fewer than {_FEWEST_CLASSES} classes.",
                    hint="Add examples of another class.",
                )
            latest = dataset_versions.latest_version(connection, caller.tenant)
            parent = None if latest is None else self._store.load(latest)
            manifest = DatasetManifest.create(present, parent=latest)
            is_new = parent is None or parent.examples != manifest.examples
            if is_new:
                self._store.save(manifest)
                dataset_versions.insert_version(connection, manifest, parent, caller)
                record(connection, caller, "dataset-version.created", manifest.id, examples=len(present))
            found = dataset_versions.get_version(connection, caller.tenant, manifest.id if is_new else str(latest))
        if found is None:
            raise LookupError("the dataset version that was just written")
        return found, is_new


def _age(manifest: DatasetManifest) -> tuple[str, int]:
    return max((example.added_at for example in manifest.examples), default=""), len(manifest.examples)


def _refused(file: Received) -> RefusedFile:
    return RefusedFile(name=file.name, reason=file.reason or "", detail=file.detail or "")


def _wanted(connection: Connection, tenant: str, ids: Sequence[str] | None) -> Sequence[corrections.Correction]:
    if ids is None:
        return corrections.waiting_corrections(connection, tenant)
    found = corrections.reviewed_documents(connection, tenant, ids)
    if len(found) < len(set(ids)):
        raise Refusal("not-reviewed", "document_ids: one of them was not decided by a person.")
    return found


def _import(connection: Connection, correction: corrections.Correction, caller: Caller) -> bool:
    known = training_set.live_example(connection, caller.tenant, correction.sha256)
    if known is not None and known.class_name == correction.class_name:
        return False
    if known is not None:
        training_set.remove(connection, caller, examples.c.id == known.id)
    training_set.add_example(
        connection,
        correction.sha256,
        correction.class_name,
        "correction",
        caller,
        document_id=correction.document_id,
        group=None if known is None else known.split_group,
    )
    return True
