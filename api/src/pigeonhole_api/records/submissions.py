"""A job is accepted: its row and its documents' rows in one transaction."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Connection, func, insert, select

from pigeonhole_api.database import now
from pigeonhole_api.database.tables import documents, jobs
from pigeonhole_api.identifiers import new_id
from pigeonhole_api.intake.received import Received
from pigeonhole_api.problems import Refusal
from pigeonhole_api.records.audit import Caller, record
from pigeonhole_api.records.jobs import refresh_state


@dataclass(frozen=True)
class Submission:
    """What a caller sent: the reference, and the identity of the files."""

    reference: str
    manifest_sha256: str


def find_same(connection: Connection, submission: Submission) -> str | None:
    """Return the id of the job that this submission has made before, or None.

    Raises:
        Refusal: 409 `reference-conflict`, when the reference names a job with other files.
    """
    statement = select(jobs.c.id, jobs.c.manifest_sha256).where(jobs.c.reference == submission.reference)
    row = connection.execute(statement).one_or_none()
    if row is None:
        return None
    if row.manifest_sha256 == submission.manifest_sha256:
        return str(row.id)
    raise Refusal(
        409,
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
    check_queue(connection, sum(1 for file in files if file.reason is None), most_queued)
    present, base = now(connection), virtual_time(connection)
    job_id = add_job(connection, submission, caller, present)
    originals = first_with_content(connection, {file.sha256 for file in files})
    rows: list[dict[str, Any]] = []
    for position, file in enumerate(files):
        row = _document_row(file, position, job_id, present, base)
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
            reference=submission.reference,
            manifest_sha256=submission.manifest_sha256,
            state="queued",
            created_by=caller.name,
            created_at=present,
        )
    )
    return job_id


def _document_row(file: Received, position: int, job_id: str, present: float, base: float) -> dict[str, Any]:
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
        # Virtual time: a job's n-th document waits n turns, so a small job passes through a large one.
        "vt": base + position,
        "created_at": present,
        "finished_at": present if refused else None,
        "error_reason": file.reason,
        "error_detail": file.detail,
    }


def check_queue(connection: Connection, wanted: int, most: int) -> None:
    """Check that so many documents more may wait.

    Raises:
        Refusal: 429 `queue-full`.
    """
    waiting = connection.execute(
        select(func.count()).select_from(documents).where(documents.c.state.in_(["waiting_upload", "queued"]))
    ).scalar_one()
    if waiting + wanted > most:
        raise Refusal(
            429,
            "queue-full",
            f"{waiting:,} documents wait already; at most {most:,} may.",
            hint="Send the job again later.",
            headers={"Retry-After": "30"},
        )


def virtual_time(connection: Connection) -> float:
    """Return the virtual time at which a new job's first document is due: now."""
    earliest = select(func.min(documents.c.vt)).where(documents.c.state == "queued")
    return float(connection.execute(earliest).scalar_one() or 0.0)


def first_with_content(connection: Connection, hashes: Collection[str]) -> dict[str, str]:
    """Return the ids of the earliest documents with contents of these hashes, or declared to have them, by sha256."""
    statement = (
        select(documents.c.sha256, func.min(documents.c.id).label("first"))
        .where(documents.c.sha256.in_(hashes))
        .group_by(documents.c.sha256)
    )
    return {row.sha256: row.first for row in connection.execute(statement)}
