"""What FastAPI leaves out of the API's OpenAPI document: examples, and the media type of errors."""

from typing import Any

from pigeonhole_api.openapi_examples import EXAMPLES
from pigeonhole_api.refusals import MEDIA_TYPE

_FIRST_ERROR = 400


def complete(document: dict[str, Any]) -> dict[str, Any]:
    """Return the document with an example of each model, and with errors as `application/problem+json`."""
    for example in EXAMPLES:
        document["components"]["schemas"][type(example).__name__]["examples"] = [example.model_dump(mode="json")]
    for operations in document["paths"].values():
        for operation in operations.values():
            for status, response in operation["responses"].items():
                if int(status) >= _FIRST_ERROR:
                    _to_problem(response["content"])
    return document


def _to_problem(content: dict[str, Any]) -> None:
    # FastAPI knows one media type of a model, which is that of the operation's answers.
    (given,) = content.keys() - {MEDIA_TYPE}
    content[MEDIA_TYPE]["schema"] = content.pop(given)["schema"]
