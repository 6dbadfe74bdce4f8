"""The training set: classes, examples, corrections and dataset versions."""

from typing import Literal

from pydantic import Field

from pigeonhole_api.models.wire import Moment, WireModel

ExampleSource = Literal["upload", "correction", "synthetic"]


class ClassSummary(WireModel):
    """A class, how many examples the training set has of it, and how many corrections would add to it."""

    name: str
    examples: int
    corrections_waiting: int = 0


class ClassList(WireModel):
    """Every class, by name."""

    classes: list[ClassSummary]


class Example(WireModel):
    """A labelled document of the training set."""

    id: str
    class_name: str = Field(alias="class")
    document_sha256: str
    source: ExampleSource
    added_by: str
    added_at: Moment
    thumbnail_url: str | None = None


class ExamplePage(WireModel):
    """Examples of one class, the newest first."""

    examples: list[Example]
    next_page_token: str | None = None


class RefusedFile(WireModel):
    """A file that did not become an example: a RefusalReason or `conflicting-class`, and one sentence."""

    name: str
    reason: str
    detail: str


class ExamplesAdded(WireModel):
    """What became of uploaded files; `duplicates` counts those that the class had already."""

    examples: list[Example]
    duplicates: int = 0
    refused: list[RefusedFile] = []


class ImportCorrectionsRequest(WireModel):
    """Which reviewed documents enter the training set: those named, or all that wait."""

    document_ids: list[str] | None = Field(None, min_length=1, max_length=10_000)


class CorrectionsImported(WireModel):
    """How many documents entered the training set, and how many were there already or twice among them."""

    added: int
    duplicates: int = 0


class DatasetVersion(WireModel):
    """An immutable list of examples; `added` and `removed` compare it with its parent."""

    id: str
    parent: str | None = None
    classes: dict[str, int]
    examples: int
    added: int = 0
    removed: int = 0
    created_by: str
    created_at: Moment


class DatasetVersionPage(WireModel):
    """Dataset versions, the newest first."""

    dataset_versions: list[DatasetVersion]
    next_page_token: str | None = None
