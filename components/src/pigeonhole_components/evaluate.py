"""Step `evaluate`: how good the model is, and whether it may serve."""

import tempfile
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any

import typer

from pigeonhole.artefact import load_classifier
from pigeonhole.classifier import Evaluation, evaluate_classifier
from pigeonhole.gates import Gate, GateParams, GateReport, judge
from pigeonhole_components.champion import Champion, fetch_champion
from pigeonhole_components.command_line import (
    PARAMS_FILE,
    ParamsOption,
    TrackingOption,
    command_step,
    platform,
    read_params,
)
from pigeonhole_components.json_files import write_json
from pigeonhole_components.table import Texts, read_side

METRICS_FILE = "metrics.json"
CONFUSION_FILE = "confusion.json"
EVALUATION_FILE = "evaluation.json"
CONFUSION_PLOT = "confusion.png"


@dataclass(frozen=True)
class EvaluateReport:
    """The model's scores on the holdout, whether every gate was passed, and the champion's scores beside them."""

    metrics: Mapping[str, float]
    gates_passed: bool
    champion: Mapping[str, Any] | None


def run_evaluate(
    table: Path, model: Path, evaluation: Path, params: GateParams, champion: Champion | None = None
) -> EvaluateReport:
    """Judge the model on the table's holdout, beside the champion on the same documents.

    Each is judged by the answers that it gives in service: where its own stop confidence lets it, by a first look.

    Args:
        table: JSON lines of the step `preprocess`.
        model: The folder of the step `train`.
        evaluation: The folder to write: `metrics.json`, `confusion.json`, `evaluation.json` (all of it with the
            gates and the champion's metrics) and `confusion.png`.
        params: The limits of the gates.
        champion: The model that serves now.

    Raises:
        ArtefactError: The model cannot be loaded.
        StepError: The table is missing or damaged.
    """
    # matplotlib takes half a second to import, and who imports this module may only want to read what it wrote.
    from pigeonhole_components.confusion_plot import plot_confusion

    unseen = read_side(table, "holdout")
    candidate, _ = load_classifier(model)
    scores = evaluate_classifier(candidate, unseen.texts, unseen.labels, lines_texts=unseen.lines_texts)
    champion_scores = _champion_scores(champion, unseen)
    gates = _gates(scores, champion_scores, champion, params)
    compared = _champion_values(champion, champion_scores)
    values = scores.to_json()
    write_json(evaluation / METRICS_FILE, values["metrics"])
    write_json(evaluation / CONFUSION_FILE, {"labels": values["labels"], "confusion": values["confusion"]})
    write_json(evaluation / EVALUATION_FILE, {**values, "gates": gates.to_json(), "champion": compared})
    plot_confusion(scores.labels, scores.confusion, evaluation / CONFUSION_PLOT)
    return EvaluateReport(scores.metrics(), gates.passed, compared)


def _champion_scores(champion: Champion | None, unseen: Texts) -> Evaluation | None:
    if champion is None or champion.model is None:
        return None
    return evaluate_classifier(champion.model, unseen.texts, unseen.labels, lines_texts=unseen.lines_texts)


def _gates(
    scores: Evaluation, champion_scores: Evaluation | None, champion: Champion | None, params: GateParams
) -> GateReport:
    report = judge(scores, champion_scores, params)
    if champion is not None and champion_scores is None:
        # There is a champion and nobody knows how good it is: no proof that the new model is no worse.
        return GateReport((*report.gates, Gate("champion_evaluated", 0.0, 1.0, passed=False)))
    return report


def _champion_values(champion: Champion | None, scores: Evaluation | None) -> dict[str, Any] | None:
    if champion is None:
        return None
    return {
        "version": champion.version,
        "metrics": scores.metrics() if scores else None,
        "obstacle": champion.obstacle,
    }


def main(
    table: Annotated[Path, typer.Argument(help="The table of the step preprocess.")],
    model: Annotated[Path, typer.Argument(help="The model of the step train.")],
    evaluation: Annotated[Path, typer.Argument(help="The folder to write the evaluation to.")],
    params: ParamsOption = PARAMS_FILE,
    mlflow: TrackingOption = "",
) -> None:
    """Judge the model on documents that it has not seen, beside the model that serves."""
    settings = platform(mlflow=mlflow)
    with command_step("evaluate") as step, tempfile.TemporaryDirectory() as folder:
        champion = fetch_champion(settings.tracking_uri, settings.model_name, Path(folder))
        step.report = run_evaluate(table, model, evaluation, read_params(params).gates, champion)


if __name__ == "__main__":
    typer.run(main)
