"""What all steps tell the outside: that they began, how far they are, how they ended."""

import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import asdict
from typing import TYPE_CHECKING, Any

from pigeonhole.errors import PigeonholeError
from pigeonhole_components.json_files import canonical_json

if TYPE_CHECKING:
    from _typeshed import DataclassInstance

STAGES = ("dataset", "ocr", "clean", "preprocess", "train", "evaluate", "register")
"""The steps, in order."""

Progress = Callable[[int, int], None]
"""Called with the number of documents done and of all documents."""

StepEvents = Callable[[Mapping[str, Any]], None]
"""Called with `{stage, state, ...}`; the states are started, running, finished and failed."""

_SECONDS_BETWEEN_PROGRESS = 1.0


class RunningStep:
    """A step in the middle of its work; `report` is what it has to say at its end."""

    def __init__(self, stage: str, events: StepEvents) -> None:
        self._stage = stage
        self._events = events
        self._last = 0.0
        self.report: DataclassInstance | None = None

    def progress(self, done: int, total: int) -> None:
        """Tell how many documents are done: the last one, and others once a second at most."""
        if done == total or time.monotonic() - self._last >= _SECONDS_BETWEEN_PROGRESS:
            self._last = time.monotonic()
            self._events({"stage": self._stage, "state": "running", "done": done, "total": total})


@contextmanager
def announced(stage: str, events: StepEvents) -> Iterator[RunningStep]:
    """Tell when the block begins and ends, how many seconds it took, and its report.

    A failure that we know of is told by its code, sentence and hint, and raised on.
    """
    started = time.monotonic()
    events({"stage": stage, "state": "started"})
    step = RunningStep(stage, events)
    try:
        yield step
    except PigeonholeError as error:
        events({"stage": stage, "state": "failed", "code": error.code, "message": error.message, "hint": error.hint})
        raise
    seconds = round(time.monotonic() - started, 3)
    report = asdict(step.report) if step.report else {}
    events({"stage": stage, "state": "finished", "seconds": seconds, "report": report})


@contextmanager
def component_step(stage: str) -> Iterator[RunningStep]:
    """Run a step as a KFP component: its events are JSON lines on standard output, which KFP keeps as its log.

    A failure that we know of ends the process without a stack trace; its line holds the sentence.
    """

    def print_line(event: Mapping[str, Any]) -> None:
        print(canonical_json(event), flush=True)  # noqa: T201

    try:
        with announced(stage, print_line) as step:
            yield step
    except PigeonholeError as error:
        raise SystemExit(1) from error
