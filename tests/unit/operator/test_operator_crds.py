"""The CRDs are what the models say, and every limit of them has a case on a real API server."""

import json
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from tests.e2e.operator_limits import DEPLOYMENT_REFUSALS, PROMOTION_REFUSALS
from tests.e2e.operator_refusals import Refusal

from pigeonhole_operator.resources.crds import MODEL_DEPLOYMENT, MODEL_PROMOTION, Kind, crds_yaml
from pigeonhole_operator.resources.durations import Duration, format_duration, parse_duration
from pigeonhole_operator.resources.schema import Part
from pigeonhole_operator.resources.structural import NotStructural, structural_schema

pytestmark = pytest.mark.unit
FILE = Path(__file__).parents[3] / "k8s" / "operator" / "crds.yaml"
LIMITS = ("enum", "pattern", "format", "minLength", "maxLength", "minimum", "maximum", "minItems", "maxItems")
Json = dict[str, Any]
Limit = tuple[str, str, str]


def limits(schema: Json, path: str = "") -> Iterator[Limit]:
    """Yield each limit of a schema: where it holds, its keyword and itself."""
    found = [(path, keyword, schema[keyword]) for keyword in LIMITS if keyword in schema]
    found += [(path, "unique", key) for key in schema.get("x-kubernetes-list-map-keys", ())]
    rules = schema.get("x-kubernetes-validations", ())
    found += [(path, "rule", rule["message"]) for rule in rules if "oldSelf" not in rule["rule"]]
    found += [(f"{path}.{name}".lstrip("."), "required", None) for name in schema.get("required", ())]
    yield from ((where, keyword, json.dumps(limit)) for where, keyword, limit in found)
    for name, part in schema.get("properties", {}).items():
        yield from limits(part, f"{path}.{name}".lstrip("."))
    if "items" in schema:
        yield from limits(schema["items"], f"{path}[0]")


@pytest.mark.parametrize(
    ("kind", "refusals"),
    [(MODEL_DEPLOYMENT, DEPLOYMENT_REFUSALS), (MODEL_PROMOTION, PROMOTION_REFUSALS)],
    ids=["deployment", "promotion"],
)
def test_every_limit_is_tried_on_the_api_server(kind: Kind, refusals: list[Refusal]) -> None:
    tried = {(refusal.path, refusal.keyword, json.dumps(refusal.limit)) for refusal in refusals}
    assert tried == set(limits(structural_schema(kind.spec)))


def test_the_file_to_apply_is_what_the_models_give() -> None:
    assert FILE.read_text() == crds_yaml(), "`make crds` writes it anew"


def test_a_field_that_may_be_none_is_one_to_leave_out() -> None:
    class Some(Part):
        at_most: int | None = None

    assert structural_schema(Some) == {"type": "object", "properties": {"atMost": {"type": "integer"}}}


def test_a_default_is_written_as_the_resource_has_it() -> None:
    class Inner(Part):
        pause: Duration = timedelta(seconds=90)
        left_out: str | None = None

    class Outer(Part):
        inner: Inner = Inner()
        several: tuple[Inner, ...] = (Inner(left_out="no"),)

    properties = structural_schema(Outer)["properties"]
    assert properties["inner"]["default"] == {"pause": "1m30s"}
    assert properties["inner"]["properties"]["pause"]["default"] == "1m30s"
    assert properties["several"]["default"] == [{"pause": "1m30s", "leftOut": "no"}]


def test_what_a_structural_schema_has_no_place_for_is_an_error() -> None:
    class Either(Part):
        value: int | str

    with pytest.raises(NotStructural, match="anyOf") as error:
        structural_schema(Either)
    assert error.value.code == "not_structural"


@pytest.mark.parametrize("text", ["0s", "1ms", "1.5h", "1h30m", "90s", "1h0m0.5s"])
def test_a_duration_is_read_and_written_as_the_same_time(text: str) -> None:
    assert parse_duration(format_duration(parse_duration(text))) == parse_duration(text)


@pytest.mark.parametrize("text", ["", "5", "-5s", "+5s", "100us", "1d", "1h 30m", "٣s", "5s\n"])
def test_a_text_that_is_no_duration_is_an_error_that_shows_it(text: str) -> None:
    with pytest.raises(ValueError, match="is not a duration such as 30s or 1h30m"):
        parse_duration(text)
