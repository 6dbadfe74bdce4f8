"""What a request's conditions ask for: a fresh copy or none, and all bytes or some (RFC 9110, 13 and 14)."""

import hashlib
import re
from collections.abc import Mapping

from starlette.responses import Response

from pigeonhole_api.models import Job
from pigeonhole_api.problems import Refusal

_TAG = re.compile(r'(?:W/)?"[^"]*"')
_RANGE = re.compile(r"bytes=([0-9]{0,18})-([0-9]{0,18})", re.ASCII)


def job_tag(job: Job) -> str:
    """Return the entity tag of a job's state; a weak one, since the guess of its end is not part of that."""
    shown = job.model_dump_json(exclude={"eta_seconds"})
    return f'W/"{hashlib.sha256(shown.encode()).hexdigest()[:32]}"'


def is_fresh(tag: str, if_none_match: str | None) -> bool:
    """Tell whether the caller has what a tag stands for already."""
    if if_none_match is None:
        return False
    known = {each.removeprefix("W/") for each in _TAG.findall(if_none_match)}
    return if_none_match.strip() == "*" or tag.removeprefix("W/") in known


def not_modified(headers: Mapping[str, str]) -> Response:
    """Return the answer for a caller who has everything already."""
    return Response(status_code=304, headers=headers)


def wanted_range(given: str | None, if_range: str | None, *, tag: str, size: int) -> tuple[int, int] | None:
    """Return the first byte of a range and the one after its last, or None for all of them.

    All are sent, too, to who asks for several ranges at once, for another unit, or for the rest of what has changed.

    Raises:
        Refusal: 416 `range-not-satisfiable`.
    """
    found = _RANGE.fullmatch(given.strip()) if given and if_range in (None, tag) else None
    if found is None or found.group(0) == "bytes=-":
        return None
    first, last = found.groups()
    if first and last and int(last) < int(first):
        return None
    start = int(first) if first else max(0, size - int(last))
    end = min(size, int(last) + 1) if first and last else size
    if start >= end:
        raise Refusal(
            "range-not-satisfiable",
            f"The document has {size:,} bytes, and none in this range.",
            headers={"Content-Range": f"bytes */{size}"},
        )
    return start, end
