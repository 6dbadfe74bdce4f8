"""A job is accepted: its row and its documents' rows in one transaction."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from functools import cache
from typing import Any

from sqlalchemy import Connection, Select, bindparam, func, insert, select

from pigeonhole_api.auth.callers import Caller
from pigeonhole_api.database import now
from pigeonhole_api.database.tables import documents, jobs
from pigeonhole_api.identifiers import new_id
from pigeonhole_api.intake.received import Received
from pigeonhole_api.problems import Refusal
from pigeonhole_api.records.audit import record
from pigeonhole_api.records.jobs import refresh_state


@dataclass(frozen=True)
class Submission:
    """What a caller sent: the reference, and the identity of the files."""

    reference: str
    manifest_sha256: str


def find_same(connection: Connection, tenant: str, submission: Submission) -> str | None:
    """Return the id of the job that this submission of a tenant has made before, or None.

    Raises:
        Refusal: 409 `reference-conflict`, when the reference names a job with other files.
    """
    same = (jobs.c.tenant == tenant, jobs.c.reference == submission.reference)
    row = connection.execute(select(jobs.c.id, jobs.c.manifest_sha256).where(*same)).one_or_none()
    if row is None:
        return None
    if row.manifest_sha256 == submission.manifest_sha256:
        return str(row.id)
    raise Refusal(
        "reference-conflict",
        "reference: it names a job with other files already.",
        hint="Open that job, or choose another reference.",
        existing_job=f"/v1/jobs/{row.id}",
    )


def insert_job(
    connection: Connection, submission: Submission, files: Sequence[Received], caller: Caller, *, most_queued: int
) -> str:
    """Add a job with its documents and return its id; refused files become documents that have failed.

    Raises:
        Refusal: 429 `queue-full`.
    """
    check_queue(connection, caller.tenant, sum(1 for file in files if file.reason is None), most_queued)
    present, base = now(connection), virtual_time(connection, caller.tenant)
    job_id = add_job(connection, submission, caller, present)
    originals = first_with_content(connection, caller.tenant, {file.sha256 for file in files})
    rows: list[dict[str, Any]] = []
    for position, file in enumerate(files):
        row = _document_row(file, position, job_id, present) | {"tenant": caller.tenant, "vt": base + position}
        row["duplicate_of"] = originals.setdefault(file.sha256, row["id"])
        if row["duplicate_of"] == row["id"]:
            row["duplicate_of"] = None
        rows.append(row)
    connection.execute(insert(documents), rows)
    refresh_state(connection, [job_id])
    record(connection, caller, "job.created", job_id, documents=len(files))
    return job_id


def add_job(connection: Connection, submission: Submission, caller: Caller, present: float) -> str:
    """Add a job's row and return its id."""
    job_id = new_id("job")
    connection.execute(
        insert(jobs).values(
            id=job_id,
            tenant=caller.tenant,
            reference=submission.reference,
            manifest_sha256=submission.manifest_sha256,
            state="queued",
            created_by=caller.name,
            created_at=present,
        )
    )
    return job_id


def _document_row(file: Received, position: int, job_id: str, present: float) -> dict[str, Any]:
    refused = file.reason is not None
    return {
        "id": new_id("doc"),
        "job_id": job_id,
        "position": position,
        "name": file.name,
        "size": file.size,
        "sha256": file.sha256,
        "media_type": file.media_type,
        "pages": file.pages,
        "stored": file.stored,
        "state": "failed" if refused else "queued",
        "created_at": present,
        "finished_at": present if refused else None,
        "error_reason": file.reason,
        "error_detail": file.detail,
    }


def check_queue(connection: Connection, tenant: str, wanted: int, most: int) -> None:
    """Check that so many documents more of a tenant may wait.

    Raises:
        Refusal: 429 `queue-full`.
    """
    own = (documents.c.tenant == tenant, documents.c.state.in_(["waiting_upload", "queued"]))
    waiting = connection.execute(select(func.count()).select_from(documents).where(*own)).scalar_one()
    if waiting + wanted > most:
        raise Refusal(
            "queue-full",
            f"{waiting:,} documents wait already; at most {most:,} may.",
            hint="Send the job again later.",
            headers={"Retry-After": "30"},
        )


def virtual_time(connection: Connection, tenant: str) -> float:
    """Return the virtual time at which a tenant's next document is due.

    A tenant's n-th document waits n turns, whatever job it is in: behind everything that the tenant has sent and that
    has not been answered, and beside the other tenants' first one. So a small job passes through another tenant's large
    one, and nobody gains by cutting a job into many.
    """
    found = connection.execute(_turns(), {"owner_tenant": tenant}).one()
    own = [vt + 1 for vt in (found.queued, found.leased) if vt is not None]
    return float(max([found.first or 0.0, *own]))


def first_with_content(connection: Connection, tenant: str, hashes: Collection[str]) -> dict[str, str]:
    """Return the ids of a tenant's earliest documents that have these hashes, or are declared to, by sha256."""
    found = connection.execute(_firsts(), {"hashes": list(hashes), "owner_tenant": tenant})
    return {row.sha256: row.first for row in found}


# What is executed for every file is put together once: that takes longer than to execute it.


@cache
def _turns() -> Select[Any]:
    """Return a look at the first of all turns and at a tenant's last ones: each is the end of an index."""
    own = documents.c.tenant == bindparam("owner_tenant")
    latest = (select(func.max(documents.c.vt)).where(own, documents.c.state == state) for state in ("queued", "leased"))
    queued, leased = (each.scalar_subquery() for each in latest)
    first = select(func.min(documents.c.vt)).where(documents.c.state == "queued").scalar_subquery()
    return select(first.label("first"), queued.label("queued"), leased.label("leased"))


@cache
def _firsts() -> Select[Any]:
    same = documents.c.sha256.in_(bindparam("hashes", expanding=True))
    return (
        select(documents.c.sha256, func.min(documents.c.id).label("first"))
        .where(same, documents.c.tenant == bindparam("owner_tenant"))
        .group_by(documents.c.sha256)
    )
