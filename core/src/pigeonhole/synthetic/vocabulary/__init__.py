"""Words and phrases of each class and language, and the loader that reads them."""

import json
from functools import cache
from importlib import resources
from typing import Any, cast

Words = dict[str, Any]


@cache
def _read_file(name: str) -> dict[str, Words]:
    text = resources.files(__package__).joinpath(f"{name}.json").read_text(encoding="utf-8")
    return cast(dict[str, Words], json.loads(text))


def read_words(name: str, language: str) -> Words:
    """The word lists of a class (or "shared", "people") in one language."""
    return _read_file(name)[language]


@cache
def read_labels(name: str, language: str) -> dict[str, tuple[str, tuple[str, ...]]]:
    """Labels of a class: key -> (key of the generic label that can stand for it, synonyms)."""
    labels = {}
    for key, synonyms in read_words(name, language)["labels"].items():
        own, generic = key.split(":")
        labels[own] = (generic, tuple(synonyms))
    return labels
