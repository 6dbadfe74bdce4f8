"""`python -m pigeonhole_pipelines.run`: one training as a process.

Progress is JSON lines on standard output, the result a JSON file. Exit codes: 0 registered and every gate passed,
3 registered and a gate not passed, 1 failed, with one sentence as the last line on standard error, 143 ended by
SIGTERM.
"""

import json
import shutil
import signal
import sys
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from enum import StrEnum
from pathlib import Path
from types import FrameType
from typing import Annotated, Any

import typer

from pigeonhole.errors import PigeonholeError
from pigeonhole.settings import PlatformSettings
from pigeonhole.telemetry import configure_logging, get_logger
from pigeonhole_components.json_files import read_json, write_json
from pigeonhole_components.steps import StepEvents
from pigeonhole_pipelines.errors import TrainingCrashed
from pigeonhole_pipelines.request import TrainingRequest, training_request

_FAILED = 1
_GATE_NOT_PASSED = 3

_log = get_logger(__name__)


class Runner(StrEnum):
    """How the steps run: as plain calls in this process, or as components by kfp.local."""

    DIRECT = "direct"
    KFP = "kfp"


def main(
    result: Annotated[Path, typer.Option(help="Where to write the result.")],
    dataset: Annotated[str, typer.Option(help="The dataset version; the one of the parameters when empty.")] = "",
    runner: Annotated[Runner, typer.Option(help="How the steps run.")] = Runner.DIRECT,
    promote: Annotated[bool, typer.Option(help="Let the model serve when every gate is passed.")] = False,
    params: Annotated[Path | None, typer.Option(help="The parameters; defaults when not given.")] = None,
    files: Annotated[Path | None, typer.Option(help="Keep the steps' files in this folder.")] = None,
) -> None:
    """Train a model, judge it and register it."""
    configure_logging("training", "WARNING")
    signal.signal(signal.SIGTERM, _end)
    try:
        request = training_request(PlatformSettings(), params, dataset_id=dataset, promote=promote)
        with _run_folder(files) as folder:
            outcome = read_json(run_training(request, runner, folder, _print_line))
        write_json(result, outcome)
    except PigeonholeError as error:
        typer.echo(f"{error.message} {error.hint or ''}".strip(), err=True)
        sys.exit(_FAILED)
    sys.exit(0 if outcome["gates"]["passed"] else _GATE_NOT_PASSED)


def run_training(request: TrainingRequest, runner: Runner, folder: Path, on_event: StepEvents) -> Path:
    """Run a training and return the file of its result.

    Args:
        request: What to do.
        runner: How the steps run.
        folder: Where the steps' files go.
        on_event: Called with each step's `{stage, state, ...}`.

    Raises:
        PigeonholeError: A step cannot do its work.
        TrainingCrashed: A step failed in a way that nobody foresaw; the log says where.
    """
    # Either way brings libraries that the other does without and that take seconds to import.
    if runner is Runner.KFP:
        from pigeonhole_pipelines.local import train_locally

        return train_locally(request, folder, on_event)
    from pigeonhole_pipelines.direct import train_directly

    try:
        return train_directly(request, folder, on_event)
    except PigeonholeError:
        raise
    except Exception as error:
        _log.exception("training crashed")
        raise TrainingCrashed("training", hint="The log line before this one says where.") from error


@contextmanager
def _run_folder(kept: Path | None) -> Iterator[Path]:
    """Give a folder for the steps' files, which hold the texts of documents: it goes unless it is to be kept.

    After a crash it stays, with KFP's log in it.
    """
    if kept is not None:
        kept.mkdir(parents=True, exist_ok=True)
        yield kept.absolute()
        return
    folder = Path(tempfile.mkdtemp(prefix="pigeonhole-training-"))
    try:
        yield folder
    except TrainingCrashed:
        raise
    except BaseException:
        shutil.rmtree(folder)
        raise
    shutil.rmtree(folder)


def _end(number: int, _frame: FrameType | None) -> None:
    # An exception, so that reading processes are ended and the texts of documents deleted on the way out.
    sys.exit(128 + number)


def _print_line(event: Mapping[str, Any]) -> None:
    # Bound to the real stream: kfp.local's way redirects sys.stdout while it runs.
    print(json.dumps(event, ensure_ascii=False), file=sys.__stdout__, flush=True)


if __name__ == "__main__":
    typer.run(main)
