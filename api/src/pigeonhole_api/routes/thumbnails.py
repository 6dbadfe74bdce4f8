"""Thumbnails: their addresses are signed, so that a browser's image element can load them without the token."""

import time
from typing import Annotated

from fastapi import APIRouter, Depends, Query, Request, Response

from pigeonhole_api.access import BEARER, authenticate, require_role
from pigeonhole_api.auth.callers import Role
from pigeonhole_api.conditions import is_fresh, not_modified
from pigeonhole_api.platform import PlatformDependency, PlatformState
from pigeonhole_api.problems import Refusal
from pigeonhole_api.records.documents import get_row
from pigeonhole_api.records.training_set import example_sha256
from pigeonhole_api.refusals import refuses
from pigeonhole_api.routes.documents import JPEG, KEPT
from pigeonhole_api.routes.parameters import NOT_MODIFIED, IfNoneMatch

_LINK = "The image's address is no longer good."


async def allowed_tenant(
    request: Request,
    platform: PlatformDependency,
    header: Annotated[object, Depends(BEARER)],
    tenant: Annotated[str, Query(max_length=64)] = "",
    expires: Annotated[str, Query(max_length=20)] = "",
    signature: Annotated[str, Query(max_length=100)] = "",
) -> str:
    """Return the tenant of a signed address, or of the caller when it is not signed.

    Raises:
        Refusal: 401 `unauthorized`, 403 `link-expired` or `forbidden`.
    """
    if signature:
        if not platform.signer.allows(request.url.path, tenant, expires, signature, time.time()):
            raise Refusal("link-expired", _LINK, hint="Load the list again.")
        return tenant
    caller = await authenticate(request, header)
    require_role(caller, Role.USER)
    return caller.tenant


router = APIRouter(tags=["images"])
_Tenant = Annotated[str, Depends(allowed_tenant)]


@router.get(
    "/v1/documents/{document_id}/thumbnail",
    summary="Show a thumbnail",
    response_class=Response,
    responses={
        **JPEG,
        **NOT_MODIFIED,
        **refuses("link-expired", "document-missing", "content-missing", "not-drawable", "storage-unavailable"),
    },
)
def document_thumbnail(
    document_id: str, platform: PlatformDependency, owner: _Tenant, if_none_match: IfNoneMatch = None
) -> Response:
    """Return a document's first page as a small JPEG."""
    with platform.database.read() as connection:
        row = get_row(connection, owner, document_id)
    if not row.stored:
        raise Refusal("content-missing", "The file was empty or too large, so its content was not kept.")
    return _answer(platform, row.sha256, if_none_match)


@router.get(
    "/v1/examples/{example_id}/thumbnail",
    summary="Show a thumbnail",
    response_class=Response,
    responses={
        **JPEG,
        **NOT_MODIFIED,
        **refuses("link-expired", "example-missing", "content-missing", "not-drawable", "storage-unavailable"),
    },
)
def example_thumbnail(
    example_id: str, platform: PlatformDependency, owner: _Tenant, if_none_match: IfNoneMatch = None
) -> Response:
    """Return an example's first page as a small JPEG."""
    with platform.database.read() as connection:
        sha256 = example_sha256(connection, owner, example_id)
    return _answer(platform, sha256, if_none_match)


def _answer(platform: PlatformState, sha256: str, if_none_match: str | None) -> Response:
    side = platform.settings.thumbnail_pixels
    headers = {**KEPT, "ETag": f'"{sha256}-{side}"'}
    if is_fresh(headers["ETag"], if_none_match):
        return not_modified(headers)
    return Response(platform.images.thumbnail(sha256, long_side=side), media_type="image/jpeg", headers=headers)
