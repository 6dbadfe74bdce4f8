"""Documents: read, looked at, reviewed."""

from typing import Annotated, Any
from urllib.parse import quote

from fastapi import APIRouter, Depends, Header, Path, Query, Response

from pigeonhole_api.access import CallerDependency, allow
from pigeonhole_api.auth.callers import Role
from pigeonhole_api.metrics import FEEDBACK
from pigeonhole_api.models import Document, DocumentPage, ReviewRequest
from pigeonhole_api.platform import PlatformDependency, PlatformState
from pigeonhole_api.problems import Refusal, missing
from pigeonhole_api.records.documents import get_document, get_row, review_queue
from pigeonhole_api.records.paging import PageRequest
from pigeonhole_api.records.reviews import decide_document
from pigeonhole_api.routes.parameters import DEFAULT_PAGE_SIZE, PageSize, PageToken

router = APIRouter(tags=["documents"], dependencies=[Depends(allow(Role.USER))])

KEPT = {"Cache-Control": "private, max-age=86400, immutable"}
"""Headers of what never changes: it is found by the hash of its bytes."""

JPEG: dict[int | str, dict[str, Any]] = {200: {"content": {"image/jpeg": {}}}}
"""What OpenAPI says of an image."""


@router.get("/v1/documents/{document_id}", summary="Show a document")
def show(document_id: str, response: Response, platform: PlatformDependency, caller: CallerDependency) -> Document:
    """Return a document with its answer, its review and its entity tag."""
    with platform.database.read() as connection:
        document = get_document(connection, caller.tenant, document_id, platform.signer)
    response.headers["ETag"] = document.etag
    return document


@router.get("/v1/documents/{document_id}/content", summary="Download a document", response_class=Response)
def content(document_id: str, platform: PlatformDependency, caller: CallerDependency) -> Response:
    """Return a document's bytes as they were uploaded."""
    row = _stored(platform, caller.tenant, document_id)
    headers = {
        **KEPT,
        "ETag": f'"{row.sha256}"',
        # Never shown by the browser itself: what people upload must not run as a page of this site.
        "Content-Disposition": f"attachment; filename*=UTF-8''{quote(row.name, safe='')}",
    }
    data = platform.store.document(row.sha256)
    return Response(data, media_type=row.media_type or "application/octet-stream", headers=headers)


@router.get(
    "/v1/documents/{document_id}/pages/{page}",
    summary="Show a page",
    response_class=Response,
    responses=JPEG,
)
def page_image(
    document_id: str,
    page: Annotated[int, Path(ge=1, le=100_000)],
    platform: PlatformDependency,
    caller: CallerDependency,
    long_side: Annotated[int, Query(ge=32, le=10_000, description="Longest side in pixels.")] = 1600,
) -> Response:
    """Return a page, counted from 1, as a JPEG."""
    row = _stored(platform, caller.tenant, document_id)
    if page > (row.pages or 1):
        raise missing("page", str(page))
    side = min(long_side, platform.settings.max_page_pixels)
    return Response(platform.images.page(row.sha256, page, long_side=side), media_type="image/jpeg", headers=KEPT)


@router.patch(
    "/v1/documents/{document_id}/review",
    summary="Decide a document's class",
    dependencies=[Depends(allow(Role.REVIEWER))],
)
def review(
    document_id: str,
    decision: ReviewRequest,
    response: Response,
    platform: PlatformDependency,
    caller: CallerDependency,
    if_match: Annotated[str | None, Header(description="The document's etag as it was read.")] = None,
) -> Document:
    """Accept the model's class or correct it; the document counts as classified from then on."""
    if if_match is None:
        raise Refusal(
            428,
            "precondition-required",
            "The If-Match header is missing.",
            hint="Send the document's etag, so that nobody's decision is overwritten unseen.",
        )
    with platform.database.write() as connection:
        decide_document(connection, document_id, decision, caller, if_match=if_match)
        document = get_document(connection, caller.tenant, document_id, platform.signer)
    if document.prediction is not None:
        model = document.prediction.model
        verdict = "confirmed" if decision.decision == "accepted" else "corrected"
        FEEDBACK.labels(model.name, model.version, verdict).inc()
    response.headers["ETag"] = document.etag
    return document


@router.get("/v1/review-queue", summary="List what waits for a person", dependencies=[Depends(allow(Role.REVIEWER))])
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
        raise Refusal(404, "content-missing", "The file was empty or too large, so its content was not kept.")
    return row
