"""lightkube's exceptions as ours."""

from collections.abc import Iterator
from contextlib import contextmanager
from http import HTTPStatus
from typing import Any

import httpx2
import msgspec
from lightkube import ApiError
from lightkube.core.exceptions import ConfigError

from pigeonhole_operator.cluster.errors import (
    AlreadyExists,
    ClusterError,
    Conflict,
    FieldConflict,
    Forbidden,
    Invalid,
    NotFound,
    Unreachable,
)

_CAUSE = "FieldManagerConflict"
_UNDECLARED = "field not declared in schema"
"""Said with a 500 to who applies a field that the CRD does not know."""
_BY_STATUS: dict[int, type[ClusterError]] = {
    HTTPStatus.UNAUTHORIZED: Forbidden,
    HTTPStatus.FORBIDDEN: Forbidden,
    HTTPStatus.NOT_FOUND: NotFound,
    HTTPStatus.GONE: NotFound,
    HTTPStatus.CONFLICT: Conflict,
    HTTPStatus.BAD_REQUEST: Invalid,
    HTTPStatus.METHOD_NOT_ALLOWED: Invalid,
    HTTPStatus.REQUEST_ENTITY_TOO_LARGE: Invalid,
    HTTPStatus.UNSUPPORTED_MEDIA_TYPE: Invalid,
    HTTPStatus.UNPROCESSABLE_ENTITY: Invalid,
}


@contextmanager
def translated() -> Iterator[None]:
    """Raise a ClusterError for whatever lightkube raises in the block."""
    try:
        yield
    except ApiError as error:
        raise answered(error) from error
    except TimeoutError as error:
        raise Unreachable("The API server did not answer in time.") from error
    except httpx2.HTTPStatusError as error:
        raise Unreachable(f"The API server answered {error.response.status_code} without a status.") from error
    except httpx2.HTTPError as error:
        raise Unreachable(f"The API server cannot be reached: {type(error).__name__}.") from error
    except ConfigError as error:
        raise Forbidden("The service account's token cannot be read.") from error
    # lightkube looks for a Content-Type without asking whether there is one.
    except (msgspec.MsgspecError, KeyError) as error:
        raise Unreachable("The API server's answer cannot be read.") from error


def answered(error: ApiError) -> ClusterError:
    """Return what an error answer of the API server means."""
    status = error.status
    message = status.message or "The API server gave no reason."
    code = status.code or 0
    if status.reason == "AlreadyExists":
        return AlreadyExists(message)
    if code == HTTPStatus.CONFLICT and (managers := _managers(status)):
        return FieldConflict(message, managers)
    if (kind := _BY_STATUS.get(code)) is not None:
        return kind(message)
    if _UNDECLARED in message:
        return Invalid(f"The CRDs are older than the operator: {message}")
    return Unreachable(f"The API server answered {code}: {message}")


def _managers(status: Any) -> tuple[str, ...]:
    """Return who has the fields of a conflict, as the causes name them: `conflict with "NAME" using VERSION`."""
    causes = (status.details.causes or ()) if status.details else ()
    names = [cause.message.split('"')[1] for cause in causes if cause.reason == _CAUSE and '"' in (cause.message or "")]
    return tuple(dict.fromkeys(names))
