"""Every reason for which the API refuses a request, and which of them an operation's description names."""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from http import HTTPStatus
from typing import Any

from pigeonhole_api.models import Problem

MEDIA_TYPE = "application/problem+json"
SCHEMAS = "#/components/schemas/"
PROBLEM_SCHEMA = {"$ref": f"{SCHEMAS}{Problem.__name__}"}


@dataclass(frozen=True)
class Reason:
    """The status of a refusal, and when it is given."""

    status: int
    sentence: str


REASONS: Mapping[str, Reason] = {
    "unauthorized": Reason(401, "The access token, API key or sign-in is missing or wrong."),
    "token-invalid": Reason(401, "The sign-in is not one of the issuer's for this platform."),
    "token-expired": Reason(401, "The sign-in is over."),
    "forbidden": Reason(403, "The caller's roles, or tenant, do not allow it."),
    "no-role": Reason(403, "The sign-in gives no role."),
    "no-tenant": Reason(403, "The sign-in names no tenant."),
    "link-expired": Reason(403, "The image's signed address is forged or too old."),
    "not-found": Reason(404, "There is no such resource."),
    "job-missing": Reason(404, "There is no such job."),
    "document-missing": Reason(404, "There is no such document."),
    "page-missing": Reason(404, "The document has no such page."),
    "content-missing": Reason(404, "The file was not kept."),
    "example-missing": Reason(404, "There is no such example."),
    "training-missing": Reason(404, "There is no such training."),
    "model-missing": Reason(404, "There is no such model version."),
    "no-model": Reason(404, "No model serves yet."),
    "api-key-missing": Reason(404, "There is no such API key."),
    "webhook-missing": Reason(404, "There is no such webhook."),
    "method-not-allowed": Reason(405, "The resource has no such method."),
    "reference-conflict": Reason(409, "The reference names a job with other files."),
    "document-conflict": Reason(409, "Other bytes have come under this name."),
    "upload-closed": Reason(409, "The document was given up or cancelled before it came."),
    "upload-missing": Reason(409, "The document has not been put to its address; it goes on waiting."),
    "presigning-unsupported": Reason(409, "The storage is not S3; put documents to the API."),
    "not-reviewable": Reason(409, "The document has no answer to decide on."),
    "not-in-audit": Reason(409, "The document does not wait for a blind audit."),
    "not-drawable": Reason(409, "The file cannot be shown as an image."),
    "too-few-classes": Reason(409, "The training set has fewer than two classes."),
    "in-training-set": Reason(409, "The training set has copies of the job's documents; `errors` names each."),
    "too-many-webhooks": Reason(409, "The tenant has as many webhooks as it may have."),
    "webhook-disabled": Reason(409, "The receiver has answered 410."),
    "deployment-refused": Reason(409, "The cluster has no such ModelDeployment, or does not let it be changed."),
    "job-deleted": Reason(410, "The job was deleted."),
    "document-changed": Reason(412, "Someone was faster; read it again."),
    "model-changed": Reason(412, "Another model serves than the one that was seen."),
    "body-too-large": Reason(413, "The request has too many bytes."),
    "too-many-files": Reason(413, "The request has too many files."),
    "too-large": Reason(413, "The file has failed with this reason, and its job goes on."),
    "range-not-satisfiable": Reason(416, "The document has no bytes in the range; `Content-Range` says how many."),
    "host-not-allowed": Reason(421, "The Host header does not name this server."),
    "invalid-request": Reason(422, "A field is wrong; `errors` names each."),
    "reference-invalid": Reason(422, "The reference is missing, too long, or not one line."),
    "no-files": Reason(422, "The upload has no file."),
    "upload-malformed": Reason(422, "The upload is not well-formed multipart/form-data."),
    "too-many-documents": Reason(422, "The declaration has too many documents."),
    "name-invalid": Reason(422, "A document's name cannot be one, or is there twice."),
    "declaration-incomplete": Reason(422, "Size or sha256 was not declared, which an address is signed for."),
    "upload-differs": Reason(422, "The bytes are not those that were declared; the document goes on waiting."),
    "event-id-invalid": Reason(422, "The `Last-Event-ID` is none of a job's."),
    "webhook-url-invalid": Reason(422, "The URL is not https, or not that of a public receiver."),
    "page-token-invalid": Reason(422, "The token belongs to another listing."),
    "decision-contradicts": Reason(422, "The decision does not fit the class."),
    "unknown-class": Reason(422, "Neither the model nor the training set knows the class."),
    "not-reviewed": Reason(422, "A document was not decided by a person."),
    "dataset-missing": Reason(422, "There is no such dataset version."),
    "precondition-required": Reason(428, "`If-Match` is missing."),
    "queue-full": Reason(429, "Too much of the tenant waits; see `Retry-After`."),
    "rate-limited": Reason(429, "The caller calls too fast; see `Retry-After`."),
    "internal": Reason(500, "The server has a fault."),
    "too-many-watchers": Reason(503, "Too many callers watch jobs; see `Retry-After`."),
    "sign-in-unavailable": Reason(503, "The sign-in service does not answer, and the token's key is not known."),
    "database-unavailable": Reason(503, "The database does not answer; see `Retry-After`."),
    "storage-unavailable": Reason(503, "The storage does not answer; see `Retry-After`."),
    "registry-unavailable": Reason(503, "The model registry does not answer; see `Retry-After`."),
    "deployment-unavailable": Reason(503, "The cluster does not answer; see `Retry-After`."),
    "storage-full": Reason(507, "There is no space; the same request succeeds once there is."),
}
"""By code. `not-found` and `method-not-allowed` are of addresses that belong to no operation."""

_OF_ALL = ("host-not-allowed", "internal")
_OF_CALLERS = (
    *("unauthorized", "token-invalid", "token-expired", "forbidden", "no-role", "no-tenant", "rate-limited"),
    *("sign-in-unavailable", "database-unavailable", "body-too-large", "invalid-request"),
)
UPLOAD_REFUSALS = ("no-files", "upload-malformed", "too-many-files", "storage-unavailable", "storage-full")
"""What every upload of several files may be refused for."""

TRAINING_SET_REFUSALS = ("storage-unavailable", "storage-full")
"""What everything about the training set may be refused for, as it may have to be filled first."""

JOB_REFUSALS = ("job-missing", "job-deleted")
"""What everything that names a job may be refused for."""


def refuses(*codes: str) -> dict[int | str, dict[str, Any]]:
    """Return what OpenAPI says of an operation that refuses with these codes and those of every signed-in call."""
    return _responses(*codes, *_OF_CALLERS, *_OF_ALL)


def refuses_anyone(*codes: str) -> dict[int | str, dict[str, Any]]:
    """Return the same of an operation that does not ask who calls."""
    return _responses(*codes, *_OF_ALL)


def _responses(*codes: str) -> dict[int | str, dict[str, Any]]:
    by_status: dict[int, list[str]] = {}
    for code in sorted(set(codes), key=list(REASONS).index):
        by_status.setdefault(REASONS[code].status, []).append(code)
    return {status: _response(found) for status, found in by_status.items()}


def _response(codes: list[str]) -> dict[str, Any]:
    # Not as FastAPI's `model`: it would make a validator of each, which takes 20 MB for all operations.
    content = {"schema": PROBLEM_SCHEMA, "examples": {code: _example(code) for code in codes}}
    return {
        "description": " ".join(f"`{code}`: {REASONS[code].sentence}" for code in codes),
        "content": {MEDIA_TYPE: content},
    }


@cache
def _example(code: str) -> dict[str, Any]:
    reason = REASONS[code]
    problem = Problem(
        type=f"urn:pigeonhole:problem:{code}",
        title=HTTPStatus(reason.status).phrase,
        status=reason.status,
        detail=reason.sentence,
        instance="/v1/jobs",
        request_id="5e8f3c1a9b7d4e20",
        code=code,
    )
    return {"summary": reason.sentence, "value": problem.model_dump(mode="json", exclude_none=True)}
