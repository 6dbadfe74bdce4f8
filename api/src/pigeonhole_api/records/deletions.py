"""Deleting: a job's documents, answers and decisions go at once, and their contents soon after.

What is left is a tombstone, the job's row without its reference, and the audit trail. Contents are shared by their
hash: a content is removed when no document and no example has it any more, some time after the deletion, so that an
upload of the same bytes that is under way finds either the content or none, and never one that goes away beneath it.
"""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from functools import cache
from typing import Any

from sqlalchemy import Connection, Select, bindparam, delete, exists, or_, select, update
from sqlalchemy.dialects import postgresql, sqlite

from pigeonhole_api.auth.callers import Caller
from pigeonhole_api.database import database_now, now
from pigeonhole_api.database.tables import (
    audit_sample,
    content_removals,
    documents,
    examples,
    jobs,
    predictions,
    reviews,
)
from pigeonhole_api.models import FINAL_JOB_STATES, FieldProblem
from pigeonhole_api.problems import Refusal
from pigeonhole_api.records.audit import record
from pigeonhole_api.records.jobs import check_job
from pigeonhole_api.records.training_set import LIVE
from pigeonhole_api.records.webhook_deliveries import silence_job
from pigeonhole_api.retention import Retention

_MOST_NAMED = 20


@dataclass(frozen=True)
class Copy:
    """An example that is a copy of a job's document."""

    example_id: str
    class_name: str


def delete_job(connection: Connection, job_id: str, caller: Caller, *, force: bool, grace: float) -> tuple[int, int]:
    """Delete a job with everything that its documents were; what works on them finds nothing to end.

    Returns how many documents it had, and how many examples were erased with them.

    Args:
        connection: The transaction.
        job_id: The job.
        caller: Who deletes, of the job's tenant.
        force: Erase copies of its documents from the training set, too; dataset versions keep their hashes alone.
        grace: Seconds after which the contents are removed.

    Raises:
        Refusal: 404 `job-missing`, 410 `job-deleted`, 409 `in-training-set`.
    """
    check_job(connection, caller.tenant, job_id)
    rows = _lock_with_duplicates(connection, job_id, caller.tenant)
    contents = {row.sha256 for row in rows if row.sha256}
    copies = find_copies(connection, caller.tenant, contents)
    if copies and not force:
        raise _in_training_set(copies)
    if force:
        # Also those that were taken out before: dataset versions name them, and would keep their contents.
        connection.execute(delete(examples).where(examples.c.tenant == caller.tenant, examples.c.sha256.in_(contents)))
    bury_job(connection, job_id, caller, contents, grace=grace)
    record(connection, caller, "job.deleted", job_id, documents=len(rows), examples=len(copies))
    return len(rows), len(copies)


def find_copies(connection: Connection, tenant: str, contents: Collection[str]) -> list[Copy]:
    """Return the examples of a tenant's training set that have one of these contents."""
    own = (LIVE, examples.c.tenant == tenant, examples.c.sha256.in_(contents))
    found = connection.execute(select(examples.c.id, examples.c.class_name).where(*own).order_by(examples.c.id))
    return [Copy(row.id, row.class_name) for row in found]


def bury_job(connection: Connection, job_id: str, caller: Caller, contents: Collection[str], *, grace: float) -> None:
    """Let a job be a tombstone, and its contents be removed in `grace` seconds unless something else has them."""
    own = select(documents.c.id).where(documents.c.job_id == job_id)
    connection.execute(
        update(documents)
        .where(
            documents.c.sha256.in_(contents),
            documents.c.tenant == caller.tenant,
            documents.c.duplicate_of.in_(own.scalar_subquery()),
        )
        .values(duplicate_of=None, version=documents.c.version + 1)
    )
    # First the rows that refer to others.
    for table in (audit_sample, predictions, reviews):
        connection.execute(delete(table).where(table.c.document_id.in_(own)))
    connection.execute(delete(documents).where(documents.c.job_id == job_id))
    buried = {
        "reference": job_id,
        "manifest_sha256": "",
        "state": "cancelled",
        "finished_at": database_now(),
        "deleted_at": database_now(),
        "deleted_by": caller.name,
    }
    connection.execute(update(jobs).where(jobs.c.id == job_id).values(buried))
    silence_job(connection, job_id)
    _add_removals(connection, contents, now(connection) + grace)


def _lock_with_duplicates(connection: Connection, job_id: str, tenant: str) -> Sequence[Any]:
    """Return id and hash of each of a job's documents, locked together with what other jobs have of their contents.

    All in one order: two deletions of jobs that share contents change rows of each other.
    """
    own = select(documents.c.sha256).where(documents.c.job_id == job_id, documents.c.sha256.is_not(None))
    shared = (documents.c.tenant == tenant) & documents.c.sha256.in_(own)
    either = select(documents.c.id, documents.c.job_id, documents.c.sha256).where(
        or_(documents.c.job_id == job_id, shared)
    )
    rows = connection.execute(either.order_by(documents.c.id).with_for_update()).all()
    return [row for row in rows if row.job_id == job_id]


def _add_removals(connection: Connection, contents: Collection[str], due_at: float) -> None:
    """Let contents be removed at a moment, and no earlier where they were to be; in one order, as rows are locked."""
    if not contents:
        return
    added = (postgresql if connection.dialect.name == "postgresql" else sqlite).insert(content_removals)
    rows = [{"sha256": sha256, "due_at": due_at} for sha256 in sorted(contents)]
    connection.execute(
        added.on_conflict_do_update(index_elements=["sha256"], set_={"due_at": added.excluded.due_at}), rows
    )


def expired_jobs(connection: Connection, retention: Retention, *, most: int) -> list[tuple[str, str]]:
    """Return ids and tenants of jobs that ended so long ago that nobody may keep them."""
    named = sorted(retention.days_of_tenants)
    groups = [(jobs.c.tenant == tenant, retention.seconds(tenant)) for tenant in named]
    groups.append((jobs.c.tenant.not_in(named), retention.seconds()))
    expired = [whose & (jobs.c.finished_at < database_now() - kept) for whose, kept in groups if kept]
    if not expired:
        return []
    ended = (jobs.c.deleted_at.is_(None), jobs.c.state.in_(sorted(FINAL_JOB_STATES)), or_(*expired))
    rows = connection.execute(select(jobs.c.id, jobs.c.tenant).where(*ended).order_by(jobs.c.finished_at).limit(most))
    return [(row.id, row.tenant) for row in rows]


def end_retention(connection: Connection, job_id: str, caller: Caller, *, grace: float) -> bool:
    """Delete a job that nobody may keep any longer; False when it is at work again, or gone.

    What the training set has of it was given to it, and stays.
    """
    rows = _lock_with_duplicates(connection, job_id, caller.tenant)
    contents = {row.sha256 for row in rows if row.sha256}
    state = connection.execute(select(jobs.c.state).where(jobs.c.id == job_id, jobs.c.deleted_at.is_(None)))
    if state.scalar_one_or_none() not in FINAL_JOB_STATES:
        return False
    bury_job(connection, job_id, caller, contents, grace=grace)
    record(connection, caller, "job.expired", job_id, contents=len(contents))
    return True


def postpone_removals(connection: Connection, contents: Collection[str], *, grace: float) -> None:
    """Let contents stay for another while: someone is about to use them."""
    wanted = content_removals.c.sha256.in_(contents)
    known = select(content_removals.c.sha256).where(wanted).order_by(content_removals.c.sha256).with_for_update()
    found = connection.execute(known).scalars().all()
    due_at = database_now() + grace
    connection.execute(update(content_removals).where(content_removals.c.sha256.in_(found)).values(due_at=due_at))


def any_removal(connection: Connection, contents: Collection[str]) -> bool:
    """Tell whether one of these contents is to be removed."""
    return connection.execute(_removals(), {"contents": list(contents)}).first() is not None


@cache
def _removals() -> Select[Any]:
    # Asked for every upload, so it is put together once.
    wanted = content_removals.c.sha256.in_(bindparam("contents", expanding=True))
    return select(content_removals.c.sha256).where(wanted).limit(1)


def due_removals(connection: Connection, most: int) -> list[str]:
    """Return contents whose removal is due."""
    due = content_removals.c.due_at < database_now()
    found = select(content_removals.c.sha256).where(due).order_by(content_removals.c.due_at).limit(most)
    return list(connection.execute(found).scalars())


def take_removal(connection: Connection, sha256: str) -> bool:
    """Take a removal that is still due, and tell whether nothing has the content, so that it can go.

    The removal's row is locked until the transaction ends: an upload of the same bytes waits for it.
    """
    due = (content_removals.c.sha256 == sha256, content_removals.c.due_at < database_now())
    if connection.execute(select(content_removals.c.sha256).where(*due).with_for_update()).first() is None:
        return False
    connection.execute(delete(content_removals).where(content_removals.c.sha256 == sha256))
    used = or_(
        exists().where(documents.c.sha256 == sha256),
        exists().where(examples.c.sha256 == sha256),
    )
    return not connection.execute(select(used)).scalar_one()


def _in_training_set(copies: Collection[Copy]) -> Refusal:
    named = [
        FieldProblem(field=copy.example_id, detail=f"This example of {copy.class_name} is a copy of one.")
        for copy in list(copies)[:_MOST_NAMED]
    ]
    return Refusal(
        "in-training-set",
        f"The training set has copies of {len(copies)} of its documents.",
        hint="Delete with force=true to erase them as well; the next dataset version is without them.",
        errors=named,
    )
