"""The contents of a job's declared documents, one request each."""

import tempfile
from typing import IO, Any

from fastapi import APIRouter, Depends, Request, Response
from fastapi.concurrency import run_in_threadpool

from pigeonhole_api import arrivals
from pigeonhole_api.access import CallerDependency, allow
from pigeonhole_api.auth.callers import Role
from pigeonhole_api.intake.received import Measured, Received, keep, too_large
from pigeonhole_api.models import Document, Job
from pigeonhole_api.platform import PlatformDependency, PlatformState
from pigeonhole_api.problems import Refusal
from pigeonhole_api.records.jobs import get_job
from pigeonhole_api.records.uploads import Slot, complete_job
from pigeonhole_api.refusals import JOB_REFUSALS, refuses
from pigeonhole_api.routes.uploads import require_space

router = APIRouter(prefix="/v1/jobs", tags=["jobs"], dependencies=[Depends(allow(Role.USER))])

_MEMORY = 1 << 20
"""Bytes of a file that are held in memory while it comes; what is beyond lies in a temporary file."""

_CONTENT: dict[str, Any] = {
    "requestBody": {
        "required": True,
        "content": {"application/octet-stream": {"schema": {"type": "string", "format": "binary"}}},
    }
}


@router.put(
    "/{job_id}/documents/{name:path}",
    status_code=201,
    summary="Upload a declared document",
    openapi_extra=_CONTENT,
    responses={
        200: {"model": Document, "description": "The same bytes had come before."},
        **refuses(
            *JOB_REFUSALS,
            "document-missing",
            "upload-differs",
            "document-conflict",
            "upload-closed",
            "too-large",
            "storage-unavailable",
            "storage-full",
        ),
    },
)
async def upload(
    job_id: str,
    name: str,
    request: Request,
    response: Response,
    platform: PlatformDependency,
    caller: CallerDependency,
) -> Document:
    """Accept a document's bytes as they are; when this answers 201, they are kept, and the document is queued.

    A file that cannot be a document fails with a reason, and its job goes on. The same bytes again are harmless (200),
    other bytes are refused: 409 `document-conflict`.
    """
    slot = await run_in_threadpool(arrivals.find, platform, caller.tenant, job_id, name)
    await require_space(request, platform.space)
    with tempfile.SpooledTemporaryFile(_MEMORY) as content:
        size = await _receive(request, content, platform.limits.max_bytes)
        if size > platform.limits.max_bytes:
            await run_in_threadpool(arrivals.fill, platform, slot, too_large(name, size, platform.limits))
            raise _too_large(platform.limits.max_bytes)
        document, created = await run_in_threadpool(_accept, platform, slot, content)
    response.status_code = 201 if created else 200
    response.headers["ETag"] = document.etag
    return document


@router.post(
    "/{job_id}/completion",
    status_code=202,
    summary="Give up what has not been uploaded",
    responses=refuses(*JOB_REFUSALS, "storage-full"),
)
def complete(job_id: str, platform: PlatformDependency, caller: CallerDependency) -> Job:
    """Let the declared documents that have not come fail as `not-uploaded`, so that the job can end without them."""
    with platform.database.write() as connection:
        complete_job(connection, job_id, caller)
        return platform.shown(get_job(connection, caller.tenant, job_id), caller)


async def _receive(request: Request, content: IO[bytes], most: int) -> int:
    """Write the body down as it comes, no further than the limit, and return its size.

    It is read to its end, since a caller who is still sending would not see the answer.
    """
    size = 0
    async for chunk in request.stream():
        size += len(chunk)
        if size <= most:
            content.write(chunk)
    return size


def _accept(platform: PlatformState, slot: Slot, content: IO[bytes]) -> tuple[Document, bool]:
    def keep_among_others(measured: Measured) -> Received:
        (received,) = keep([measured], platform.store, platform.limits, platform.ingest)
        return received

    return arrivals.accept(platform, slot, content, keep_among_others)


def _too_large(most: int) -> Refusal:
    detail = f"The file has more than {most:,} bytes."
    return Refusal("too-large", detail, hint="Send a smaller copy in a new job.")
