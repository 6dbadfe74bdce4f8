"""What a model's files say of it: pure functions over their content."""

import json
from dataclasses import dataclass
from typing import Any

import yaml
from pydantic import BaseModel, ConfigDict, Field, ValidationError

from pigeonhole_operator.decision.observed import Artefact
from pigeonhole_operator.sources.ports import SourceError

MODEL_FILE = "model.skops"
DESCRIPTION_FILE = "model.json"
MLMODEL_FILE = "MLmodel"


@dataclass(frozen=True)
class ModelFiles:
    """The files of a model's folder as they were found; None for one that is not there."""

    model_bytes: int | None
    description: bytes | None
    mlmodel: bytes | None


def describe_artefact(files: ModelFiles) -> Artefact:
    """Return digest and signature of a model whose files are all there.

    Raises:
        SourceError: `ArtefactMissing`, naming the files, or `ArtefactGarbled`.
    """
    missing = [name for name, is_there in _presence(files) if not is_there]
    if missing:
        raise SourceError("ArtefactMissing", f"The model's folder lacks {', '.join(missing)}.")
    if not files.model_bytes:
        raise SourceError("ArtefactMissing", f"The model's {MODEL_FILE} is empty.")
    return Artefact(_digest(files.description or b""), _signature(files.mlmodel or b""))


def _presence(files: ModelFiles) -> tuple[tuple[str, bool], ...]:
    return (
        (MODEL_FILE, files.model_bytes is not None),
        (DESCRIPTION_FILE, files.description is not None),
        (MLMODEL_FILE, files.mlmodel is not None),
    )


def garbled(name: str, detail: str = "is not of the expected shape") -> SourceError:
    """Return the error of a file that says nothing."""
    return SourceError("ArtefactGarbled", f"The model's {name} {detail}.")


def _digest(description: bytes) -> str:
    try:
        return _Description.model_validate_json(description).digest
    except ValidationError as error:
        raise garbled(DESCRIPTION_FILE) from error


def _signature(mlmodel: bytes) -> str | None:
    """Return the signature as one canonical string: MLflow keeps its parts as JSON in YAML strings."""
    try:
        signature = _MlModel.model_validate(yaml.safe_load(mlmodel)).signature
        if signature is None:
            return None
        parts = {name: _parsed(part) for name, part in signature}
        return json.dumps(parts, sort_keys=True, separators=(",", ":"), ensure_ascii=False)
    except (yaml.YAMLError, ValueError, RecursionError) as error:
        raise garbled(MLMODEL_FILE) from error


def _parsed(part: str | None) -> Any:
    return None if part is None else json.loads(part)


class _Description(BaseModel):
    model_config = ConfigDict(frozen=True, extra="ignore")

    digest: str = Field(min_length=1, max_length=250)


class _Signature(BaseModel):
    model_config = ConfigDict(frozen=True, extra="ignore")

    inputs: str | None = None
    outputs: str | None = None
    params: str | None = None


class _MlModel(BaseModel):
    model_config = ConfigDict(frozen=True, extra="ignore")

    signature: _Signature | None = None
