"""Trainings: queued, taken by one worker at a time, and ended by the one who still holds them."""

from dataclasses import dataclass
from typing import Any

from sqlalchemy import Connection, Row, insert, select, update

from pigeonhole_api.auth.callers import Caller
from pigeonhole_api.database import database_now, now
from pigeonhole_api.database.tables import trainings
from pigeonhole_api.identifiers import new_id
from pigeonhole_api.models import Training, TrainingPage
from pigeonhole_api.problems import missing
from pigeonhole_api.records.audit import record
from pigeonhole_api.records.moments import to_moment
from pigeonhole_api.records.paging import PageRequest, read_page
from pigeonhole_api.signing import Signer

_RESULT_FIELDS = ("metrics", "labels", "confusion", "per_class", "gates", "promoted")


@dataclass(frozen=True)
class TrainingLease:
    """A training in a worker's hands."""

    training_id: str
    dataset_version: str
    owner: str
    attempt: int


def insert_training(connection: Connection, dataset_version: str, caller: Caller) -> str:
    """Queue a training and return its id."""
    training_id = new_id("trn")
    connection.execute(
        insert(trainings).values(
            id=training_id,
            tenant=caller.tenant,
            dataset_version=dataset_version,
            state="queued",
            created_by=caller.name,
            created_at=now(connection),
        )
    )
    record(connection, caller, "training.started", training_id, dataset_version=dataset_version)
    return training_id


def get_training(connection: Connection, tenant: str, training_id: str) -> Training:
    """Return a tenant's training.

    Raises:
        Refusal: 404 `training-missing`.
    """
    own = (trainings.c.id == training_id, trainings.c.tenant == tenant)
    row = connection.execute(select(trainings).where(*own)).one_or_none()
    if row is None:
        raise missing("training", training_id)
    return _to_training(row)


def list_trainings(connection: Connection, tenant: str, request: PageRequest, signer: Signer) -> TrainingPage:
    """Return a page of a tenant's trainings, the newest first."""
    page = read_page(
        connection,
        select(trainings).where(trainings.c.tenant == tenant),
        request,
        signer,
        order=(trainings.c.id,),
        key=lambda row: (row.id,),
        descending=True,
    )
    return TrainingPage(trainings=[_to_training(row) for row in page.rows], next_page_token=page.next_page_token)


def is_training_waiting(connection: Connection) -> bool:
    """Tell whether there is a training to take, or a lease that has ended."""
    expired = (trainings.c.state == "running") & (trainings.c.lease_until < database_now())
    waiting = select(trainings.c.id).where((trainings.c.state == "queued") | expired).limit(1)
    return connection.execute(waiting).first() is not None


def claim_training(connection: Connection, owner: str, *, seconds: float) -> TrainingLease | None:
    """Take the oldest training that waits, unless another one is running."""
    running = select(trainings.c.id).where(trainings.c.state == "running").limit(1)
    waiting = (
        select(trainings.c.id)
        .where(trainings.c.state == "queued")
        .order_by(trainings.c.id)
        .limit(1)
        .with_for_update(skip_locked=True)
    )
    if connection.execute(running).first() is not None:
        return None
    row = connection.execute(
        update(trainings)
        .where(trainings.c.id.in_(waiting.scalar_subquery()))
        .values(
            state="running",
            stage=None,
            stage_done=None,
            stage_total=None,
            owner=owner,
            lease_until=database_now() + seconds,
            attempts=trainings.c.attempts + 1,
            started_at=database_now(),
        )
        .returning(trainings.c.id, trainings.c.dataset_version, trainings.c.attempts)
    ).one_or_none()
    return None if row is None else TrainingLease(row.id, row.dataset_version, owner, row.attempts)


def renew_training(connection: Connection, owner: str, training_id: str, *, seconds: float) -> None:
    """Hold the training in an owner's hands for a while longer."""
    held = (trainings.c.state == "running", trainings.c.owner == owner, trainings.c.id == training_id)
    connection.execute(update(trainings).where(*held).values(lease_until=database_now() + seconds))


def end_expired_trainings(connection: Connection, *, most_attempts: int) -> None:
    """Queue a training again whose worker gave no sign of life, or let it fail after its last attempt."""
    expired = (trainings.c.state == "running", trainings.c.lease_until < database_now())
    free = {"owner": None, "lease_until": None}
    error = f"The worker was lost {most_attempts} times during this training."
    failed = {"state": "failed", "error": error, "finished_at": database_now(), **free}
    exhausted = trainings.c.attempts >= most_attempts
    connection.execute(update(trainings).where(*expired, exhausted).values(failed))
    connection.execute(update(trainings).where(*expired).values(state="queued", **free))


def note_stage(connection: Connection, lease: TrainingLease, stage: str, done: int | None, total: int | None) -> bool:
    """Keep how far a training is; False when the lease was lost."""
    values = {"stage": stage, "stage_done": done, "stage_total": total}
    return connection.execute(update(trainings).where(*_held(lease)).values(values)).rowcount == 1


def end_training(
    connection: Connection, lease: TrainingLease, state: str, *, result: Any = None, error: str | None = None
) -> bool:
    """Keep a training's end with its result; False when the lease was lost."""
    values = {"state": state, "result": result, "error": error, "finished_at": database_now()}
    return _leave(connection, lease, values)


def release_training(connection: Connection, lease: TrainingLease) -> bool:
    """Put a training back as if it had not been taken; False when the lease was lost."""
    return _leave(connection, lease, {"state": "queued", "attempts": trainings.c.attempts - 1, "started_at": None})


def _leave(connection: Connection, lease: TrainingLease, values: dict[str, Any]) -> bool:
    freed = {**values, "owner": None, "lease_until": None}
    return connection.execute(update(trainings).where(*_held(lease)).values(freed)).rowcount == 1


def _held(lease: TrainingLease) -> tuple[Any, ...]:
    return (
        trainings.c.id == lease.training_id,
        trainings.c.state == "running",
        trainings.c.owner == lease.owner,
        trainings.c.attempts == lease.attempt,
    )


def _to_training(row: Row[Any]) -> Training:
    result = row.result or {}
    reported = {name: result[name] for name in _RESULT_FIELDS if result.get(name) is not None}
    return Training.model_validate(
        {
            "id": row.id,
            "state": row.state,
            "dataset_version": row.dataset_version,
            "stage": row.stage,
            "stage_done": row.stage_done,
            "stage_total": row.stage_total,
            "attempts": row.attempts,
            "created_by": row.created_by,
            "created_at": to_moment(row.created_at),
            "started_at": to_moment(row.started_at),
            "finished_at": to_moment(row.finished_at),
            "model_version": result.get("version"),
            "error": row.error,
            **reported,
        }
    )
