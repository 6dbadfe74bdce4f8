"""The steps as commands, for DVC: `python -m pigeonhole_components.<step>`."""

import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from pigeonhole.errors import PigeonholeError
from pigeonhole.settings import PlatformSettings
from pigeonhole_components.json_files import write_json
from pigeonhole_components.steps import RunningStep, announced

if TYPE_CHECKING:
    from _typeshed import DataclassInstance

    from pigeonhole_components.params import PipelineParams

ParamsOption = Annotated[Path, typer.Option("--params", help="The parameters.")]
ReportOption = Annotated[Path | None, typer.Option("--report", help="Where to write the step's report.")]
StorageOption = Annotated[
    str, typer.Option("--storage", help="Where documents and datasets lie; PIGEONHOLE_STORAGE_URL when not given.")
]
TrackingOption = Annotated[str, typer.Option("--mlflow", help="MLflow; PIGEONHOLE_MLFLOW_TRACKING_URI when not given.")]

PARAMS_FILE = Path("params.yaml")


def platform(storage: str = "", mlflow: str = "") -> PlatformSettings:
    """Return the platform's settings, with what the command line says instead of the environment."""
    given = {"storage_url": storage, "mlflow_tracking_uri": mlflow}
    return PlatformSettings().model_copy(update={name: value for name, value in given.items() if value})


def read_params(path: Path) -> "PipelineParams":
    """Return the parameters of a file; ParamsError as `load_params` raises it."""
    # The sections of the model bring numpy along, which not every step needs.
    from pigeonhole_components.params import load_params

    return load_params(path)


@contextmanager
def command_step(stage: str) -> Iterator[RunningStep]:
    """Run a step as a command: progress and failures are sentences on standard error; a failure exits with 1."""
    try:
        with announced(stage, _say) as step:
            yield step
    except PigeonholeError as error:
        raise typer.Exit(1) from error


def keep_report(report: "DataclassInstance", path: Path | None) -> None:
    """Write a step's report where it is wanted."""
    if path is not None:
        write_json(path, asdict(report))


def _say(event: Mapping[str, Any]) -> None:
    if event["state"] == "failed":
        print(f"{event['stage']}: {event['message']} {event['hint'] or ''}".rstrip(), file=sys.stderr)  # noqa: T201
    if event["state"] == "running":
        print(f"{event['stage']}: {event['done']} of {event['total']}", file=sys.stderr)  # noqa: T201
