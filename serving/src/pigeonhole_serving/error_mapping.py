"""Which error of ours stands for each exception of kserve, FastAPI and Starlette; their own texts stay here."""

from collections.abc import Sequence
from typing import Any

from fastapi.exceptions import RequestValidationError
from kserve.errors import InvalidInput, ModelNotFound, ModelNotReady, ServerNotReady, UnsupportedProtocol
from starlette.exceptions import HTTPException

from pigeonhole_serving.errors import FieldError, Reason, ServingError, failure, malformed, malformed_field

MAPPED_EXCEPTIONS: tuple[type[Exception], ...] = (
    ServingError,
    RequestValidationError,
    HTTPException,
    InvalidInput,
    ModelNotFound,
    ModelNotReady,
    ServerNotReady,
    UnsupportedProtocol,
    NotImplementedError,
)
_HTTP_REASONS = {
    404: (Reason.NOT_FOUND, "There is nothing at this address."),
    405: (Reason.METHOD_NOT_ALLOWED, "This address does not take this method."),
}


def serving_error(error: Exception) -> ServingError:
    """Return the error that a caller sees for an exception of `MAPPED_EXCEPTIONS`, or the one for a fault of ours."""
    if isinstance(error, ServingError):
        return error
    if isinstance(error, RequestValidationError):
        return _invalid_fields(error.errors())
    if isinstance(error, HTTPException):
        return _http_error(error)
    if isinstance(error, InvalidInput):
        return malformed_field("body", "The body is not JSON of the V1 or V2 inference protocol.")
    if isinstance(error, ModelNotFound):
        return failure(Reason.UNKNOWN_MODEL, "No model of this name is served here.")
    if isinstance(error, ModelNotReady | ServerNotReady):
        return failure(Reason.NOT_READY, "The server is not ready; /readyz says why.")
    if isinstance(error, NotImplementedError | UnsupportedProtocol):
        return failure(Reason.NOT_SUPPORTED, "This operation is not supported.")
    return failure(Reason.INTERNAL, "The server has a fault.")


def _http_error(error: HTTPException) -> ServingError:
    if error.status_code in _HTTP_REASONS:
        return failure(*_HTTP_REASONS[error.status_code], allow=(error.headers or {}).get("Allow", ""))
    if 400 <= error.status_code < 500:
        return malformed_field("body", "The request cannot be understood.")
    return failure(Reason.INTERNAL, "The server has a fault.")


def _invalid_fields(errors: Sequence[dict[str, Any]]) -> ServingError:
    # FastAPI tries each kind of body in turn; what it says of the JSON one is of use, its echo of the input is not.
    fields = {_field(error["loc"]): str(error["type"]) for error in errors if "bytes" not in error["loc"]}
    if not fields or "json_invalid" in fields.values():
        return malformed_field("body", "The body is not JSON of the V2 inference protocol.")
    return malformed(
        [
            FieldError(field, Reason.MALFORMED.value, f"The field is {_PROBLEMS.get(kind, 'wrong')}.")
            for field, kind in fields.items()
        ]
    )


_FIELDS = ("id", "parameters", "inputs", "outputs", "name", "datatype", "shape", "data", "reasons", "explain")
_PROBLEMS = {"missing": "missing", "list_type": "not a list", "string_type": "not a string", "int_type": "not a number"}


def _field(location: Sequence[str | int]) -> str:
    field = ""
    for part in location:
        if part in ("body", "InferenceRequest"):
            continue
        if isinstance(part, str) and part not in _FIELDS:
            # A key that the caller chose is content, and what follows is the kinds of value that were tried.
            break
        field += f"[{part}]" if isinstance(part, int) else f".{part}" if field else part
    return field or "body"
