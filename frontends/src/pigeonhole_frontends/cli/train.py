"""`pigeonhole train`: a folder of a user's own files becomes a registered model."""

import getpass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from pigeonhole_frontends.cli.exit_codes import ExitCode
from pigeonhole_frontends.cli.installation import need
from pigeonhole_frontends.cli.options import HomeOption, JsonOption, platform_settings
from pigeonhole_frontends.cli.terminal import percent, print_json, progress, reported_errors, say, stderr, stdout, table

if TYPE_CHECKING:
    from pigeonhole.datasets import ImportReport
    from pigeonhole.settings import PlatformSettings


def train(
    directory: Annotated[Path, typer.Argument(help="A folder with one sub-folder of documents for each class.")],
    home: HomeOption = None,
    runner: Annotated[str, typer.Option(help="direct: in one process; kfp: the pipeline by kfp.local.")] = "direct",
    as_json: JsonOption = False,
) -> None:
    """Train a model on a folder of documents, one sub-folder a class, and register it.

    Files that cannot be read are named with the reason and left out. The model starts to serve when it passes the
    gates; else the exit code is 3.

    Examples:

      pigeonhole train documents/

      pigeonhole train documents/ --json > result.json
    """
    if runner not in ("direct", "kfp"):
        raise typer.BadParameter(f"'{runner}' is neither direct nor kfp", param_hint="--runner")
    with reported_errors():
        need("pigeonhole_pipelines")
        settings = platform_settings(home)
        report = import_directory(settings, directory)
        say_refused(report)
        result, passed = train_with_progress(settings, report.manifest.id, runner)
    refused = [{"path": file.path, "reason": file.reason, "detail": file.detail} for file in report.refused]
    if as_json:
        print_json({**result, "refused": refused, "duplicates": list(report.duplicates)})
    else:
        print_result(result)
    if not passed:
        raise typer.Exit(ExitCode.NOT_BETTER)


def import_directory(settings: "PlatformSettings", directory: Path, source: Any = "upload") -> "ImportReport":
    """Store a folder's documents and return what came of it."""
    from pigeonhole.datasets import DatasetStore, import_folder
    from pigeonhole.documents import DocumentLimits
    from pigeonhole.storage import open_storage
    from pigeonhole.synthetic import read_groups

    with progress("Looking at files") as bar:
        return import_folder(
            directory,
            DatasetStore(open_storage(settings.storage)),
            added_by=_person(),
            limits=DocumentLimits(),
            source=source,
            groups=read_groups(directory) if directory.is_dir() else {},
            on_file=bar.step,
        )


def say_refused(report: "ImportReport") -> None:
    """Name the files that were left out, on stderr."""
    counts = ", ".join(f"{name} {_count(report, name)}" for name in report.manifest.classes)
    say(f"{len(report.manifest.examples)} documents: {counts}.")
    if report.duplicates:
        say(f"{len(report.duplicates)} files are copies of others and count once.")
    if report.refused:
        rows = [(file.path, file.reason, file.detail) for file in report.refused]
        stderr().print(table(f"{len(rows)} files left out", ("file", "reason", "detail"), rows))


def train_with_progress(settings: "PlatformSettings", dataset_id: str, runner: str) -> tuple[dict[str, Any], bool]:
    """Run the pipeline under a progress bar and return its result and whether the gates were passed."""
    from pigeonhole_frontends.laptop.training import STAGES, run_training

    with progress("Training", total=len(STAGES)) as bar:

        def show(event: dict[str, Any]) -> None:
            if event["stage"] not in STAGES:
                return
            done = STAGES.index(event["stage"]) + (event.get("state") == "finished")
            detail = f" ({event['done']} of {event['total']})" if "done" in event and "total" in event else ""
            bar.show(f"Training: {event['stage']}{detail}", done, len(STAGES))

        outcome = run_training(settings, dataset_id, runner=runner, on_stage=show)
    return outcome.result, outcome.passed


def print_result(result: dict[str, Any]) -> None:
    """Print scores, confusion matrix and gates."""
    metrics, labels, confusion = result["metrics"], result["labels"], result["confusion"]
    console = stdout()
    scores = [
        ("macro-F1", f"{metrics['macro_f1']:.3f}"),
        ("accuracy", percent(metrics["accuracy"])),
        ("expected calibration error", f"{metrics['expected_calibration_error']:.3f}"),
        ("sent to review", percent(metrics["abstention_rate"])),
        ("accuracy of the others", percent(metrics["accuracy_when_confident"])),
    ]
    console.print(table(f"Holdout: {metrics['documents']:.0f} documents", ("score", "value"), scores, right=("value",)))
    rows = [(label, *(str(count) for count in row)) for label, row in zip(labels, confusion, strict=True)]
    console.print()
    console.print(table("Confusion (rows: true class)", ("", *labels), rows, right=labels))
    gates = [
        (gate["name"], f"{gate['value']:.3f}", f"{gate['limit']:.3f}", "passed" if gate["passed"] else "FAILED")
        for gate in result["gates"]["gates"]
    ]
    console.print()
    console.print(table("Gates", ("gate", "value", "limit", ""), gates, right=("value", "limit")))
    console.print()
    state = "and serves from now on" if result.get("promoted") else "and does not serve"
    console.print(f"Registered as version {result['version']} {state}.")


def _person() -> str:
    try:
        return getpass.getuser()
    except (KeyError, OSError):  # a container's user may have no name
        return "unknown"


def _count(report: "ImportReport", class_name: str) -> int:
    return sum(example.class_name == class_name for example in report.manifest.examples)
