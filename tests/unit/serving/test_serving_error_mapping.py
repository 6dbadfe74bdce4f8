"""Errors: one body for all, and a mapping for every exception that kserve answers by itself."""

import pytest
from fastapi.exceptions import RequestValidationError
from kserve.errors import InvalidInput, ModelNotFound, ModelNotReady, ServerNotReady, UnsupportedProtocol
from starlette.exceptions import HTTPException

from pigeonhole_serving.error_mapping import MAPPED_EXCEPTIONS, serving_error
from pigeonhole_serving.errors import FieldError, Reason, documents_refused, error_body, failure, malformed_field

pytestmark = pytest.mark.unit
SECRET = "content of /mnt/models/x"


@pytest.mark.parametrize(
    ("error", "status", "reason"),
    [
        (InvalidInput(SECRET), 400, "malformed"),
        (ModelNotFound(SECRET), 404, "unknown-model"),
        (ModelNotReady(SECRET), 503, "not-ready"),
        (ServerNotReady(SECRET), 503, "not-ready"),
        (NotImplementedError(SECRET), 501, "not-supported"),
        (UnsupportedProtocol(SECRET), 501, "not-supported"),
        (HTTPException(404, SECRET), 404, "not-found"),
        (HTTPException(405, SECRET), 405, "method-not-allowed"),
        (HTTPException(400, SECRET), 400, "malformed"),
        (HTTPException(500, SECRET), 500, "internal"),
        (RuntimeError(SECRET), 500, "internal"),
        (failure(Reason.OVERLOADED, "Busy."), 503, "overloaded"),
    ],
)
def test_an_exception_becomes_a_status_and_a_reason_without_its_text(
    error: Exception, status: int, reason: str
) -> None:
    mapped = serving_error(error)
    assert (mapped.status, mapped.reason) == (status, reason)
    assert SECRET not in str(error_body(mapped, "id"))


def test_the_exceptions_that_have_a_mapping_are_registered() -> None:
    for kind in (InvalidInput, ModelNotFound, ModelNotReady, NotImplementedError, HTTPException):
        assert kind in MAPPED_EXCEPTIONS


@pytest.mark.parametrize(
    ("location", "kind", "field"),
    [
        (("body", "InferenceRequest", "inputs", 0, "shape", 1), "int_type", "inputs[0].shape[1]"),
        (("body", "InferenceRequest", "inputs"), "missing", "inputs"),
        (("body", "InferenceRequest", "parameters", "reasons", "bool"), "bool_type", "parameters.reasons"),
        (("body",), "missing", "body"),
        (("body", 15), "json_invalid", "body"),
        (("body", "bytes"), "bytes_type", "body"),
    ],
)
def test_a_failed_validation_names_the_field_and_not_the_input(
    location: tuple[str | int, ...], kind: str, field: str
) -> None:
    error = RequestValidationError([{"loc": location, "type": kind, "msg": SECRET, "input": SECRET}])
    mapped = serving_error(error)
    assert [item.field for item in mapped.errors] == [field]
    assert SECRET not in str(error_body(mapped, "id"))


@pytest.mark.parametrize("reason", list(Reason))
def test_every_reason_has_a_status_and_only_503_asks_to_retry(reason: Reason) -> None:
    error = failure(reason, "One sentence.")
    assert 400 <= error.status < 600
    assert error.asks_to_retry == (error.status == 503)


def test_the_body_of_an_error_is_the_contract_s() -> None:
    assert error_body(malformed_field("instances", "Expected a list."), "id-1") == {
        "error": "instances: Expected a list.",
        "reason": "malformed",
        "request_id": "id-1",
        "errors": [{"field": "instances", "reason": "malformed", "detail": "Expected a list."}],
    }


def test_refused_documents_give_the_first_one_s_reason() -> None:
    errors = [FieldError("instances[1].document", "encrypted", "The PDF needs a password."), FieldError("b", "c", "d")]
    error = documents_refused(errors)
    assert (error.status, error.reason, error.message) == (422, "encrypted", "The PDF needs a password.")
    assert error.errors == tuple(errors)
