"""Trainings from the queue to their results, one at a time."""

import sys
import threading

from sqlalchemy.exc import SQLAlchemyError

from pigeonhole.settings import PlatformSettings
from pigeonhole.telemetry import bind_context, get_logger
from pigeonhole_api.auth.callers import Caller
from pigeonhole_api.database import Database
from pigeonhole_api.records import trainings
from pigeonhole_api.records.audit import record
from pigeonhole_api.records.trainings import TrainingLease
from pigeonhole_api.settings import WorkerSettings
from pigeonhole_api.worker.faults import count_fault
from pigeonhole_api.worker.training_process import Stage, TrainingEnd, run_training

_log = get_logger(__name__)
_WORKER = Caller("worker")


class Trainer:
    """Takes trainings and runs the pipeline for each; a training that it is told to stop is queued again."""

    def __init__(self, database: Database, settings: WorkerSettings, platform: PlatformSettings, owner: str) -> None:
        self._database = database
        self._settings = settings
        self._platform = platform
        self._owner = owner
        self._stopping = threading.Event()
        self.held: str | None = None
        """The id of the training in hand, whose lease is to be renewed."""

    def run(self) -> None:
        """Work until `stop`."""
        while not self._stopping.is_set():
            try:
                lease = self._take()
                if lease is not None:
                    self._train(lease)
                    continue
            except Exception as error:  # noqa: BLE001 - the training's lease ends by itself; the trainer must go on
                count_fault("training_failed", error)
            finally:
                self.held = None
            self._stopping.wait(self._settings.poll_seconds)

    def stop(self) -> None:
        """Take nothing more, and end a training that is running."""
        self._stopping.set()

    def _take(self) -> TrainingLease | None:
        with self._database.read() as connection:
            if not trainings.is_training_waiting(connection):
                return None
        with self._database.write() as connection:
            trainings.end_expired_trainings(connection, most_attempts=self._settings.training_attempts)
            return trainings.claim_training(connection, self._owner, seconds=self._settings.lease_seconds)

    def _train(self, lease: TrainingLease) -> None:
        with bind_context(training_id=lease.training_id):
            _log.info("training_began", attempt=lease.attempt)
            self.held = lease.training_id
            end = run_training(
                self._command(lease),
                {**self._platform.environment(), "OMP_THREAD_LIMIT": "1"},
                on_stage=lambda stage: self._note(lease, stage),
                abandoned=self._stopping,
            )
            with self._database.write() as connection:
                if end is None:
                    trainings.release_training(connection, lease)
                    return
                result = None if end.result is None else end.result.model_dump(mode="json")
                if trainings.end_training(connection, lease, end.state, result=result, error=end.error):
                    record(connection, _WORKER, f"training.{end.state}", lease.training_id, **_details(end))
            _log.info("training_ended", state=end.state)

    def _note(self, lease: TrainingLease, stage: Stage) -> None:
        try:
            with self._database.write() as connection:
                trainings.note_stage(connection, lease, stage.stage, stage.done, stage.total)
        except SQLAlchemyError as error:
            # Progress may be lost; the training's output must be read on.
            count_fault("stage_not_noted", error)

    def _command(self, lease: TrainingLease) -> list[str]:
        promote = ["--promote"] if self._settings.training_promotes else []
        params = ["--params", self._settings.training_params] if self._settings.training_params else []
        return [
            *(sys.executable, "-m", self._settings.training_module, "--dataset", lease.dataset_version),
            *("--runner", self._settings.training_runner),
            *promote,
            *params,
        ]


def _details(end: TrainingEnd) -> dict[str, str | int | None]:
    if end.result is None:
        return {}
    return {"model": end.result.version, "promoted": int(end.result.promoted)}
