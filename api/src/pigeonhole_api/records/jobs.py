"""Jobs: their rows, and their counts as a GROUP BY says them."""

from collections.abc import Iterable, Mapping, Sequence
from functools import cache
from typing import Any

from sqlalchemy import ColumnElement, Connection, Row, Select, bindparam, exists, func, select, update

from pigeonhole_api.database import now
from pigeonhole_api.database.tables import documents, jobs, predictions
from pigeonhole_api.job_states import eta_seconds, job_state, unfinished_state
from pigeonhole_api.models import FINAL_JOB_STATES, Job, JobCounts, JobPage
from pigeonhole_api.problems import Refusal, missing
from pigeonhole_api.records.moments import to_moment
from pigeonhole_api.records.paging import PageRequest, read_page
from pigeonhole_api.records.webhook_deliveries import tell_job_finished
from pigeonhole_api.signing import Signer


def get_job(connection: Connection, tenant: str, job_id: str) -> Job:
    """Return a tenant's job.

    Raises:
        Refusal: 404 `job-missing`, 410 `job-deleted`.
    """
    return _to_jobs(connection, [_get_row(connection, tenant, job_id)])[0]


def check_job(connection: Connection, tenant: str, job_id: str) -> str:
    """Return the state of a tenant's job.

    Raises:
        Refusal: 404 `job-missing`, 410 `job-deleted`.
    """
    return str(_get_row(connection, tenant, job_id).state)


def lock_documents(connection: Connection, job_id: str) -> None:
    """Lock a job's documents in one order: two who change many must not cross."""
    own = select(documents.c.id).where(documents.c.job_id == job_id).order_by(documents.c.id)
    connection.execute(own.with_for_update()).all()


def list_jobs(
    connection: Connection,
    tenant: str,
    request: PageRequest,
    signer: Signer,
    *,
    reference: str | None,
    state: str | None,
) -> JobPage:
    """Return a page of a tenant's jobs, the newest first."""
    statement = select(jobs).where(jobs.c.tenant == tenant, jobs.c.deleted_at.is_(None))
    if reference is not None:
        statement = statement.where(jobs.c.reference == reference)
    if state is not None:
        statement = statement.where(jobs.c.state == state)
    page = read_page(
        connection, statement, request, signer, order=(jobs.c.id,), key=lambda row: (row.id,), descending=True
    )
    return JobPage(jobs=_to_jobs(connection, page.rows), next_page_token=page.next_page_token)


def count_documents(connection: Connection, job_ids: Iterable[str]) -> Mapping[str, JobCounts]:
    """Return the counts of jobs by their ids."""
    statement = (
        select(documents.c.job_id, documents.c.state, func.count(), func.count(documents.c.review_id))
        .where(documents.c.job_id.in_(list(job_ids)))
        .group_by(documents.c.job_id, documents.c.state)
    )
    found: dict[str, dict[str, int]] = {}
    for job_id, state, number, reviewed in connection.execute(statement):
        counts = found.setdefault(job_id, {"total": 0, "reviewed": 0})
        counts[state] = number
        counts["total"] += number
        counts["reviewed"] += reviewed
    return {job_id: JobCounts(**counts) for job_id, counts in found.items()}


def refresh_state(connection: Connection, job_ids: Iterable[str], versions: Mapping[str, str] | None = None) -> None:
    """Bring the states of jobs up to their documents' states, in the transaction that changed those.

    Args:
        connection: The transaction.
        job_ids: The jobs.
        versions: The model version of a result by its job; a job keeps that of its first.
    """
    wanted = sorted(set(job_ids))
    if not wanted:
        return
    # The lock makes two workers that finish a job's last documents see each other's work on PostgreSQL.
    rows = connection.execute(_locking(), {"ids": wanted}).all()
    _cancel_late(connection, [row.id for row in rows if row.cancelled_at is not None])
    left = {row.id: row for row in connection.execute(_looking(), {"ids": wanted})}
    for row in rows:
        changed = _changes(connection, row, left[row.id], (versions or {}).get(row.id))
        if changed:
            connection.execute(update(jobs).where(jobs.c.id == row.id).values(changed))
        if changed.get("finished_at") is not None:
            ended = connection.execute(select(jobs).where(jobs.c.id == row.id)).one()
            tell_job_finished(connection, ended, count_documents(connection, [row.id])[row.id])


def _get_row(connection: Connection, tenant: str, job_id: str) -> Row[Any]:
    row = connection.execute(select(jobs).where(jobs.c.id == job_id, jobs.c.tenant == tenant)).one_or_none()
    if row is None:
        raise missing("job", job_id)
    if row.deleted_at is not None:
        raise Refusal("job-deleted", "The job was deleted, with everything that its documents were.")
    return row


def _changes(connection: Connection, row: Row[Any], left: Row[Any], version: str | None) -> dict[str, Any]:
    """Return what of a job's row is no longer so."""
    changed: dict[str, Any] = {}
    if version is not None and row.model_version is None:
        changed["model_version"] = version
    started, cancelled = row.started_at is not None, row.cancelled_at is not None
    state = unfinished_state(expected=left.expected, open_=left.open_, started=started, cancelled=cancelled)
    if state is None:
        state = job_state(count_documents(connection, [row.id])[row.id], started=started, cancelled=cancelled)
    if state != row.state:
        changed["state"] = state
        changed["finished_at"] = now(connection) if state in FINAL_JOB_STATES else None
    return changed


# What is executed for every document is put together once: that takes longer than to execute it.


@cache
def _locking() -> Select[Any]:
    wanted = select(jobs).where(jobs.c.id.in_(bindparam("ids", expanding=True)))
    return wanted.order_by(jobs.c.id).with_for_update()


@cache
def _looking() -> Select[Any]:
    """Return a look at what is left of jobs: two into an index each, however many documents a job has.

    Counting all of them for each that ends would take a large job the square of its size.
    """

    def any_document(*states: str) -> ColumnElement[bool]:
        return exists().where(documents.c.job_id == jobs.c.id, documents.c.state.in_(states)).correlate(jobs)

    expected, open_ = any_document("waiting_upload"), any_document("queued", "leased")
    found = select(jobs.c.id, expected.label("expected"), open_.label("open_"))
    return found.where(jobs.c.id.in_(bindparam("ids", expanding=True)))


def _cancel_late(connection: Connection, job_ids: Sequence[str]) -> None:
    """Cancel what came back to the queue while its job was being cancelled.

    A document that someone holds a lock on is being taken: it is left to them, and not waited for.
    """
    if not job_ids:
        return
    queued = select(documents.c.id).where(documents.c.job_id.in_(job_ids), documents.c.state == "queued")
    late = connection.execute(queued.with_for_update(skip_locked=True)).scalars().all()
    if late:
        changed = {"state": "cancelled", "finished_at": now(connection), "version": documents.c.version + 1}
        connection.execute(update(documents).where(documents.c.id.in_(late)).values(changed))


def _to_jobs(connection: Connection, rows: Sequence[Row[Any]]) -> list[Job]:
    ids = [row.id for row in rows]
    counts, versions = count_documents(connection, ids), _count_versions(connection, ids)
    present = now(connection)
    return [_to_job(row, counts.get(row.id, JobCounts(total=0)), versions.get(row.id, {}), present) for row in rows]


def _count_versions(connection: Connection, job_ids: Sequence[str]) -> Mapping[str, dict[str, int]]:
    statement = (
        select(documents.c.job_id, predictions.c.model_version, func.count())
        .join(predictions, predictions.c.document_id == documents.c.id)
        .where(documents.c.job_id.in_(job_ids))
        .group_by(documents.c.job_id, predictions.c.model_version)
        .order_by(predictions.c.model_version)
    )
    found: dict[str, dict[str, int]] = {}
    for job_id, version, number in connection.execute(statement):
        found.setdefault(job_id, {})[version] = number
    return found


def _to_job(row: Row[Any], counts: JobCounts, versions: dict[str, int], present: float) -> Job:
    return Job(
        id=row.id,
        reference=row.reference,
        state=row.state,
        created_by=row.created_by,
        created_at=to_moment(row.created_at),
        started_at=to_moment(row.started_at),
        finished_at=to_moment(row.finished_at),
        manifest_sha256=row.manifest_sha256,
        model_version=row.model_version,
        model_versions=versions,
        counts=counts,
        eta_seconds=eta_seconds(counts, row.started_at, present),
    )
