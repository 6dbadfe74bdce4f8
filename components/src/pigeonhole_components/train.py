"""Step `train`: the classifier."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated

import typer

from pigeonhole.artefact import save_classifier
from pigeonhole.classifier import TrainingParams, train_classifier
from pigeonhole_components.command_line import PARAMS_FILE, ParamsOption, command_step, read_params
from pigeonhole_components.table import read_side


@dataclass(frozen=True)
class TrainReport:
    """The model's digest, from which confidence on a first look is enough, and its figures in cross-validation."""

    digest: str
    documents: int
    stop_confidence: float | None
    cross_validation: Mapping[str, float]


def run_train(table: Path, model: Path, params: TrainingParams) -> TrainReport:
    """Train on the table's training side and write the model.

    Args:
        table: JSON lines of the step `preprocess`.
        model: The folder to write: `model.skops` and `model.json`.
        params: The parameters.

    Raises:
        TrainingDataError: The examples do not allow a training.
        StepError: The table is missing or damaged.
    """
    seen = read_side(table, "train")
    trained = train_classifier(seen.texts, seen.labels, seen.groups, params, lines_texts=seen.lines_texts)
    digest = save_classifier(trained, model)
    return TrainReport(digest, len(seen.texts), trained.stop_confidence, dict(trained.cross_validation))


def main(
    table: Annotated[Path, typer.Argument(help="The table of the step preprocess.")],
    model: Annotated[Path, typer.Argument(help="The folder to write the model to.")],
    params: ParamsOption = PARAMS_FILE,
) -> None:
    """Train the classifier."""
    with command_step("train") as step:
        step.report = run_train(table, model, read_params(params).train)


if __name__ == "__main__":
    typer.run(main)
