"""Which problem document each kind of error becomes; never an exception's own text."""

import sqlite3
from collections.abc import Callable
from typing import Any, TypeVar

from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from sqlalchemy.exc import InterfaceError, OperationalError
from sqlalchemy.exc import TimeoutError as PoolTimeoutError
from starlette.exceptions import HTTPException
from starlette.responses import JSONResponse
from starlette.routing import compile_path

from pigeonhole.errors import PigeonholeError
from pigeonhole.storage import DISK_FULL
from pigeonhole.telemetry import get_logger
from pigeonhole_api.models import FieldProblem
from pigeonhole_api.problems import (
    Refusal,
    database_unavailable,
    internal_fault,
    problem_response,
    storage_full,
    unavailable,
)
from pigeonhole_api.refusals import REASONS

Fault = TypeVar("Fault", bound=Exception)

_log = get_logger(__name__)
_METHOD_NOT_ALLOWED = 405
_CODES = {404: "not-found", 405: "method-not-allowed"}
_SENTENCES = {code: REASONS[code].sentence for code in _CODES.values()}
_REGISTRY = ("registry-unavailable", "The model registry does not answer.")
_STORAGE = ("storage-unavailable", "The storage does not answer.")
_POSTGRESQL_FULL = "53100"
_CLUSTER = ("deployment-unavailable", "The cluster does not answer.")
_UNAVAILABLE = {
    "registry-failed": _REGISTRY,
    "storage-failed": _STORAGE,
    "unknown-storage": _STORAGE,
    "cluster-unavailable": _CLUSTER,
}
_REFUSED_BY_THE_CLUSTER = frozenset(
    {"deployment-forbidden", "deployment-missing", "deployment-changed", "deployment-refused", "cluster-failed"}
)


def install_problem_handlers(app: FastAPI) -> None:
    """Let every error that a route raises become a problem document."""
    _handle(app, Refusal, lambda refusal: refusal)
    _handle(app, RequestValidationError, _of_invalid_request)
    _handle(app, HTTPException, _of_http_exception)
    _handle(app, PigeonholeError, _of_own_error)
    _handle(app, OSError, _of_system_error)
    for kind in (OperationalError, InterfaceError, PoolTimeoutError):
        _handle(app, kind, _of_database_error)
    _handle(app, Exception, lambda _error: internal_fault())


def _handle(app: FastAPI, kind: type[Fault], translate: Callable[[Fault], Refusal]) -> None:
    async def answer(request: Request, error: Any) -> JSONResponse:
        request_id = str(request.scope.get("request_id", ""))
        refusal = translate(error)
        if refusal.status == _METHOD_NOT_ALLOWED:
            # Of several operations at one address the framework names the first one's method alone.
            refusal.headers["Allow"] = ", ".join(_methods_at(app, request.url.path)) or refusal.headers["Allow"]
        return problem_response(refusal, instance=request.url.path, request_id=request_id)

    app.add_exception_handler(kind, answer)


def _of_invalid_request(error: RequestValidationError) -> Refusal:
    fields = [_field_problem(each) for each in error.errors()]
    first = fields[0] if fields else FieldProblem(field="body", detail="It is missing.")
    return Refusal("invalid-request", f"{first.field}: {first.detail}", errors=fields)


def _methods_at(app: FastAPI, path: str) -> list[str]:
    operations = app.openapi()["paths"].items()
    found = [methods for template, methods in operations if compile_path(template)[0].match(path)]
    return sorted({method.upper() for methods in found for method in methods})


def _of_http_exception(error: HTTPException) -> Refusal:
    code = _CODES.get(error.status_code, "invalid-request" if error.status_code < 500 else "internal")
    return Refusal(code, _SENTENCES.get(code, "The request cannot be understood."), headers=error.headers)


def _of_own_error(error: PigeonholeError) -> Refusal:
    """Return the refusal for an error of core's; what only the operator can mend is logged."""
    if error.code == "version-missing":
        return Refusal("model-missing", error.message)
    if error.code == "object-missing":
        return Refusal("content-missing", "The content is not in the storage.")
    _log.exception("request_failed", code=error.code)
    if error.code == "storage-full":
        return storage_full()
    if error.code in _REFUSED_BY_THE_CLUSTER:
        return Refusal("deployment-refused", error.message, hint=error.hint)
    return unavailable(*_UNAVAILABLE[error.code]) if error.code in _UNAVAILABLE else internal_fault()


def _of_system_error(error: OSError) -> Refusal:
    """Return the refusal of a request whose body the disk has no space for; other faults go on."""
    if error.errno not in DISK_FULL:
        raise error
    _log.exception("disk_full")
    return storage_full()


def _of_database_error(error: Exception) -> Refusal:
    _log.exception("database_failed")
    cause = getattr(error, "orig", None)
    code = getattr(cause, "sqlite_errorcode", None), getattr(cause, "sqlstate", None)
    return storage_full() if sqlite3.SQLITE_FULL in code or _POSTGRESQL_FULL in code else database_unavailable()


def _field_problem(error: Any) -> FieldProblem:
    place = ".".join(str(part) for part in error["loc"])
    return FieldProblem(field=place, detail=f"{error['msg']}.".replace("..", "."))
