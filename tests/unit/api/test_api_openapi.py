"""What the API's OpenAPI document says: examples, and each operation's own refusals."""

from collections.abc import Iterator
from typing import Any

import pytest

from pigeonhole_api.application import describe_api
from pigeonhole_api.models import Problem
from pigeonhole_api.openapi_examples import EXAMPLES
from pigeonhole_api.refusals import REASONS

pytestmark = pytest.mark.unit
DESCRIBED = describe_api()
SCHEMAS = DESCRIBED["components"]["schemas"]
OPERATIONS = {
    f"{method.upper()} {path}": operation
    for path, methods in DESCRIBED["paths"].items()
    for method, operation in methods.items()
}


def refusals(operation: dict[str, Any]) -> dict[str, Any]:
    return {status: answer for status, answer in operation["responses"].items() if not status.startswith(("2", "3"))}


def named_models(part: Any) -> Iterator[str]:
    """The models that a part of the document refers to itself, but not those within them."""
    if isinstance(part, dict):
        for key, value in part.items():
            if key == "$ref":
                yield value.rpartition("/")[2]
            else:
                yield from named_models(value)
    elif isinstance(part, list):
        for each in part:
            yield from named_models(each)


@pytest.mark.parametrize("name", OPERATIONS)
def test_what_an_operation_takes_and_answers_has_an_example(name: str) -> None:
    operation = OPERATIONS[name]
    answers = {status: answer for status, answer in operation["responses"].items() if status not in refusals(operation)}
    named = {*named_models(operation.get("requestBody")), *named_models(answers)}
    assert sorted(model for model in named if not SCHEMAS[model].get("examples")) == []


def test_an_example_is_as_it_would_be_sent() -> None:
    for each in EXAMPLES:
        assert type(each).model_validate(SCHEMAS[type(each).__name__]["examples"][0]) == each


@pytest.mark.parametrize("name", OPERATIONS)
def test_an_operation_names_its_refusals_one_by_one(name: str) -> None:
    found = refusals(OPERATIONS[name])
    assert {"421", "500"} <= found.keys()
    for status, answer in found.items():
        ((media_type, content),) = answer["content"].items()
        assert (media_type, content["schema"]) == ("application/problem+json", {"$ref": "#/components/schemas/Problem"})
        for code, example in content["examples"].items():
            problem = Problem.model_validate(example["value"])
            assert (problem.code, problem.status, REASONS[code].status) == (code, int(status), int(status))
            assert f"`{code}`" in answer["description"]


def test_every_reason_but_three_belongs_to_an_operation() -> None:
    given = {
        code
        for operation in OPERATIONS.values()
        for answer in refusals(operation).values()
        for content in answer["content"].values()
        for code in content["examples"]
    }
    # The third is told of one file among others that have arrived.
    assert REASONS.keys() - given == {"not-found", "method-not-allowed", "upload-missing"}
