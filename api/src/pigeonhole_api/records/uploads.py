"""A job's documents are declared, and their contents come one by one."""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from typing import Any

from sqlalchemy import Connection, Row, Select, Update, bindparam, insert, select, update

from pigeonhole.documents import DocumentLimits
from pigeonhole_api.auth.callers import Caller
from pigeonhole_api.database import database_now, now
from pigeonhole_api.database.tables import documents
from pigeonhole_api.identifiers import new_id
from pigeonhole_api.intake.received import Measured, Received, too_large
from pigeonhole_api.models import FINAL_JOB_STATES, DeclaredDocument, FieldProblem
from pigeonhole_api.problems import Refusal
from pigeonhole_api.records.audit import record
from pigeonhole_api.records.jobs import check_job, refresh_state
from pigeonhole_api.records.submissions import Submission, add_job, check_queue, first_with_content, virtual_time

WAITING = "waiting_upload"
UPLOADS = "uploads/"
"""Where contents lie that clients have put into the storage themselves, until they are taken from there."""

_NOT_UPLOADED = "not-uploaded"


@dataclass(frozen=True)
class Slot:
    """A declared document: what is known of its content, and whether that is waited for.

    A closed one was given up or cancelled before its content came.
    """

    document_id: str
    tenant: str
    job_id: str
    name: str
    is_waiting: bool
    is_closed: bool
    size: int | None
    sha256: str | None


def declare_job(
    connection: Connection,
    submission: Submission,
    declared: Sequence[DeclaredDocument],
    caller: Caller,
    *,
    most_queued: int,
    limits: DocumentLimits,
) -> str:
    """Add a job whose documents are still to come, and return its id; what is too large has failed and need not come.

    Raises:
        Refusal: 429 `queue-full`.
    """
    check_queue(connection, caller.tenant, len(declared), most_queued)
    present = now(connection)
    job_id = add_job(connection, submission, caller, present)
    rows = [
        # Its turn in the queue is that of the moment when its content comes.
        {"id": new_id("doc"), "tenant": caller.tenant, "job_id": job_id, "position": position, "vt": 0.0}
        | {"created_at": present}
        | _declared(each, present, limits)
        for position, each in enumerate(declared)
    ]
    connection.execute(insert(documents), rows)
    refresh_state(connection, [job_id])
    record(connection, caller, "job.created", job_id, documents=len(declared))
    return job_id


def find_slot(connection: Connection, tenant: str, job_id: str, name: str) -> Slot:
    """Return the document of a tenant's job that has a name.

    Raises:
        Refusal: 404 `job-missing` or `document-missing`.
    """
    named = {"wanted_job": job_id, "wanted_name": name, "owner_tenant": tenant}
    row = connection.execute(_named(), named).one_or_none()
    if row is not None:
        return _slot(row)
    check_job(connection, tenant, job_id)
    raise Refusal(
        "document-missing", "name: the job has declared no document of this name.", hint="Declare it in a new job."
    )


def find_slots(connection: Connection, tenant: str, job_id: str, names: Sequence[str]) -> list[Slot]:
    """Return the documents of a tenant's job that have one of these names, each once and in the order of the names.

    Raises:
        Refusal: 404 `job-missing` or `document-missing`, 410 `job-deleted`.
    """
    check_job(connection, tenant, job_id)
    named = (documents.c.job_id == job_id, documents.c.name.in_(names), documents.c.tenant == tenant)
    rows = connection.execute(select(documents).where(*named).order_by(documents.c.position.desc()))
    found = {row.name: _slot(row) for row in rows}
    unknown = next((name for name in names if name not in found), None)
    if unknown is not None:
        raise Refusal(
            "document-missing",
            f"names: the job has declared no document '{unknown[:100]}'.",
            hint="Declare it in a new job.",
        )
    return [found[name] for name in dict.fromkeys(names)]


def upload_key(slot: Slot) -> str:
    """Return where a client puts a document's content."""
    return f"{UPLOADS}{slot.job_id}/{slot.document_id}"


def document_of(key: str) -> str:
    """Return the id of the document whose content is put under a key."""
    return key.rpartition("/")[2]


def still_waiting(connection: Connection, document_ids: Sequence[str]) -> set[str]:
    """Return those of these documents whose content is waited for."""
    waiting = (documents.c.id.in_(document_ids), documents.c.state == WAITING)
    return set(connection.execute(select(documents.c.id).where(*waiting)).scalars())


def fill_slot(connection: Connection, slot: Slot, file: Received) -> bool:
    """Let a declared document have its content and be queued, or fail with a reason; False when it was not waiting."""
    original = first_with_content(connection, slot.tenant, {file.sha256}).get(file.sha256) if file.sha256 else None
    refused = file.reason is not None
    values = {
        "size": file.size,
        "sha256": file.sha256 or None,
        "media_type": file.media_type,
        "pages": file.pages,
        "stored": file.stored,
        "duplicate_of": original if original and original < slot.document_id else None,
        "state": "failed" if refused else "queued",
        "vt": virtual_time(connection, slot.tenant),
        "error_reason": file.reason,
        "error_detail": file.detail,
    }
    filled = connection.execute(_filling(refused), {"filled": slot.document_id, **values})
    if filled.rowcount == 0:
        return False
    refresh_state(connection, [slot.job_id])
    return True


def check_declared(slot: Slot, file: Measured) -> None:
    """Compare a content with what was declared of it.

    Raises:
        Refusal: 422 `upload-differs`; the document goes on waiting.
    """
    refuse_difference(slot, size=file.size, sha256=file.sha256)


def refuse_difference(slot: Slot, *, size: int, sha256: str | None) -> None:
    """Compare size and hash of a content with what was declared of it.

    Raises:
        Refusal: 422 `upload-differs`.
    """
    for field, declared, found in (("size", slot.size, size), ("sha256", slot.sha256, sha256)):
        if declared not in (None, found):
            detail = f"It was declared as {declared} and is {found}."
            raise Refusal(
                "upload-differs",
                f"{field}: {detail}",
                hint="Send the file that was declared.",
                errors=[FieldProblem(field=field, detail=detail)],
            )


def complete_job(connection: Connection, job_id: str, caller: Caller) -> None:
    """Give up the documents that have not come; the job goes on with the others.

    Raises:
        Refusal: 404 `job-missing`.
    """
    if check_job(connection, caller.tenant, job_id) in FINAL_JOB_STATES:
        return
    given_up = _give_up(connection, documents.c.job_id == job_id, "The upload was closed before the file had come.")
    refresh_state(connection, [job_id])
    record(connection, caller, "job.completed", job_id, not_uploaded=len(given_up))


def end_stale_uploads(connection: Connection, *, seconds: float) -> int:
    """Give up the documents that nobody has sent for too long, and return how many they are."""
    hours = f"{seconds / 3600:g}"
    stale = documents.c.created_at < database_now() - seconds
    given_up = _give_up(connection, stale, f"The file had not come {hours} hours after it was declared.")
    refresh_state(connection, given_up)
    return len(given_up)


def _declared(document: DeclaredDocument, present: float, limits: DocumentLimits) -> dict[str, Any]:
    size = document.size or 0
    refused = too_large(document.name, size, limits) if size > limits.max_bytes else None
    return {
        "name": document.name,
        "size": size,
        "sha256": document.sha256,
        "stored": False,
        "state": "failed" if refused else WAITING,
        "finished_at": present if refused else None,
        "error_reason": refused.reason if refused else None,
        "error_detail": refused.detail if refused else None,
    }


def _give_up(connection: Connection, which: Any, detail: str) -> list[str]:
    """Let waiting documents fail, and return the job of each."""
    given_up = connection.execute(
        update(documents)
        .where(documents.c.state == WAITING, which)
        .values(
            state="failed",
            finished_at=database_now(),
            error_reason=_NOT_UPLOADED,
            error_detail=detail,
            version=documents.c.version + 1,
        )
        .returning(documents.c.job_id)
    )
    return [row.job_id for row in given_up]


def _slot(row: Row[Any]) -> Slot:
    given_up = row.error_reason == _NOT_UPLOADED or (row.state == "cancelled" and not row.stored)
    return Slot(row.id, row.tenant, row.job_id, row.name, row.state == WAITING, given_up, row.size or None, row.sha256)


# What is executed for every file is put together once: that takes longer than to execute it.


@cache
def _named() -> Select[Any]:
    own = (documents.c.job_id == bindparam("wanted_job"), documents.c.tenant == bindparam("owner_tenant"))
    found = select(documents).where(*own, documents.c.name == bindparam("wanted_name"))
    return found.order_by(documents.c.position).limit(1)


@cache
def _filling(refused: bool) -> Update:
    waiting = (documents.c.id == bindparam("filled"), documents.c.state == WAITING)
    changed = {"version": documents.c.version + 1, **({"finished_at": database_now()} if refused else {})}
    return update(documents).where(*waiting).values(changed)
