"""Every operation against what its document allows and forbids: no fault, and no answer that is not documented."""

from collections.abc import Callable
from typing import Any
from urllib.parse import unquote, urlsplit

import pytest
import schemathesis
from schemathesis import Case
from schemathesis.config import SchemathesisConfig

from pigeonhole_api.application import describe_api
from tests.integration.api.described import is_described

pytestmark = pytest.mark.integration
REFUSALS = ["404", "409", "410", "412", "413", "416", "422", "428"]
CONFIG = SchemathesisConfig.from_dict(
    {
        "generation": {"deterministic": True, "max-examples": 25, "with-security-parameters": False},
        "checks": {
            "not_a_server_error": {"expected-statuses": ["2xx", "304", "4xx"]},
            # What is well-formed may name what does not exist, or have a wrong signature.
            "positive_data_acceptance": {"expected-statuses": ["2xx", "304", "403", *REFUSALS]},
            "negative_data_rejection": {"expected-statuses": ["400", "401", "405", "415", *REFUSALS]},
            # If-Match is asked for with 428, as RFC 6585 has it.
            "missing_required_header": {"expected-statuses": ["4xx"]},
        },
    }
)
SCHEMA = schemathesis.openapi.from_dict(describe_api(), config=CONFIG)


@pytest.fixture(scope="module")
def hurt(module_installation: Callable[..., Any]) -> Any:
    """A platform of this test's own; nobody works, so that nothing depends on time."""
    installation = module_installation(PIGEONHOLE_API_CALLS_PER_SECOND="0")
    installation.start_api()
    return installation


@SCHEMA.parametrize()
def test_the_api_answers_as_its_document_says(case: "Case[Any]", hurt: Any) -> None:
    answer = case.call_and_validate(base_url=hurt.url, headers={"Authorization": "Bearer a-token-for-tests-alone"})
    if answer.status_code >= 400:
        path = unquote(urlsplit(answer.request.url).path)
        assert is_described(case.method, path, answer.status_code, answer.json()), answer.text


def test_the_document_is_the_one_that_is_answered(hurt: Any) -> None:
    assert hurt.call("GET", "/openapi.json", token=None).json() == SCHEMA.raw_schema


def test_nothing_of_it_was_a_fault(hurt: Any) -> None:
    assert '"request_failed"' not in (hurt.home / "serve.log").read_text()
