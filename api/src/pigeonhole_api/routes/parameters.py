"""Parameters that several operations have."""

from typing import Annotated, Any

from fastapi import Header, Path, Query

from pigeonhole_api.problems import Refusal

PageSize = Annotated[int, Query(ge=1, le=500, description="Most rows of a page.")]
IfMatch = Annotated[str | None, Header(description="The document's etag as it was read.")]
PageToken = Annotated[str | None, Query(max_length=500, description="The next_page_token of the page before.")]
ClassName = Annotated[
    str,
    Path(
        min_length=1,
        max_length=64,
        pattern=r"^[^\s/\x00-\x1f\x7f]([^/\x00-\x1f\x7f]*[^\s/\x00-\x1f\x7f])?$",
        description="The class, without slashes and without spaces at its ends.",
    ),
]

IfNoneMatch = Annotated[str | None, Header(max_length=1000, description="Entity tags of what the caller has.")]
NOT_MODIFIED: dict[int | str, dict[str, Any]] = {304: {"description": "The caller has it already."}}

DEFAULT_PAGE_SIZE = 50


def required_etag(if_match: str | None) -> str:
    """Return the entity tag of what a caller decides on.

    Raises:
        Refusal: 428 `precondition-required`.
    """
    if if_match is None:
        raise Refusal(
            "precondition-required",
            "The If-Match header is missing.",
            hint="Send the document's etag, so that nobody's decision is overwritten unseen.",
        )
    return if_match
