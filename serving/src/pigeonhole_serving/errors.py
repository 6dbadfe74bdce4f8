"""Every failure that a caller can meet: its status, its reason and the one body it is answered with."""

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from enum import StrEnum
from typing import Any

from pigeonhole.errors import PigeonholeError


class Reason(StrEnum):
    """The reasons a request fails for; a refused document brings its own (`RefusalReason`)."""

    MALFORMED = "malformed"
    TOO_LARGE = "too-large"
    UNKNOWN_MODEL = "unknown-model"
    NOT_FOUND = "not-found"
    METHOD_NOT_ALLOWED = "method-not-allowed"
    NOT_SUPPORTED = "not-supported"
    OVERLOADED = "overloaded"
    PREDICTOR_UNAVAILABLE = "predictor-unavailable"
    NOT_READY = "not-ready"
    TIMEOUT = "timeout"
    INTERNAL = "internal"


_STATUS = {
    Reason.MALFORMED: 400,
    Reason.TOO_LARGE: 413,
    Reason.UNKNOWN_MODEL: 404,
    Reason.NOT_FOUND: 404,
    Reason.METHOD_NOT_ALLOWED: 405,
    Reason.NOT_SUPPORTED: 501,
    Reason.OVERLOADED: 503,
    Reason.PREDICTOR_UNAVAILABLE: 503,
    Reason.NOT_READY: 503,
    Reason.TIMEOUT: 504,
    Reason.INTERNAL: 500,
}
DOCUMENT_REFUSED = 422


@dataclass(frozen=True)
class FieldError:
    """A field of the request, why it is wrong, and one sentence about it that quotes no content."""

    field: str
    reason: str
    detail: str


class ServingError(PigeonholeError):
    """A request that gets an error; `str(error)` is fit for the caller; `allow` names the methods to use instead."""

    def __init__(
        self, message: str, *, reason: str, status: int, errors: Sequence[FieldError] = (), allow: str = ""
    ) -> None:
        super().__init__(message, code=reason)
        self.reason = reason
        self.status = status
        self.errors = tuple(errors)
        self.allow = allow

    @property
    def asks_to_retry(self) -> bool:
        """Tell whether the same request may succeed a moment later."""
        return self.status == 503


def failure(reason: Reason, message: str, *, allow: str = "") -> ServingError:
    """Return the error of a request as a whole."""
    return ServingError(message, reason=reason.value, status=_STATUS[reason], allow=allow)


def overloaded() -> ServingError:
    """Return the error of a request for which there is no room now."""
    return failure(Reason.OVERLOADED, "The server is busy; send the request again later.")


def malformed(errors: Sequence[FieldError]) -> ServingError:
    """Return the error of a request whose fields are missing or of a wrong type; the first one gives the sentence."""
    first = errors[0]
    message = f"{first.field}: {first.detail}"
    return ServingError(message, reason=Reason.MALFORMED.value, status=_STATUS[Reason.MALFORMED], errors=errors)


def malformed_field(field: str, detail: str) -> ServingError:
    """Return the error of a request with one wrong field."""
    return malformed([FieldError(field, Reason.MALFORMED.value, detail)])


def documents_refused(errors: Sequence[FieldError]) -> ServingError:
    """Return the error of a request with documents that cannot be read; the first one gives reason and sentence."""
    first = errors[0]
    return ServingError(first.detail, reason=first.reason, status=DOCUMENT_REFUSED, errors=errors)


def error_body(error: ServingError, request_id: str) -> dict[str, Any]:
    """Return the JSON body of an error."""
    return {
        "error": error.message,
        "reason": error.reason,
        "request_id": request_id,
        "errors": [asdict(field_error) for field_error in error.errors],
    }
