"""Calls about the training set, trainings, models and the audit trail."""

from collections.abc import Sequence
from urllib.parse import quote

from pigeonhole_api.client.errors import ApiError
from pigeonhole_api.client.transport import Transport, parse
from pigeonhole_api.client.uploads import Upload, parts
from pigeonhole_api.models import (
    AuditEventPage,
    ChosenModel,
    ClassList,
    ClassSummary,
    CorrectionsImported,
    DatasetVersion,
    DatasetVersionPage,
    Document,
    DocumentPage,
    ExamplePage,
    ExamplesAdded,
    Model,
    ModelDetail,
    ModelList,
    Training,
    TrainingPage,
)

_NOT_FOUND = 404
_MOST_ROWS = 500


class TrainingCalls:
    """The calls that turn examples into models."""

    def __init__(self, transport: Transport) -> None:
        self._transport = transport

    def classes(self) -> list[ClassSummary]:
        """Return every class of the training set, by name."""
        return self._transport.read(ClassList, "/v1/classes").classes

    def examples(self, class_name: str, *, page_size: int | None = None, page_token: str | None = None) -> ExamplePage:
        """Return a page of a class's examples, the newest first."""
        query = {"page_size": page_size, "page_token": page_token}
        return self._transport.read(ExamplePage, _examples_path(class_name), query)

    def add_examples(self, class_name: str, files: Sequence[Upload]) -> ExamplesAdded:
        """Add files to a class; a new name makes a new class."""
        with parts(files) as sent:
            return parse(ExamplesAdded, self._transport.send("POST", _examples_path(class_name), files=sent))

    def delete_example(self, example_id: str) -> None:
        """Take an example out of the training set; earlier dataset versions keep it."""
        self._transport.send("DELETE", f"/v1/examples/{quote(example_id, safe='')}")

    def corrections(self) -> list[Document]:
        """Return every reviewed document that the training set does not have yet."""
        documents: list[Document] = []
        token: str | None = None
        while True:
            query = {"page_size": _MOST_ROWS, "page_token": token}
            page = self._transport.read(DocumentPage, "/v1/corrections", query)
            documents.extend(page.documents)
            token = page.next_page_token
            if token is None:
                return documents

    def import_corrections(self, ids: Sequence[str] | None = None) -> CorrectionsImported:
        """Add reviewed documents to the training set: those named, or all."""
        body = {"document_ids": list(ids) if ids is not None else None}
        answer = self._transport.send("POST", "/v1/corrections/imports", json=body)
        return parse(CorrectionsImported, answer)

    def create_dataset_version(self) -> DatasetVersion:
        """Freeze the training set; an unchanged one is the version that there is."""
        return parse(DatasetVersion, self._transport.send("POST", "/v1/dataset-versions"))

    def dataset_versions(self, *, page_size: int | None = None, page_token: str | None = None) -> DatasetVersionPage:
        """Return a page of dataset versions, the newest first."""
        query = {"page_size": page_size, "page_token": page_token}
        return self._transport.read(DatasetVersionPage, "/v1/dataset-versions", query)

    def start_training(self, dataset_version_id: str) -> Training:
        """Queue a training on a dataset version."""
        body = {"dataset_version": dataset_version_id}
        answer = self._transport.send("POST", "/v1/trainings", json=body)
        return parse(Training, answer)

    def training(self, training_id: str) -> Training:
        """Return a training with its stage, and its result once it has one."""
        return self._transport.read(Training, f"/v1/trainings/{quote(training_id, safe='')}")

    def trainings(self) -> list[Training]:
        """Return the latest trainings, the newest first."""
        return self._transport.read(TrainingPage, "/v1/trainings").trainings

    def models(self) -> list[Model]:
        """Return every registered model version, the newest first."""
        return self._transport.read(ModelList, "/v1/models").models

    def model(self, version: str) -> ModelDetail:
        """Return a model version with its evaluation."""
        return self._transport.read(ModelDetail, f"/v1/models/{quote(version, safe='')}")

    def production(self) -> Model | None:
        """Return the version that serves, or None when there is none."""
        try:
            return self._transport.read(Model, "/v1/models/production")
        except ApiError as error:
            if error.status != _NOT_FOUND:
                raise
            return None

    def set_production(self, version: str, reason: str, *, instead_of: str | None = None) -> ChosenModel:
        """Let a version serve, a newer or an earlier one, and keep the reason in the audit trail.

        Where an operator decides what serves, it is only asked: the answer's `requested` says so.

        Args:
            version: The version that shall serve.
            reason: Why.
            instead_of: The version that serves now, as the person saw it; any when None.

        Raises:
            ApiError: `model-missing`, or `model-changed`, when another version serves by now; `deployment-refused` or
                `deployment-unavailable`, where an operator was to be asked.
        """
        body = {"version": version, "reason": reason}
        seen = {} if instead_of is None else {"If-Match": f'"{instead_of}"'}
        answer = self._transport.send("PUT", "/v1/models/production", json=body, headers=seen)
        return parse(ChosenModel, answer)

    def audit_events(self, *, page_size: int | None = None, page_token: str | None = None) -> AuditEventPage:
        """Return a page of the audit trail, the newest first."""
        query = {"page_size": page_size, "page_token": page_token}
        return self._transport.read(AuditEventPage, "/v1/audit-events", query)


def _examples_path(class_name: str) -> str:
    return f"/v1/classes/{quote(class_name, safe='')}/examples"
