"""Contents of declared documents that clients send to the storage themselves."""

from datetime import UTC, datetime, timedelta

from fastapi import APIRouter, Depends

from pigeonhole_api import direct_uploads
from pigeonhole_api.access import CallerDependency, allow
from pigeonhole_api.auth.callers import Role
from pigeonhole_api.models import (
    Arrivals,
    ArrivalsRequest,
    Document,
    RefusedArrival,
    UploadUrl,
    UploadUrls,
    UploadUrlsRequest,
)
from pigeonhole_api.platform import PlatformDependency
from pigeonhole_api.problems import Refusal
from pigeonhole_api.records.uploads import Slot, find_slots
from pigeonhole_api.refusals import JOB_REFUSALS, refuses

router = APIRouter(prefix="/v1/jobs", tags=["jobs"], dependencies=[Depends(allow(Role.USER))])


@router.post(
    "/{job_id}/upload-urls",
    summary="Get addresses for uploads to the storage",
    responses=refuses(
        *JOB_REFUSALS, "document-missing", "presigning-unsupported", "declaration-incomplete", "storage-unavailable"
    ),
)
def make_upload_urls(
    job_id: str, wanted: UploadUrlsRequest, platform: PlatformDependency, caller: CallerDependency
) -> UploadUrls:
    """Return a presigned address for each of the named documents that waits; size and sha256 must be declared.

    Each takes the bytes that were declared, once or again, and no others, until it expires. What was put there is a
    document only when its arrival was told. Where the storage is not S3 this is refused: 409 `presigning-unsupported`.
    """
    storage = direct_uploads.direct_storage(platform.store.storage)
    with platform.database.read() as connection:
        slots = find_slots(connection, caller.tenant, job_id, wanted.names)
    seconds = platform.settings.upload_url_seconds
    expires_at = datetime.now(UTC) + timedelta(seconds=seconds)
    uploads = [
        UploadUrl(name=slot.name, document_id=slot.document_id, url=put.url, headers=dict(put.headers))
        for slot, put in direct_uploads.presign(storage, slots, seconds=seconds)
    ]
    return UploadUrls(uploads=uploads, expires_at=expires_at)


@router.post(
    "/{job_id}/arrivals",
    summary="Tell that documents have been sent to the storage",
    responses=refuses(
        *JOB_REFUSALS, "document-missing", "presigning-unsupported", "storage-unavailable", "storage-full"
    ),
)
def take_arrivals(
    job_id: str, wanted: ArrivalsRequest, platform: PlatformDependency, caller: CallerDependency
) -> Arrivals:
    """Take the named documents from where they were put: each is verified, kept and queued, as an upload is.

    A document that is missing there, or has other bytes than were declared, is named with a reason, and goes on
    waiting. The same call again is harmless.
    """
    storage = direct_uploads.direct_storage(platform.store.storage)
    with platform.database.read() as connection:
        slots = find_slots(connection, caller.tenant, job_id, wanted.names)

    def take(slot: Slot) -> Document | RefusedArrival:
        try:
            return direct_uploads.take(platform, storage, slot)
        except Refusal as refusal:
            return RefusedArrival(name=slot.name, code=refusal.code, detail=refusal.message)

    taken = list(platform.ingest.map(take, slots))
    return Arrivals(
        documents=[each for each in taken if isinstance(each, Document)],
        refused=[each for each in taken if isinstance(each, RefusedArrival)],
    )
