"""Documents: read, looked at, reviewed."""

from typing import Annotated, Any
from urllib.parse import quote

from fastapi import APIRouter, Depends, Header, Path, Query, Response
from fastapi.responses import StreamingResponse

from pigeonhole_api.access import CallerDependency, allow
from pigeonhole_api.auth.callers import Role
from pigeonhole_api.conditions import is_fresh, not_modified, wanted_range
from pigeonhole_api.metrics import FEEDBACK
from pigeonhole_api.models import Document, DocumentPage, ReviewHistory, ReviewRequest
from pigeonhole_api.platform import PlatformDependency, PlatformState
from pigeonhole_api.problems import Refusal, missing
from pigeonhole_api.records.documents import get_document, get_row, review_queue
from pigeonhole_api.records.paging import PageRequest
from pigeonhole_api.records.reviews import decide_document, list_reviews
from pigeonhole_api.refusals import refuses
from pigeonhole_api.routes.parameters import (
    DEFAULT_PAGE_SIZE,
    NOT_MODIFIED,
    IfMatch,
    IfNoneMatch,
    PageSize,
    PageToken,
    required_etag,
)

router = APIRouter(tags=["documents"], dependencies=[Depends(allow(Role.USER))])

KEPT = {"Cache-Control": "private, max-age=86400, immutable"}
"""Headers of what never changes: it is found by the hash of its bytes."""

JPEG: dict[int | str, dict[str, Any]] = {200: {"content": {"image/jpeg": {}}}}
"""What OpenAPI says of an image."""


@router.get(
    "/v1/documents/{document_id}",
    summary="Show a document",
    response_model=Document,
    responses={**NOT_MODIFIED, **refuses("document-missing")},
)
def show(
    document_id: str,
    response: Response,
    platform: PlatformDependency,
    caller: CallerDependency,
    if_none_match: IfNoneMatch = None,
) -> Document | Response:
    """Return a document with its answer, its review and its entity tag.

    That does not cover `thumbnail_url`, which is another one from time to time.
    """
    with platform.database.read() as connection:
        document = get_document(connection, caller.tenant, document_id, platform.signer)
    headers = {"ETag": document.etag}
    if is_fresh(document.etag, if_none_match):
        return not_modified(headers)
    response.headers.update(headers)
    return document


@router.get(
    "/v1/documents/{document_id}/content",
    summary="Download a document",
    response_class=Response,
    responses={
        206: {"description": "The range that was asked for."},
        **NOT_MODIFIED,
        **refuses("document-missing", "content-missing", "range-not-satisfiable", "storage-unavailable"),
    },
)
def content(
    document_id: str,
    platform: PlatformDependency,
    caller: CallerDependency,
    if_none_match: IfNoneMatch = None,
    byte_range: Annotated[str | None, Header(alias="Range", max_length=1000, examples=["bytes=0-1023"])] = None,
    if_range: Annotated[
        str | None, Header(max_length=200, description="The entity tag of what is to be gone on with.")
    ] = None,
) -> Response:
    """Return a document's bytes as they were uploaded, or one range of them."""
    row = _stored(platform, caller.tenant, document_id)
    headers = {
        **KEPT,
        "ETag": f'"{row.sha256}"',
        "Accept-Ranges": "bytes",
        # Never shown by the browser itself: what people upload must not run as a page of this site.
        "Content-Disposition": f"attachment; filename*=UTF-8''{quote(row.name, safe='')}",
    }
    if is_fresh(headers["ETag"], if_none_match):
        return not_modified(headers)
    wanted = wanted_range(byte_range, if_range, tag=headers["ETag"], size=row.size)
    start, end = wanted or (0, row.size)
    headers["Content-Length"] = str(end - start)
    if wanted:
        headers["Content-Range"] = f"bytes {start}-{end - 1}/{row.size}"
    blocks = platform.store.document_blocks(row.sha256, *(wanted or ()))
    media_type = row.media_type or "application/octet-stream"
    return StreamingResponse(blocks, 206 if wanted else 200, headers, media_type)


@router.get(
    "/v1/documents/{document_id}/pages/{page}",
    summary="Show a page",
    response_class=Response,
    responses={
        **JPEG,
        **NOT_MODIFIED,
        **refuses("document-missing", "page-missing", "content-missing", "not-drawable", "storage-unavailable"),
    },
)
def page_image(
    document_id: str,
    page: Annotated[int, Path(ge=1, le=100_000)],
    platform: PlatformDependency,
    caller: CallerDependency,
    long_side: Annotated[int, Query(ge=32, le=10_000, description="Longest side in pixels.")] = 1600,
    if_none_match: IfNoneMatch = None,
) -> Response:
    """Return a page, counted from 1, as a JPEG."""
    row = _stored(platform, caller.tenant, document_id)
    if page > (row.pages or 1):
        raise missing("page", str(page))
    side = min(long_side, platform.settings.max_page_pixels)
    headers = {**KEPT, "ETag": f'"{row.sha256}-{page}-{side}"'}
    if is_fresh(headers["ETag"], if_none_match):
        return not_modified(headers)
    return Response(platform.images.page(row.sha256, page, long_side=side), media_type="image/jpeg", headers=headers)


@router.patch(
    "/v1/documents/{document_id}/review",
    summary="Decide a document's class",
    dependencies=[Depends(allow(Role.REVIEWER))],
    responses=refuses(
        "document-missing",
        "not-reviewable",
        "document-changed",
        "decision-contradicts",
        "unknown-class",
        "precondition-required",
        "storage-full",
    ),
)
def review(
    document_id: str,
    decision: ReviewRequest,
    response: Response,
    platform: PlatformDependency,
    caller: CallerDependency,
    if_match: IfMatch = None,
) -> Document:
    """Accept the model's class or correct it; the document counts as classified from then on."""
    etag = required_etag(if_match)
    with platform.database.write() as connection:
        decide_document(connection, document_id, decision, caller, if_match=etag)
        document = get_document(connection, caller.tenant, document_id, platform.signer)
    if document.prediction is not None:
        model = document.prediction.model
        verdict = "confirmed" if decision.decision == "accepted" else "corrected"
        FEEDBACK.labels(model.name, model.version, verdict).inc()
    response.headers["ETag"] = document.etag
    return document


@router.get(
    "/v1/documents/{document_id}/reviews",
    summary="List the decisions about a document",
    responses=refuses("document-missing"),
)
def list_decisions(document_id: str, platform: PlatformDependency, caller: CallerDependency) -> ReviewHistory:
    """Return all decisions about a document, open and blind, the oldest first."""
    with platform.database.read() as connection:
        return list_reviews(connection, caller.tenant, document_id)


@router.get(
    "/v1/review-queue",
    summary="List what waits for a person",
    dependencies=[Depends(allow(Role.REVIEWER))],
    responses=refuses("page-token-invalid"),
)
def list_review_queue(
    platform: PlatformDependency,
    caller: CallerDependency,
    page_size: PageSize = DEFAULT_PAGE_SIZE,
    page_token: PageToken = None,
) -> DocumentPage:
    """Return a page of the documents of all jobs that need a review: without a score first, then least confident."""
    with platform.database.read() as connection:
        request = PageRequest(f"review-queue/{caller.tenant}", page_size, page_token)
        return review_queue(connection, caller.tenant, request, platform.signer)


def _stored(platform: PlatformState, tenant: str, document_id: str) -> Any:
    with platform.database.read() as connection:
        row = get_row(connection, tenant, document_id)
    if not row.stored:
        raise Refusal("content-missing", "The file was empty or too large, so its content was not kept.")
    return row
