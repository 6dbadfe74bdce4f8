"""Jobs: submitted, listed, watched, cancelled, retried."""

from collections.abc import Callable
from typing import Annotated

from fastapi import APIRouter, Depends, Query, Request, Response
from fastapi.concurrency import run_in_threadpool
from sqlalchemy import Connection
from sqlalchemy.exc import IntegrityError

from pigeonhole_api.access import CallerDependency, authenticate
from pigeonhole_api.intake.manifests import declared_sha256, manifest_sha256
from pigeonhole_api.intake.received import Incoming, keep, measure
from pigeonhole_api.models import DocumentPage, DocumentState, Job, JobDeclaration, JobPage, JobState, ReviewFilter
from pigeonhole_api.platform import PlatformDependency, PlatformState
from pigeonhole_api.records.audit import Caller
from pigeonhole_api.records.documents import list_documents
from pigeonhole_api.records.job_changes import cancel_job, retry_job
from pigeonhole_api.records.jobs import get_job, list_jobs
from pigeonhole_api.records.paging import PageRequest
from pigeonhole_api.records.submissions import Submission, find_same, insert_job
from pigeonhole_api.records.uploads import declare_job
from pigeonhole_api.routes.parameters import DEFAULT_PAGE_SIZE, PageSize, PageToken
from pigeonhole_api.routes.uploads import declaration_of, job_body, received_upload, reference_of

router = APIRouter(prefix="/v1/jobs", tags=["jobs"], dependencies=[Depends(authenticate)])


@router.post(
    "",
    status_code=202,
    summary="Submit files as a job",
    openapi_extra=job_body(),
    responses={200: {"model": Job, "description": "The same job was submitted before."}},
)
async def submit_job(
    request: Request, response: Response, platform: PlatformDependency, caller: CallerDependency
) -> Job:
    """Accept files under a reference; when this answers 202, they are kept whatever happens next.

    Up to 100 files come as multipart/form-data; any number is declared as JSON and then put one by one, and each is at
    work as soon as it has come. The same reference with the same files gives the same job again (200), with other files
    409 `reference-conflict`.
    """
    if request.headers.get("content-type", "").startswith("application/json"):
        declaration = declaration_of(await request.body(), platform.settings.documents_per_job)
        job, created = await run_in_threadpool(_declare, platform, caller, declaration)
        return _accepted(response, job, created)
    async with received_upload(request, platform.settings.files_per_upload) as upload:
        reference = reference_of(upload)
        job, created = await run_in_threadpool(_accept, platform, caller, reference, upload.files)
    return _accepted(response, job, created)


@router.get("", summary="List jobs")
def list_all(
    platform: PlatformDependency,
    reference: Annotated[str | None, Query(max_length=200)] = None,
    state: JobState | None = None,
    page_size: PageSize = DEFAULT_PAGE_SIZE,
    page_token: PageToken = None,
) -> JobPage:
    """Return a page of jobs, the newest first."""
    request = PageRequest(f"jobs/{reference}/{state}", page_size, page_token)
    with platform.database.read() as connection:
        return list_jobs(connection, request, platform.signer, reference=reference, state=state)


@router.get("/{job_id}", summary="Show a job")
def show(job_id: str, response: Response, platform: PlatformDependency) -> Job:
    """Return a job with the counts of its documents; `Retry-After` says when to look again."""
    with platform.database.read() as connection:
        job = get_job(connection, job_id)
    if job.finished_at is None:
        response.headers["Retry-After"] = "1"
    return job


@router.get("/{job_id}/documents", summary="List a job's documents")
def list_job_documents(
    job_id: str,
    platform: PlatformDependency,
    state: DocumentState | None = None,
    review: ReviewFilter | None = None,
    page_size: PageSize = DEFAULT_PAGE_SIZE,
    page_token: PageToken = None,
) -> DocumentPage:
    """Return a page of a job's documents in the order of their upload."""
    request = PageRequest(f"documents/{job_id}/{state}/{review}", page_size, page_token)
    with platform.database.read() as connection:
        return list_documents(connection, request, platform.signer, job_id=job_id, state=state, review=review)


@router.post("/{job_id}/cancellation", status_code=202, summary="Cancel a job")
def cancel(job_id: str, platform: PlatformDependency, caller: CallerDependency) -> Job:
    """Cancel the documents that wait; those at work end by themselves. A job that has ended stays as it is."""
    with platform.database.write() as connection:
        cancel_job(connection, job_id, caller)
        return get_job(connection, job_id)


@router.post("/{job_id}/retries", status_code=202, summary="Try failed documents again")
def retry(job_id: str, platform: PlatformDependency, caller: CallerDependency) -> Job:
    """Queue the job's failed documents once more; those whose content was not kept stay failed."""
    with platform.database.write() as connection:
        retry_job(connection, job_id, caller)
        return get_job(connection, job_id)


def _accepted(response: Response, job: Job, created: bool) -> Job:
    response.status_code = 202 if created else 200
    response.headers["Location"] = f"/v1/jobs/{job.id}"
    return job


def _declare(platform: PlatformState, caller: Caller, declaration: JobDeclaration) -> tuple[Job, bool]:
    """Return the declared job and whether it is new."""
    submission = Submission(declaration.reference, declared_sha256(declaration.documents))
    most_queued = platform.settings.max_queued_documents
    return _submit(
        platform,
        submission,
        lambda connection: declare_job(
            connection, submission, declaration.documents, caller, most_queued=most_queued, limits=platform.limits
        ),
    )


def _accept(platform: PlatformState, caller: Caller, reference: str, files: list[Incoming]) -> tuple[Job, bool]:
    """Return the job and whether it is new; bytes are stored before the rows that name them."""
    measured = measure(files)
    submission = Submission(reference, manifest_sha256((file.sha256, file.name) for file in measured))
    with platform.database.read() as connection:
        if same := find_same(connection, submission):
            return get_job(connection, same), False
    received = keep(measured, platform.store, platform.limits, platform.ingest)
    most_queued = platform.settings.max_queued_documents
    return _submit(
        platform,
        submission,
        lambda connection: insert_job(connection, submission, received, caller, most_queued=most_queued),
    )


def _submit(platform: PlatformState, submission: Submission, insert: Callable[[Connection], str]) -> tuple[Job, bool]:
    """Return the job of a submission, inserted unless it is there, and whether it is new."""
    try:
        with platform.database.write() as connection:
            same = find_same(connection, submission)
            return get_job(connection, same or insert(connection)), same is None
    except IntegrityError:
        # On PostgreSQL two callers may submit the same reference at once; the later one finds the earlier's job.
        with platform.database.read() as connection:
            if same := find_same(connection, submission):
                return get_job(connection, same), False
        raise
