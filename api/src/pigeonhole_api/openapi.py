"""What FastAPI leaves out of the API's OpenAPI document: what errors are, and examples."""

from typing import Any

from pigeonhole_api.models import Problem
from pigeonhole_api.openapi_examples import EXAMPLES
from pigeonhole_api.refusals import SCHEMAS


def complete(document: dict[str, Any]) -> dict[str, Any]:
    """Return the document with the model of errors, and with an example of each other model."""
    schemas = document["components"]["schemas"]
    problem = Problem.model_json_schema(ref_template=f"{SCHEMAS}{{model}}")
    schemas |= problem.pop("$defs")
    schemas[Problem.__name__] = problem
    for example in EXAMPLES:
        schemas[type(example).__name__]["examples"] = [example.model_dump(mode="json")]
    return document
