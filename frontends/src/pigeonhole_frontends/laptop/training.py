"""Run the training pipeline as a process of its own and follow its stages."""

import json
import os
import subprocess
import sys
import tempfile
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from pigeonhole.errors import PigeonholeError
from pigeonhole.processes import end_with_parent
from pigeonhole.settings import PlatformSettings

STAGES = ("ocr", "clean", "preprocess", "train", "evaluate", "register")
"""The pipeline's stages, in order."""

_REJECTED = 3


class TrainingFailed(PigeonholeError):
    """The pipeline did not come to an end."""

    def __init__(self, message: str) -> None:
        super().__init__(message, code="training-failed")


@dataclass(frozen=True)
class TrainingOutcome:
    """The pipeline's result file, and whether the gates were passed."""

    result: dict[str, Any]
    passed: bool


def run_training(
    settings: PlatformSettings,
    dataset_id: str,
    *,
    runner: str,
    on_stage: Callable[[dict[str, Any]], None],
) -> TrainingOutcome:
    """Train on a dataset version, register the model and promote it when the gates pass.

    Args:
        settings: The installation.
        dataset_id: The manifest to train on.
        runner: `kfp` for the pipeline under kfp.local, `direct` for the same steps in one process.
        on_stage: Called with each progress line: `{stage, state, ...}`.

    Raises:
        TrainingFailed: A step failed; the message is its sentence.
    """
    with tempfile.TemporaryDirectory() as folder:
        result_file = Path(folder) / "result.json"
        command = [
            *(sys.executable, "-m", "pigeonhole_pipelines.run", "--dataset", dataset_id),
            *("--result", str(result_file), "--runner", runner, "--promote"),
        ]
        with (
            (Path(folder) / "errors").open("w+b") as errors,
            subprocess.Popen(
                command,
                env={**os.environ, **settings.environment(), "OMP_THREAD_LIMIT": "1"},
                stdout=subprocess.PIPE,
                stderr=errors,
                text=True,
                preexec_fn=end_with_parent,
            ) as process,
        ):
            for line in process.stdout or ():
                _report(line, on_stage)
            code = process.wait()
            errors.seek(0)
            last = errors.read().decode(errors="replace").strip().rpartition("\n")[2]
        if code not in (0, _REJECTED):
            raise TrainingFailed(last or f"The training ended with code {code}.")
        return TrainingOutcome(json.loads(result_file.read_bytes()), passed=code == 0)


def _report(line: str, on_stage: Callable[[dict[str, Any]], None]) -> None:
    try:
        event = json.loads(line)
    except ValueError:
        return
    if isinstance(event, dict) and "stage" in event:
        on_stage(event)
