"""Refusals as RFC 9457 problem documents."""

from collections.abc import Mapping, Sequence
from http import HTTPStatus

from starlette.responses import JSONResponse

from pigeonhole.errors import PigeonholeError
from pigeonhole.telemetry.http import REJECTED
from pigeonhole_api.models import FieldProblem, Problem
from pigeonhole_api.refusals import MEDIA_TYPE, REASONS


class Refusal(PigeonholeError):
    """A request that is refused: one of the known codes, one sentence, and what else the problem document says."""

    def __init__(
        self,
        code: str,
        detail: str,
        *,
        hint: str | None = None,
        errors: Sequence[FieldProblem] = (),
        existing_job: str | None = None,
        headers: Mapping[str, str] | None = None,
    ) -> None:
        super().__init__(detail, code=code, hint=hint)
        self.status = REASONS[code].status
        self.errors = list(errors)
        self.existing_job = existing_job
        self.headers = dict(headers or {})


def missing(kind: str, name: str) -> Refusal:
    """Return the refusal for a resource that does not exist."""
    return Refusal(f"{kind}-missing", f"There is no {kind.replace('-', ' ')} '{name[:100]}'.")


def problem_response(refusal: Refusal, *, instance: str, request_id: str) -> JSONResponse:
    """Return a refusal as an HTTP answer, and count it."""
    REJECTED.labels(refusal.code).inc()
    problem = Problem(
        type=f"urn:pigeonhole:problem:{refusal.code}",
        title=HTTPStatus(refusal.status).phrase,
        status=refusal.status,
        detail=refusal.message,
        instance=instance,
        request_id=request_id,
        code=refusal.code,
        hint=refusal.hint,
        errors=refusal.errors,
        existing_job=refusal.existing_job,
    )
    body = problem.model_dump(mode="json", exclude_none=True)
    return JSONResponse(body, refusal.status, headers=refusal.headers, media_type=MEDIA_TYPE)


def unavailable(code: str, detail: str) -> Refusal:
    """Return the refusal of what cannot be answered now and may be later."""
    return Refusal(code, detail, hint="Try again in a moment.", headers={"Retry-After": "5"})


def database_unavailable() -> Refusal:
    """Return the refusal while the database does not answer."""
    return unavailable("database-unavailable", "The database does not answer.")


def storage_full() -> Refusal:
    """Return the refusal of an upload for which there is no space."""
    return Refusal(
        "storage-full",
        "The storage has no space for uploads.",
        hint="Send it again when space was made; a declared document goes on waiting.",
        headers={"Retry-After": "60"},
    )


def internal_fault() -> Refusal:
    """Return what a client learns of a fault of ours."""
    return Refusal("internal", "The server has a fault.", hint="Try again; the request id leads to the server's log.")
