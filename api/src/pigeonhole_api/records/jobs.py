"""Jobs: their rows, and their counts as a GROUP BY says them."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from sqlalchemy import Connection, Row, func, select, update

from pigeonhole_api.database import now
from pigeonhole_api.database.tables import documents, jobs, predictions
from pigeonhole_api.job_states import eta_seconds, job_state
from pigeonhole_api.models import FINAL_JOB_STATES, Job, JobCounts, JobPage
from pigeonhole_api.problems import Refusal, missing
from pigeonhole_api.records.moments import to_moment
from pigeonhole_api.records.paging import PageRequest, read_page
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


def lock_documents(connection: Connection, job_id: str) -> Sequence[Any]:
    """Return id and hash of each of a job's documents, locked in one order: two who change many must not cross."""
    own = select(documents.c.id, documents.c.sha256).where(documents.c.job_id == job_id).order_by(documents.c.id)
    return connection.execute(own.with_for_update()).all()


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


def refresh_state(connection: Connection, job_ids: Iterable[str]) -> None:
    """Bring the states of jobs up to their documents' states, in the transaction that changed those."""
    wanted = sorted(set(job_ids))
    if not wanted:
        return
    # The lock makes two workers that finish a job's last documents see each other's work on PostgreSQL.
    rows = connection.execute(select(jobs).where(jobs.c.id.in_(wanted)).order_by(jobs.c.id).with_for_update()).all()
    _cancel_late(connection, [row.id for row in rows if row.cancelled_at is not None])
    counts = count_documents(connection, wanted)
    for row in rows:
        state = job_state(counts[row.id], started=row.started_at is not None, cancelled=row.cancelled_at is not None)
        if state != row.state:
            finished_at = now(connection) if state in FINAL_JOB_STATES else None
            changed = {"state": state, "finished_at": finished_at}
            connection.execute(update(jobs).where(jobs.c.id == row.id).values(changed))


def _get_row(connection: Connection, tenant: str, job_id: str) -> Row[Any]:
    row = connection.execute(select(jobs).where(jobs.c.id == job_id, jobs.c.tenant == tenant)).one_or_none()
    if row is None:
        raise missing("job", job_id)
    if row.deleted_at is not None:
        raise Refusal(410, "job-deleted", "The job was deleted, with everything that its documents were.")
    return row


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
