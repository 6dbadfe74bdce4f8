"""Cancelling a job, and trying its failed documents again.

Documents are changed before their job's row, as by those who work on them: two transactions that lock the same rows in
different orders would wait for each other.
"""

from sqlalchemy import Connection, update

from pigeonhole_api.auth.callers import Caller
from pigeonhole_api.database import now
from pigeonhole_api.database.tables import documents, jobs
from pigeonhole_api.models import FINAL_JOB_STATES
from pigeonhole_api.records.audit import record
from pigeonhole_api.records.jobs import check_job, lock_documents, refresh_state
from pigeonhole_api.records.submissions import virtual_time


def cancel_job(connection: Connection, job_id: str, caller: Caller) -> None:
    """Cancel what waits; what is at work ends by itself. A job that has ended stays as it is.

    Raises:
        Refusal: 404 `job-missing`.
    """
    if check_job(connection, caller.tenant, job_id) in FINAL_JOB_STATES:
        return
    lock_documents(connection, job_id)
    present = now(connection)
    cancelled = connection.execute(
        update(documents)
        .where(documents.c.job_id == job_id, documents.c.state.in_(["waiting_upload", "queued"]))
        .values(state="cancelled", finished_at=present, version=documents.c.version + 1)
    )
    connection.execute(update(jobs).where(jobs.c.id == job_id).values(cancelled_at=present))
    refresh_state(connection, [job_id])
    record(connection, caller, "job.cancelled", job_id, documents=cancelled.rowcount)


def retry_job(connection: Connection, job_id: str, caller: Caller) -> None:
    """Queue a job's failed documents once more; those whose content was not kept stay failed.

    Raises:
        Refusal: 404 `job-missing`.
    """
    check_job(connection, caller.tenant, job_id)
    lock_documents(connection, job_id)
    base = virtual_time(connection, caller.tenant)
    failed = (documents.c.job_id == job_id, documents.c.state == "failed", documents.c.stored)
    queued = connection.execute(
        update(documents)
        .where(*failed)
        .values(
            state="queued",
            vt=base + documents.c.position,
            attempts=0,
            finished_at=None,
            error_reason=None,
            error_detail=None,
            version=documents.c.version + 1,
        )
    )
    if queued.rowcount == 0:
        return
    connection.execute(update(jobs).where(jobs.c.id == job_id).values(cancelled_at=None))
    refresh_state(connection, [job_id])
    record(connection, caller, "job.retried", job_id, documents=queued.rowcount)
