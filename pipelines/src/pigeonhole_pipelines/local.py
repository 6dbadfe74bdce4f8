"""Run the training by kfp.local: each component in a process of its own on this machine."""

import contextlib
import io
import json
import warnings
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, TextIO

from kfp import local

from pigeonhole_components.steps import StepEvents
from pigeonhole_pipelines.errors import StepFailed, TrainingCrashed
from pigeonhole_pipelines.pods import Pods
from pigeonhole_pipelines.request import TrainingRequest
from pigeonhole_pipelines.training import pipeline_in

LOG_FILE = "kfp.log"
"""What KFP and the components print, in the run's folder."""


def train_locally(request: TrainingRequest, folder: Path, on_event: StepEvents) -> Path:
    """Run the training pipeline on this machine and return the file of the result.

    Args:
        request: What to do.
        folder: Where the steps' files and the log go.
        on_event: Called with each step's `{stage, state, ...}`, as the component prints it.

    Raises:
        StepFailed: A step cannot do its work.
        TrainingCrashed: A step ended without saying why.
    """
    folder.mkdir(parents=True, exist_ok=True)
    log_file = folder / LOG_FILE
    with log_file.open("w", encoding="utf-8") as file:
        log = ComponentLog(file, on_event)
        try:
            with contextlib.redirect_stdout(log), _no_remarks():
                local.init(local.SubprocessRunner(use_venv=False), pipeline_root=str(folder))
                result = pipeline_in(Pods())(**request.pipeline_arguments()).output
        except RuntimeError as error:  # all that kfp.local says of a component that ended with another code than 0
            raise _failure(log.last_event, log_file) from error
    return Path(result.path)


class ComponentLog(io.TextIOBase):
    """Takes what kfp.local prints: all of it goes to a file, and the steps' events to a callback as well."""

    def __init__(self, file: TextIO, on_event: StepEvents) -> None:
        self._file = file
        self._on_event = on_event
        self._partial = ""
        self.last_event: Mapping[str, Any] = {}

    def writable(self) -> bool:
        """Tell that this is a stream to print to."""
        return True

    def write(self, text: str) -> int:
        """Keep what was printed, and report each whole line that is a step's event."""
        self._file.write(text)
        *lines, self._partial = (self._partial + text).split("\n")
        for line in lines:
            event = step_event(line)
            if event is not None:
                self.last_event = event
                self._on_event(event)
        return len(text)

    def flush(self) -> None:
        """Bring the file up to date."""
        self._file.flush()


def step_event(line: str) -> dict[str, Any] | None:
    """Return the event that a line of a component's log holds, or None for any other line."""
    text = line.strip()
    if not text.startswith("{"):
        return None
    try:
        event = json.loads(text)
    except ValueError:
        return None
    return event if isinstance(event, dict) and {"stage", "state"} <= event.keys() else None


def _failure(last_event: Mapping[str, Any], log_file: Path) -> StepFailed | TrainingCrashed:
    if last_event.get("state") == "failed":
        return StepFailed(last_event["message"], code=last_event["code"], hint=last_event["hint"])
    return TrainingCrashed(last_event.get("stage", "training"), hint=f"Its log is {log_file}.")


@contextlib.contextmanager
def _no_remarks() -> Iterator[None]:
    # KFP warns that our image may be no Python image, which it does not run here anyway.
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", RuntimeWarning)
        yield
