"""Step `register`: the model becomes a version in the registry."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Annotated, Any

import typer

from pigeonhole.artefact import load_classifier
from pigeonhole.classifier import TrainingParams
from pigeonhole.registry import ModelRegistry, ModelVersion, TrainingRecord
from pigeonhole_components.command_line import (
    PARAMS_FILE,
    ParamsOption,
    TrackingOption,
    command_step,
    platform,
    read_params,
)
from pigeonhole_components.dataset import read_manifest
from pigeonhole_components.evaluate import CONFUSION_FILE, CONFUSION_PLOT, EVALUATION_FILE, METRICS_FILE
from pigeonhole_components.json_files import read_json, write_json
from pigeonhole_components.params import flat_params, params_digest
from pigeonhole_components.provenance import git_commit
from pigeonhole_components.sections import OcrParams, PreprocessParams

# What a caller sends, for MLflow's signature; a document of the dataset would put personal data into the registry.
_INPUT_EXAMPLE = "facture numéro 0000 date 00 montant total euro"


@dataclass(frozen=True)
class ModelOrigin:
    """What made the model: dataset version, parameters and OCR engine."""

    dataset_version: str
    ocr_engine: str
    ocr: OcrParams
    preprocess: PreprocessParams
    train: TrainingParams


@dataclass(frozen=True)
class RegisterReport:
    """The registered version, whether every gate was passed, and whether it serves now."""

    version: str
    run_id: str
    gates_passed: bool
    promoted: bool


def run_register(
    model: Path, evaluation: Path, version: Path, *, registry: ModelRegistry, origin: ModelOrigin, promote: bool
) -> RegisterReport:
    """Register the model with its evaluation as `candidate`; as `champion` when that is wanted and the gates passed.

    Args:
        model: The folder of the step `train`.
        evaluation: The folder of the step `evaluate`.
        version: The file to write, the result of the whole training: `{name, version, run_id, digest,
            dataset_version, promoted}` and all of `evaluation.json`.
        registry: Where to.
        origin: What made the model.
        promote: Whether the version shall serve when every gate is passed.

    Raises:
        ArtefactError: The model cannot be loaded.
        RegistryError: MLflow did not answer.
        StepError: The evaluation is missing or damaged.
    """
    judged = read_json(evaluation / EVALUATION_FILE)
    registered = registry.register(_record(model, evaluation, judged, origin))
    passed = bool(judged["gates"]["passed"])
    promoted = promote and passed
    if promoted:
        registered = registry.promote(registered.version)
    write_json(version, {**judged, **_version_values(registered), "promoted": promoted})
    return RegisterReport(registered.version, registered.run_id, passed, promoted)


def _record(model: Path, evaluation: Path, judged: Mapping[str, Any], origin: ModelOrigin) -> TrainingRecord:
    trained, _ = load_classifier(model)
    digest = params_digest(origin.ocr, origin.preprocess, origin.train)
    return TrainingRecord(
        model=replace(trained, params_digest=digest),
        dataset_version=origin.dataset_version,
        params=flat_params(origin.ocr, origin.preprocess, origin.train),
        evaluation=judged,
        params_digest=digest,
        git_commit=git_commit(),
        ocr_engine=origin.ocr_engine,
        input_example=_INPUT_EXAMPLE,
        files=tuple(evaluation / name for name in (METRICS_FILE, CONFUSION_FILE, CONFUSION_PLOT)),
    )


def _version_values(version: ModelVersion) -> dict[str, Any]:
    return {
        "name": version.name,
        "version": version.version,
        "run_id": version.run_id,
        "digest": version.digest,
        "dataset_version": version.dataset_version,
    }


def main(
    model: Annotated[Path, typer.Argument(help="The model of the step train.")],
    evaluation: Annotated[Path, typer.Argument(help="The folder of the step evaluate.")],
    version: Annotated[Path, typer.Argument(help="The file to write the version to.")],
    manifest: Annotated[Path, typer.Option(help="The dataset manifest.")],
    ocr_report: Annotated[Path, typer.Option(help="The report of the step ocr.")],
    params: ParamsOption = PARAMS_FILE,
    mlflow: TrackingOption = "",
) -> None:
    """Register the model in MLflow."""
    settings = platform(mlflow=mlflow)
    with command_step("register") as step:
        sections = read_params(params)
        origin = ModelOrigin(
            dataset_version=read_manifest(manifest).id,
            ocr_engine=str(read_json(ocr_report)["engine"]),
            ocr=sections.ocr,
            preprocess=sections.preprocess,
            train=sections.train,
        )
        registry = ModelRegistry(settings.tracking_uri, settings.model_name)
        step.report = run_register(
            model, evaluation, version, registry=registry, origin=origin, promote=sections.register_.promote
        )


if __name__ == "__main__":
    typer.run(main)
