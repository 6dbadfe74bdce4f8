"""Work on documents: taken for a time, renewed, and ended by the one who still holds it.

A result is accepted from the holder of the lease alone, by (owner, attempt): whoever lost it, because he stood still
for too long, finds no row to change, and what he brings is dropped.
"""

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from functools import cache
from typing import Any

from sqlalchemy import Connection, Double, Insert, Select, Update, bindparam, case, func, insert, select, update
from sqlalchemy.sql.dml import ReturningUpdate

from pigeonhole_api.database import database_now
from pigeonhole_api.database.tables import LONGEST_ENGINE, LONGEST_LANGUAGE, audit_sample, documents, jobs, predictions
from pigeonhole_api.models import Prediction
from pigeonhole_api.quality import is_audited
from pigeonhole_api.records.jobs import refresh_state
from pigeonhole_api.records.locking import locked

INTERRUPTED = "interrupted"


@dataclass(frozen=True)
class Lease:
    """A document in someone's hands."""

    document_id: str
    job_id: str
    sha256: str
    owner: str
    attempt: int
    created_at: float
    tenant: str


def is_work_waiting(connection: Connection) -> bool:
    """Tell whether there is a document to take, or a lease that has ended; an idle worker need not lock anything."""
    expired = (documents.c.state == "leased") & (documents.c.lease_until < database_now())
    waiting = select(documents.c.id).where((documents.c.state == "queued") | expired).limit(1)
    return connection.execute(waiting).first() is not None


def claim(connection: Connection, owner: str, most: int, *, seconds: float, begun: Collection[str] = ()) -> list[Lease]:
    """Take the documents that have waited longest by virtual time; each taking is an attempt.

    Args:
        connection: The transaction.
        owner: Who takes them.
        most: How many at most.
        seconds: How long they are the owner's without a sign of life.
        begun: Jobs that are known to have begun, which a job does but once.
    """
    taken = connection.execute(_claiming(), {"most": most, "taker": owner, "seconds": seconds})
    leases = [Lease(row.id, row.job_id, row.sha256, owner, row.attempts, row.created_at, row.tenant) for row in taken]
    _start_jobs(connection, {lease.job_id for lease in leases}.difference(begun))
    return leases


def renew(connection: Connection, owner: str, document_ids: Collection[str], *, seconds: float) -> int:
    """Hold documents in an owner's hands for a while longer, and return how many they are.

    What the owner's rows say and its hands do not hold is left to expire: its end could not be written.
    """
    held = (documents.c.state == "leased", documents.c.owner == owner, documents.c.id.in_(document_ids))
    return connection.execute(update(documents).where(*held).values(lease_until=database_now() + seconds)).rowcount


def finish(connection: Connection, lease: Lease, prediction: Prediction, *, audit_share: float = 0.0) -> bool:
    """Keep a document's result and its new state together; False when the lease was lost."""
    return bool(finish_all(connection, {lease: prediction}, audit_share=audit_share))


def finish_all(connection: Connection, answers: Mapping[Lease, Prediction], *, audit_share: float = 0.0) -> list[Lease]:
    """Keep the results and the new states of documents together; return those leases that were not lost.

    Of the answers that nobody would look at, a share is drawn for the audit sample at the same time.

    All documents are locked before any job, as everywhere: others lock them in that order too.
    """
    kept = _lock_held(connection, answers)
    if not kept:
        return []
    for state in ("classified", "needs_review"):
        ids = [lease.document_id for lease in kept if _state_after(answers[lease]) == state]
        if ids:
            connection.execute(_ending(), {"ids": ids, "ended": state})
    connection.execute(_keeping(), [_result_row(lease, answers[lease]) for lease in kept])
    sure = [lease for lease in kept if not _is_uncertain(answers[lease])]
    drawn = [lease for lease in sure if is_audited(lease.document_id, audit_share)]
    if drawn:
        rows = [{"document_id": lease.document_id, "tenant": lease.tenant} for lease in drawn]
        connection.execute(insert(audit_sample), rows)
    versions = {lease.job_id: answers[lease].model.version for lease in reversed(kept)}
    refresh_state(connection, versions, versions)
    return kept


def fail(connection: Connection, lease: Lease, reason: str, detail: str) -> bool:
    """Give a document up with a reason; False when the lease was lost."""
    return _leave_and_refresh(connection, lease, state="failed", error_reason=reason, error_detail=detail)


def release(connection: Connection, lease: Lease) -> bool:
    """Put a document back as if it had not been taken; False when the lease was lost."""
    return _leave_and_refresh(connection, lease, state="queued", attempts=documents.c.attempts - 1)


def put_back(connection: Connection, lease: Lease) -> bool:
    """Put a document behind the others for another attempt; False when the lease was lost."""
    others = documents.alias("others")
    latest = select(func.coalesce(func.max(others.c.vt), 0.0)).where(others.c.state == "queued").scalar_subquery()
    return _leave_and_refresh(connection, lease, state="queued", vt=latest + 1)


def end_expired(connection: Connection, *, most_attempts: int) -> int:
    """Take work back from those who gave no sign of life, and return how much that was.

    A document that was interrupted at its last attempt has failed: it may be what kills the workers.
    """
    expired = select(documents.c.id).where(documents.c.state == "leased", documents.c.lease_until < database_now())
    exhausted = documents.c.attempts >= most_attempts
    detail = f"The work on it was interrupted {most_attempts} times."
    ended = connection.execute(
        update(documents)
        .where(documents.c.id.in_(locked(expired.with_for_update(skip_locked=True))))
        .values(
            state=case((exhausted, "failed"), else_=_queued_unless_cancelled()),
            error_reason=case((exhausted, INTERRUPTED), else_=None),
            error_detail=case((exhausted, detail), else_=None),
            finished_at=case((exhausted, database_now()), else_=None),
            owner=None,
            lease_until=None,
            version=documents.c.version + 1,
        )
        .returning(documents.c.job_id)
    ).all()
    refresh_state(connection, [row.job_id for row in ended])
    return len(ended)


def _lock_held(connection: Connection, leases: Collection[Lease]) -> list[Lease]:
    """Lock the documents of those leases that have not been lost, in one order, and return these leases."""
    rows = connection.execute(_holding(), {"ids": [lease.document_id for lease in leases]})
    found = {row.id: (row.owner, row.attempts) for row in rows}
    return [lease for lease in leases if found.get(lease.document_id) == (lease.owner, lease.attempt)]


def _is_uncertain(prediction: Prediction) -> bool:
    return prediction.abstained or prediction.confidence is None


def _state_after(prediction: Prediction) -> str:
    return "needs_review" if _is_uncertain(prediction) else "classified"


def _result_row(lease: Lease, prediction: Prediction) -> dict[str, Any]:
    read = prediction.ocr
    return {
        "document_id": lease.document_id,
        "tenant": lease.tenant,
        "attempt": lease.attempt,
        "class_name": prediction.class_name,
        "confidence": prediction.confidence,
        "model_version": prediction.model.version,
        "answer": prediction.model_dump(mode="json"),
        "uncertain": _is_uncertain(prediction),
        # The engine joins as many names as there are.
        "language": None if read is None else read.language[:LONGEST_LANGUAGE],
        "engine": None if read is None else read.engine[:LONGEST_ENGINE],
        "ocr_confidence": None if read is None else read.confidence,
    }


# What a busy worker executes all the time is put together once: that takes longer than to execute it.


@cache
def _claiming() -> ReturningUpdate[Any]:
    first = (
        select(documents.c.id)
        .where(documents.c.state == "queued")
        .order_by(documents.c.vt, documents.c.id)
        .limit(bindparam("most"))
        .with_for_update(skip_locked=True)
    )
    taken = update(documents).where(documents.c.id.in_(locked(first)))
    leased = taken.values(
        state="leased",
        owner=bindparam("taker"),
        lease_until=database_now() + bindparam("seconds", type_=Double),
        attempts=documents.c.attempts + 1,
        version=documents.c.version + 1,
    )
    names = ("id", "job_id", "sha256", "attempts", "created_at", "tenant")
    return leased.returning(*(documents.c[name] for name in names))


@cache
def _unstarted() -> Select[Any]:
    unstarted = (jobs.c.id.in_(bindparam("ids", expanding=True)), jobs.c.started_at.is_(None))
    return select(jobs.c.id).where(*unstarted).order_by(jobs.c.id).with_for_update()


@cache
def _holding() -> Select[Any]:
    held = (documents.c.id.in_(bindparam("ids", expanding=True)), documents.c.state == "leased")
    rows = select(documents.c.id, documents.c.owner, documents.c.attempts).where(*held)
    return rows.order_by(documents.c.id).with_for_update()


@cache
def _ending() -> Update:
    ended = update(documents).where(documents.c.id.in_(bindparam("ids", expanding=True)))
    return ended.values(
        state=bindparam("ended"),
        finished_at=database_now(),
        owner=None,
        lease_until=None,
        version=documents.c.version + 1,
    )


@cache
def _keeping() -> Insert:
    return insert(predictions).values(created_at=database_now())


def _leave_and_refresh(connection: Connection, lease: Lease, **values: Any) -> bool:
    left = _leave(connection, lease, **values)
    if left:
        refresh_state(connection, [lease.job_id])
    return left


def _leave(connection: Connection, lease: Lease, **values: Any) -> bool:
    if values["state"] == "queued":
        values["state"] = _queued_unless_cancelled()
    else:
        values["finished_at"] = database_now()
    held = (
        documents.c.id == lease.document_id,
        documents.c.state == "leased",
        documents.c.owner == lease.owner,
        documents.c.attempts == lease.attempt,
    )
    values |= {"owner": None, "lease_until": None, "version": documents.c.version + 1}
    return connection.execute(update(documents).where(*held).values(values)).rowcount == 1


def _queued_unless_cancelled() -> Any:
    cancelled = select(jobs.c.cancelled_at).where(jobs.c.id == documents.c.job_id).scalar_subquery()
    return case((cancelled.is_not(None), "cancelled"), else_="queued")


def _start_jobs(connection: Connection, job_ids: set[str]) -> None:
    """Let jobs have begun; taking one of its documents changes nothing about a job that has begun before."""
    if not job_ids:
        return
    unstarted = connection.execute(_unstarted(), {"ids": sorted(job_ids)}).scalars().all()
    if unstarted:
        connection.execute(update(jobs).where(jobs.c.id.in_(unstarted)).values(started_at=database_now()))
        refresh_state(connection, unstarted)
