"""Put a server's OpenAPI document together: what both servers share, what is its own, and the limits in force."""

from importlib.metadata import version
from importlib.resources import files
from string import Template
from typing import Any

import yaml

from pigeonhole_serving.protocol.texts import MAX_EXPLAIN
from pigeonhole_serving.settings import ServingSettings

_SHARED = "shared.yaml"


def transformer_document(settings: ServingSettings) -> dict[str, Any]:
    """Return the transformer's document, with the limits that the settings set."""
    return _document("transformer.yaml", settings)


def predictor_document(settings: ServingSettings) -> dict[str, Any]:
    """Return the predictor's document, with the limits that the settings set."""
    return _document("predictor.yaml", settings)


def _document(name: str, settings: ServingSettings) -> dict[str, Any]:
    limits = {
        "version": version("pigeonhole-serving"),
        "max_explain": MAX_EXPLAIN,
        **settings.model_dump(include={"max_body_bytes", "max_documents", "max_texts", "retry_after_seconds"}),
    }
    return _merge(_read(_SHARED, limits), _read(name, limits))


def _read(name: str, limits: dict[str, Any]) -> dict[str, Any]:
    text = (files(__package__) / name).read_text(encoding="utf-8")
    # Safe: `$ref` and the `$` of a pattern are no placeholders.
    content: dict[str, Any] = yaml.safe_load(Template(text).safe_substitute(limits))
    return content


def _merge(shared: dict[str, Any], own: dict[str, Any]) -> dict[str, Any]:
    merged = shared | own
    for key in shared.keys() & own.keys():
        if isinstance(shared[key], dict):
            merged[key] = _merge(shared[key], own[key])
    return merged
