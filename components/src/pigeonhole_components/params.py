"""params.yaml: the one place of training parameters."""

import hashlib
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import yaml
from pydantic import Field

from pigeonhole.classifier.params import TrainingParams
from pigeonhole.gates import GateParams
from pigeonhole_components.errors import ParamsError
from pigeonhole_components.json_files import canonical_json
from pigeonhole_components.sections import (
    DatasetParams,
    OcrParams,
    PreprocessParams,
    RegisterParams,
    Section,
    SyntheticParams,
    parse_section,
)


class PipelineParams(Section):
    """All sections of params.yaml, each with its defaults."""

    dataset: DatasetParams = DatasetParams()
    synthetic: SyntheticParams = SyntheticParams()
    ocr: OcrParams = OcrParams()
    preprocess: PreprocessParams = PreprocessParams()
    train: TrainingParams = TrainingParams()
    gates: GateParams = GateParams()
    register_: RegisterParams = Field(RegisterParams(), alias="register")


def load_params(path: Path | None = None) -> PipelineParams:
    """Return the parameters of a YAML file; a section or key that it leaves out has its default.

    Args:
        path: The file; None means the defaults alone.

    Raises:
        ParamsError: The file cannot be read, or a key is unknown or out of range.
    """
    if path is None:
        return PipelineParams()
    try:
        values = yaml.safe_load(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise ParamsError(f"params: '{path}' cannot be read: {error.strerror}.") from error
    except (yaml.YAMLError, UnicodeDecodeError) as error:
        raise ParamsError(f"params: '{path}' is not YAML.") from error
    return parse_section(PipelineParams, {} if values is None else values, "params")


def params_digest(ocr: OcrParams, preprocess: PreprocessParams, train: TrainingParams) -> str:
    """Return the sha256 of the canonical JSON of the sections that decide the model for a given dataset."""
    return hashlib.sha256(canonical_json(_training_sections(ocr, preprocess, train)).encode()).hexdigest()


def flat_params(ocr: OcrParams, preprocess: PreprocessParams, train: TrainingParams) -> dict[str, Any]:
    """Return the same sections as `section.key`, as a run in MLflow shows them."""
    sections = _training_sections(ocr, preprocess, train)
    return {f"{section}.{key}": value for section, values in sections.items() for key, value in values.items()}


def _training_sections(
    ocr: OcrParams, preprocess: PreprocessParams, train: TrainingParams
) -> Mapping[str, Mapping[str, Any]]:
    sections = {"ocr": ocr, "preprocess": preprocess, "train": train}
    return {name: section.model_dump(mode="json") for name, section in sections.items()}
