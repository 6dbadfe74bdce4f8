"""A dataset version: an immutable list of labelled documents, named by its content."""

import hashlib
import json
from collections.abc import Iterable
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from itertools import pairwise
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from pigeonhole.errors import PigeonholeError

Source = Literal["upload", "correction", "synthetic"]


class ManifestError(PigeonholeError):
    """A manifest that cannot be read, or examples that contradict each other."""

    def __init__(self, message: str, *, hint: str | None = None) -> None:
        super().__init__(message, code="manifest-invalid", hint=hint)


@dataclass(frozen=True)
class Example:
    """A labelled document.

    `added_at` is RFC 3339 in UTC. Examples of one `group` (a template, a person) are never split between training and
    holdout; an example without a group is its own.
    """

    sha256: str
    class_name: str
    source: Source
    added_by: str
    added_at: str
    group: str | None = None

    def to_json(self) -> dict[str, Any]:
        """Return the example as JSON values, with `class` as the key of the class's name."""
        values = asdict(self)
        values["class"] = values.pop("class_name")
        return values


@dataclass(frozen=True)
class DatasetManifest:
    """A dataset version; examples are sorted by sha256 and every document stands in it once."""

    id: str
    parent: str | None
    classes: tuple[str, ...]
    examples: tuple[Example, ...]

    @classmethod
    def create(cls, examples: Iterable[Example], parent: str | None = None) -> "DatasetManifest":
        """Return the manifest of the examples; its id is the sha256 of its canonical content.

        Raises:
            ManifestError: A document stands in it twice.
        """
        ordered = tuple(sorted(examples, key=lambda example: example.sha256))
        for first, second in pairwise(ordered):
            if first.sha256 == second.sha256:
                raise ManifestError(f"examples: document {first.sha256[:12]} stands in the manifest twice.")
        classes = tuple(sorted({example.class_name for example in ordered}))
        return cls(_digest(parent, classes, ordered), parent, classes, ordered)

    def to_json(self) -> bytes:
        """Return the manifest as it is stored."""
        return _canonical({"id": self.id, **_content(self.parent, self.classes, self.examples)})

    @classmethod
    def from_json(cls, data: bytes) -> "DatasetManifest":
        """Return the manifest that `to_json` wrote.

        Raises:
            ManifestError: A field is missing or wrong, or the id is not that of the content.
        """
        try:
            model = _ManifestModel.model_validate_json(data)
        except ValidationError as error:
            field = ".".join(str(part) for part in error.errors()[0]["loc"]) or "the file"
            raise ManifestError(f"manifest: {field} is missing or wrong.") from error
        manifest = cls.create((example.to_example() for example in model.examples), model.parent)
        if manifest.id != model.id:
            raise ManifestError(f"manifest: the id {model.id[:12]} is not that of its content.")
        return manifest


class _ExampleModel(BaseModel):
    model_config = ConfigDict(extra="forbid")

    sha256: str = Field(pattern=r"^[0-9a-f]{64}$")
    class_name: str = Field(alias="class", min_length=1)
    source: Source
    added_by: str
    added_at: str
    group: str | None = None

    def to_example(self) -> Example:
        return Example(self.sha256, self.class_name, self.source, self.added_by, self.added_at, self.group)


class _ManifestModel(BaseModel):
    model_config = ConfigDict(extra="forbid")

    id: str
    parent: str | None
    classes: list[str]
    examples: list[_ExampleModel]


def utc_now() -> str:
    """Return the present time as `added_at` holds it: RFC 3339 in UTC, to the second."""
    return datetime.now(UTC).isoformat(timespec="seconds").replace("+00:00", "Z")


def _content(parent: str | None, classes: tuple[str, ...], examples: tuple[Example, ...]) -> dict[str, Any]:
    return {"parent": parent, "classes": list(classes), "examples": [example.to_json() for example in examples]}


def _canonical(values: dict[str, Any]) -> bytes:
    return json.dumps(values, ensure_ascii=False, sort_keys=True, separators=(",", ":")).encode()


def _digest(parent: str | None, classes: tuple[str, ...], examples: tuple[Example, ...]) -> str:
    return hashlib.sha256(_canonical(_content(parent, classes, examples))).hexdigest()
