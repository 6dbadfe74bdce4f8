"""What a transformer's answer means for a document: a pure decision."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from pydantic import BaseModel, ConfigDict, ValidationError

from pigeonhole.documents import RefusalReason
from pigeonhole_api.models import Prediction

PROCESSING_FAILED = "processing-failed"

_BUSY = {429, 502, 503}
_OK, _NOT_FOUND, _UNPROCESSABLE, _GATEWAY_TIMEOUT = 200, 404, 422, 504
_REASONS = {reason.value for reason in RefusalReason}
_LONGEST_WAIT = 60.0


@dataclass(frozen=True)
class Answered:
    """The model has answered."""

    prediction: Prediction


@dataclass(frozen=True)
class Refused:
    """The document cannot be read, today or tomorrow."""

    reason: str
    detail: str


@dataclass(frozen=True)
class Failed:
    """The attempt failed, and the document may be what made it fail."""

    reason: str
    detail: str


@dataclass(frozen=True)
class Unavailable:
    """Nobody answers now, which is not the document's fault; `retry_after` is in seconds when it was told."""

    retry_after: float | None = None


Outcome = Answered | Refused | Failed | Unavailable


class _Answers(BaseModel):
    predictions: tuple[Prediction]


class _Error(BaseModel):
    model_config = ConfigDict(extra="ignore")

    error: str = ""
    reason: str = ""
    errors: list[dict[str, Any]] = []


def read_answer(status: int, body: bytes, headers: Mapping[str, str]) -> Outcome:
    """Return what an HTTP answer means.

    A timeout of the whole request (504) is an attempt: a document that always takes too long must not come back for
    ever.
    """
    if status in _BUSY or status == _NOT_FOUND:
        return Unavailable(_seconds(headers.get("retry-after", "")))
    if status == _GATEWAY_TIMEOUT:
        return timed_out()
    try:
        if status == _OK:
            return Answered(_Answers.model_validate_json(body).predictions[0])
        error = _Error.model_validate_json(body)
    except ValidationError:
        return Failed(PROCESSING_FAILED, f"The transformer's answer with status {status} cannot be understood.")
    if status == _UNPROCESSABLE and error.reason in _REASONS:
        return Refused(error.reason, _sentence(error))
    return Failed(PROCESSING_FAILED, f"The transformer answered with status {status}.")


def timed_out() -> Failed:
    """Return the outcome of a document that was not read in time."""
    return Failed(RefusalReason.TIMEOUT.value, "Reading the document took too long.")


def broken_off() -> Failed:
    """Return the outcome of a document during which the connection broke: it may be what ended the transformer."""
    return Failed(PROCESSING_FAILED, "The transformer went away while it read the document.")


def _sentence(error: _Error) -> str:
    details = [str(each["detail"]) for each in error.errors if each.get("detail")]
    return (details[0] if details else error.error)[:500] or "The document cannot be read."


def _seconds(text: str) -> float | None:
    return min(float(text), _LONGEST_WAIT) if text.isascii() and text.isdigit() and len(text) < 6 else None
