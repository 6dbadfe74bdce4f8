"""A part of a resource as the structural OpenAPI schema that a CRD takes, made from its pydantic model."""

from datetime import timedelta
from enum import Enum
from typing import Any

from pydantic.json_schema import GenerateJsonSchema, JsonSchemaValue
from pydantic_core import core_schema

from pigeonhole.errors import PigeonholeError
from pigeonhole_operator.resources.durations import format_duration
from pigeonhole_operator.resources.schema import Part

Json = dict[str, Any]
_RULES = "x-kubernetes-validations"
# What the generated schemas may hold, in the order to read it in.
_KEYWORDS = (
    *("description", "type", "format", "default", "enum", "pattern", "minLength", "maxLength", "minimum", "maximum"),
    *("minItems", "maxItems", "x-kubernetes-list-type", "x-kubernetes-list-map-keys", _RULES),
    *("required", "properties", "items"),
)


class NotStructural(PigeonholeError):
    """A model says something that a CRD's schema cannot: `not_structural`."""

    def __init__(self, keyword: str) -> None:
        super().__init__(f"a CRD's schema has no place for '{keyword}'", code="not_structural")


def structural_schema(model: type[Part]) -> Json:
    """Return the schema of a model, without references, titles and nulls.

    Raises:
        NotStructural: The model has a field that a structural schema cannot describe.
    """
    schema = model.model_json_schema(schema_generator=_Structural)
    return _inlined(schema, schema.get("$defs", {}))


class _Structural(GenerateJsonSchema):
    """Leaves a field that is None out instead of letting it be null, as the API server does."""

    def nullable_schema(self, schema: core_schema.NullableSchema) -> JsonSchemaValue:
        return self.generate_inner(schema["schema"])

    def default_schema(self, schema: core_schema.WithDefaultSchema) -> JsonSchemaValue:
        inner = self.generate_inner(schema["schema"])
        default = schema.get("default")
        return inner if default is None else {**inner, "default": _as_json(default)}

    def literal_schema(self, schema: core_schema.LiteralSchema) -> JsonSchemaValue:
        return {"type": "string", "enum": list(schema["expected"])}


def _as_json(default: object) -> object:
    if isinstance(default, Part):
        # Whole, since a CRD's rules look at a default before the defaults inside it are filled in.
        return default.to_json()
    if isinstance(default, tuple):
        return [_as_json(item) for item in default]
    if isinstance(default, timedelta):
        return format_duration(default)
    return default.value if isinstance(default, Enum) else default


def _inlined(schema: Json, definitions: Json) -> Json:
    """Return a schema with what it refers to put in; what stands beside a reference wins."""
    if "$ref" in schema:
        schema = {**definitions[schema["$ref"].rpartition("/")[2]], **schema}
    found = {key: value for key, value in schema.items() if key not in {"$ref", "$defs", "title"}}
    for keyword in found.keys() - set(_KEYWORDS):
        raise NotStructural(keyword)
    if "properties" in found:
        found["properties"] = {name: _inlined(part, definitions) for name, part in found["properties"].items()}
    if "items" in found:
        found["items"] = _inlined(found["items"], definitions)
    if _RULES in found:
        found[_RULES] = [{"rule": rule["rule"], "message": rule["message"]} for rule in found[_RULES]]
    return {keyword: found[keyword] for keyword in _KEYWORDS if keyword in found}
