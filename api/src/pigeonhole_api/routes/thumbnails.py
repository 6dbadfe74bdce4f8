"""Thumbnails: their addresses are signed, so that a browser's image element can load them without the token."""

import time
from typing import Annotated

from fastapi import APIRouter, Depends, Query, Request, Response
from fastapi.security import HTTPAuthorizationCredentials, HTTPBearer

from pigeonhole_api.access import authenticate
from pigeonhole_api.platform import PlatformDependency, PlatformState
from pigeonhole_api.problems import Refusal
from pigeonhole_api.records.documents import get_row
from pigeonhole_api.records.training_set import example_sha256
from pigeonhole_api.routes.documents import JPEG, KEPT

_bearer = HTTPBearer(auto_error=False)


def allow_signed(
    request: Request,
    platform: PlatformDependency,
    credentials: Annotated[HTTPAuthorizationCredentials | None, Depends(_bearer)],
    expires: Annotated[str, Query(max_length=20)] = "",
    signature: Annotated[str, Query(max_length=100)] = "",
) -> None:
    """Let a signed address pass, or the token's holder.

    Raises:
        Refusal: 401 `unauthorized`, 403 `link-expired`.
    """
    if not signature:
        authenticate(request, platform, credentials)
    elif not platform.signer.allows(request.url.path, expires, signature, time.time()):
        raise Refusal(403, "link-expired", "The image's address is no longer good.", hint="Load the list again.")


router = APIRouter(tags=["images"], dependencies=[Depends(allow_signed)])


@router.get(
    "/v1/documents/{document_id}/thumbnail", summary="Show a thumbnail", response_class=Response, responses=JPEG
)
def document_thumbnail(document_id: str, platform: PlatformDependency) -> Response:
    """Return a document's first page as a small JPEG."""
    with platform.database.read() as connection:
        row = get_row(connection, document_id)
    if not row.stored:
        raise Refusal(404, "content-missing", "The file was empty or too large, so its content was not kept.")
    return _answer(platform, row.sha256)


@router.get("/v1/examples/{example_id}/thumbnail", summary="Show a thumbnail", response_class=Response, responses=JPEG)
def example_thumbnail(example_id: str, platform: PlatformDependency) -> Response:
    """Return an example's first page as a small JPEG."""
    with platform.database.read() as connection:
        sha256 = example_sha256(connection, example_id)
    return _answer(platform, sha256)


def _answer(platform: PlatformState, sha256: str) -> Response:
    jpeg = platform.images.thumbnail(sha256, long_side=platform.settings.thumbnail_pixels)
    return Response(jpeg, media_type="image/jpeg", headers=KEPT)
