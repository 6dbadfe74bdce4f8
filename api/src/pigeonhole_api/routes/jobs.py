"""Jobs: submitted, listed, watched, cancelled, retried."""

from collections.abc import Callable
from typing import Annotated

from fastapi import APIRouter, Depends, Query, Request, Response
from fastapi.concurrency import run_in_threadpool
from sqlalchemy import Connection
from sqlalchemy.exc import IntegrityError

from pigeonhole_api.access import CallerDependency, allow, require_role
from pigeonhole_api.auth.callers import Caller, Role
from pigeonhole_api.conditions import is_fresh, job_tag, not_modified
from pigeonhole_api.intake.manifests import declared_sha256, manifest_sha256
from pigeonhole_api.intake.received import Incoming, keep, measure
from pigeonhole_api.models import (
    DocumentOrder,
    DocumentPage,
    DocumentState,
    Job,
    JobDeclaration,
    JobDeletion,
    JobPage,
    JobState,
    ReviewFilter,
)
from pigeonhole_api.platform import PlatformDependency, PlatformState
from pigeonhole_api.records.deletions import delete_job
from pigeonhole_api.records.documents import list_documents
from pigeonhole_api.records.job_changes import cancel_job, retry_job
from pigeonhole_api.records.jobs import get_job, list_jobs
from pigeonhole_api.records.paging import PageRequest
from pigeonhole_api.records.submissions import Submission, find_same, insert_job
from pigeonhole_api.records.uploads import declare_job
from pigeonhole_api.refusals import JOB_REFUSALS, UPLOAD_REFUSALS, refuses
from pigeonhole_api.routes.parameters import DEFAULT_PAGE_SIZE, NOT_MODIFIED, IfNoneMatch, PageSize, PageToken
from pigeonhole_api.routes.uploads import declaration_of, job_body, received_upload, reference_of

router = APIRouter(prefix="/v1/jobs", tags=["jobs"], dependencies=[Depends(allow(Role.USER))])


@router.post(
    "",
    status_code=202,
    summary="Submit files as a job",
    openapi_extra=job_body(),
    responses={
        200: {"model": Job, "description": "The same job was submitted before."},
        **refuses(
            *UPLOAD_REFUSALS,
            "reference-conflict",
            "reference-invalid",
            "too-many-documents",
            "name-invalid",
            "queue-full",
        ),
    },
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
        return _accepted(response, platform.shown(job, caller), created)
    async with received_upload(request, platform.settings.files_per_upload, platform.space) as upload:
        reference = reference_of(upload)
        job, created = await run_in_threadpool(_accept, platform, caller, reference, upload.files)
    return _accepted(response, platform.shown(job, caller), created)


@router.get("", summary="List jobs", responses=refuses("page-token-invalid"))
def list_all(
    platform: PlatformDependency,
    caller: CallerDependency,
    reference: Annotated[str | None, Query(max_length=200)] = None,
    state: JobState | None = None,
    page_size: PageSize = DEFAULT_PAGE_SIZE,
    page_token: PageToken = None,
) -> JobPage:
    """Return a page of jobs, the newest first."""
    request = PageRequest(f"jobs/{caller.tenant}/{reference}/{state}", page_size, page_token)
    with platform.database.read() as connection:
        page = list_jobs(connection, caller.tenant, request, platform.signer, reference=reference, state=state)
    return page.model_copy(update={"jobs": [platform.shown(job, caller) for job in page.jobs]})


@router.get("/{job_id}", summary="Show a job", response_model=Job, responses={**NOT_MODIFIED, **refuses(*JOB_REFUSALS)})
def show(
    job_id: str,
    response: Response,
    platform: PlatformDependency,
    caller: CallerDependency,
    if_none_match: IfNoneMatch = None,
) -> Job | Response:
    """Return a job with the counts of its documents; `Retry-After` says when to look again."""
    with platform.database.read() as connection:
        job = platform.shown(get_job(connection, caller.tenant, job_id), caller)
    headers = {"ETag": job_tag(job)}
    if job.finished_at is None:
        headers["Retry-After"] = "1"
    if is_fresh(headers["ETag"], if_none_match):
        return not_modified(headers)
    response.headers.update(headers)
    return job


@router.get(
    "/{job_id}/documents", summary="List a job's documents", responses=refuses(*JOB_REFUSALS, "page-token-invalid")
)
def list_job_documents(
    job_id: str,
    platform: PlatformDependency,
    caller: CallerDependency,
    state: DocumentState | None = None,
    review: ReviewFilter | None = None,
    sort: DocumentOrder = "upload",
    page_size: PageSize = DEFAULT_PAGE_SIZE,
    page_token: PageToken = None,
) -> DocumentPage:
    """Return a page of a job's documents in the order of their upload, or by `confidence` the least sure first."""
    request = PageRequest(f"documents/{job_id}/{state}/{review}/{sort}", page_size, page_token)
    with platform.database.read() as connection:
        return list_documents(
            connection, caller.tenant, request, platform.signer, job_id=job_id, state=state, review=review, sort=sort
        )


@router.post(
    "/{job_id}/cancellation", status_code=202, summary="Cancel a job", responses=refuses(*JOB_REFUSALS, "storage-full")
)
def cancel(job_id: str, platform: PlatformDependency, caller: CallerDependency) -> Job:
    """Cancel the documents that wait; those at work end by themselves. A job that has ended stays as it is."""
    with platform.database.write() as connection:
        cancel_job(connection, job_id, caller)
        return platform.shown(get_job(connection, caller.tenant, job_id), caller)


@router.post(
    "/{job_id}/retries",
    status_code=202,
    summary="Try failed documents again",
    responses=refuses(*JOB_REFUSALS, "storage-full"),
)
def retry(job_id: str, platform: PlatformDependency, caller: CallerDependency) -> Job:
    """Queue the job's failed documents once more; those whose content was not kept stay failed."""
    with platform.database.write() as connection:
        retry_job(connection, job_id, caller)
        return platform.shown(get_job(connection, caller.tenant, job_id), caller)


@router.delete(
    "/{job_id}",
    status_code=202,
    summary="Delete a job",
    responses=refuses(*JOB_REFUSALS, "in-training-set", "storage-full"),
)
def delete(
    job_id: str,
    platform: PlatformDependency,
    caller: CallerDependency,
    force: Annotated[bool, Query(description="Erase copies in the training set, too; for admins.")] = False,
) -> JobDeletion:
    """Delete a job with its documents, answers and decisions, now; the contents leave the storage soon after.

    A job whose documents the training set has copies of is refused (409 `in-training-set`, each copy is named) unless
    it is forced. What stays is a row without names, and the audit trail.
    """
    if force:
        require_role(caller, Role.ADMIN)
    grace = platform.settings.removal_grace_seconds
    with platform.database.write() as connection:
        documents, erased = delete_job(connection, job_id, caller, force=force, grace=grace)
    return JobDeletion(job_id=job_id, documents=documents, examples_erased=erased, contents_removed_in_seconds=grace)


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
        caller,
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
        if same := find_same(connection, caller.tenant, submission):
            return get_job(connection, caller.tenant, same), False
    platform.hold_contents([file.sha256 for file in measured])
    received = keep(measured, platform.store, platform.limits, platform.ingest)
    most_queued = platform.settings.max_queued_documents
    return _submit(
        platform,
        caller,
        submission,
        lambda connection: insert_job(connection, submission, received, caller, most_queued=most_queued),
    )


def _submit(
    platform: PlatformState, caller: Caller, submission: Submission, insert: Callable[[Connection], str]
) -> tuple[Job, bool]:
    """Return the job of a submission, inserted unless it is there, and whether it is new."""
    try:
        with platform.database.write() as connection:
            same = find_same(connection, caller.tenant, submission)
            return get_job(connection, caller.tenant, same or insert(connection)), same is None
    except IntegrityError:
        # On PostgreSQL two callers may submit the same reference at once; the later one finds the earlier's job.
        with platform.database.read() as connection:
            if same := find_same(connection, caller.tenant, submission):
                return get_job(connection, caller.tenant, same), False
        raise
