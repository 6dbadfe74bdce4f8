"""The training pipeline as a process of its own: its stages while it runs, and what came of it."""

import json
import os
import signal
import subprocess
import tempfile
import threading
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import IO

from pydantic import ValidationError

from pigeonhole.processes import end_with_parent
from pigeonhole_api.models import Gates, PerClassScores
from pigeonhole_api.models.wire import WireModel

_REGISTERED, _REJECTED = 0, 3
_END_SECONDS = 10.0
_LOOK_SECONDS = 0.2
_MOST_CHARACTERS = 500
_TRACE = "Traceback (most recent call last)"


class TrainingResult(WireModel):
    """The pipeline's result file."""

    version: str
    run_id: str = ""
    digest: str = ""
    dataset_version: str = ""
    promoted: bool = False
    metrics: dict[str, float]
    labels: list[str] = []
    confusion: list[list[int]] = []
    per_class: list[PerClassScores] = []
    gates: Gates


class Stage(WireModel):
    """A progress line of the pipeline."""

    stage: str
    state: str
    done: int | None = None
    total: int | None = None


@dataclass(frozen=True)
class TrainingEnd:
    """How a training ended: `succeeded` or `rejected` with a result, `failed` with a sentence."""

    state: str
    result: TrainingResult | None = None
    error: str | None = None


OnStage = Callable[[Stage], None]


def run_training(
    command: Sequence[str], environment: Mapping[str, str], *, on_stage: OnStage, abandoned: threading.Event
) -> TrainingEnd | None:
    """Run a training and return its end, or None when it was abandoned.

    Args:
        command: The process, to which `--result FILE` is added.
        environment: Variables beside this process's own.
        on_stage: Called from another thread with each progress line.
        abandoned: Ends the process when it is set.
    """
    with tempfile.TemporaryDirectory(prefix="pigeonhole-training-") as folder:
        result_file, error_file = Path(folder) / "result.json", Path(folder) / "errors"
        with error_file.open("wb") as errors:
            process = subprocess.Popen(
                [*command, "--result", str(result_file)],
                env={**os.environ, **environment},
                stdin=subprocess.DEVNULL,
                stdout=subprocess.PIPE,
                stderr=errors,
                encoding="utf-8",
                errors="replace",
                process_group=0,
                # A killed worker must not leave a training behind that registers a model nobody waits for.
                preexec_fn=end_with_parent,
            )
        reader = threading.Thread(target=_follow, args=(process.stdout, on_stage), name="stages", daemon=True)
        reader.start()
        if not _wait(process, abandoned):
            return None
        # Something that the training left behind may hold the pipe open for ever.
        reader.join(_END_SECONDS)
        return describe_end(process.returncode, result_file, error_file.read_text(errors="replace"))


def describe_end(code: int, result_file: Path, errors: str) -> TrainingEnd:
    """Return how a training ended, from its exit code and what it left."""
    if code not in (_REGISTERED, _REJECTED):
        return TrainingEnd("failed", error=_sentence(code, errors))
    try:
        result = TrainingResult.model_validate_json(result_file.read_bytes())
    except (OSError, ValidationError):
        return TrainingEnd("failed", error="The training left no result that can be read.")
    return TrainingEnd("succeeded" if code == _REGISTERED else "rejected", result)


def _sentence(code: int, errors: str) -> str:
    """Return the pipeline's last line, unless it is a trace's: that one is not for people."""
    last = errors.strip().rpartition("\n")[2].strip()
    if not last or _TRACE in errors or code < 0:
        return f"The training ended unexpectedly with code {code}."
    return last[:_MOST_CHARACTERS]


def _wait(process: subprocess.Popen[str], abandoned: threading.Event) -> bool:
    while process.poll() is None:
        if abandoned.wait(_LOOK_SECONDS):
            _end(process)
            return False
    return True


def _end(process: subprocess.Popen[str]) -> None:
    for number in (signal.SIGTERM, signal.SIGKILL):
        with suppress(ProcessLookupError):
            os.killpg(process.pid, number)
        with suppress(subprocess.TimeoutExpired):
            process.wait(_END_SECONDS)
            return


def _follow(lines: IO[str] | None, on_stage: OnStage) -> None:
    for line in lines or ():
        with suppress(ValidationError, json.JSONDecodeError):
            on_stage(Stage.model_validate_json(line))
