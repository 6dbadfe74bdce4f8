"""Which refusals the API's own description names."""

import re
from functools import cache
from typing import Any

from pigeonhole_api.application import describe_api
from pigeonhole_api.refusals import MEDIA_TYPE

OF_NO_OPERATION = {"not-found", "method-not-allowed", "host-not-allowed", "body-too-large", "rate-limited", "internal"}
"""What an address that belongs to no operation may be answered, and what is answered before one is looked for."""


def is_described(method: str, path: str, status: int, problem: dict[str, Any]) -> bool:
    """Tell whether the description of an operation at this address names a refusal with its status."""
    described = [codes for pattern, own, codes in _operations() if own == method and pattern.fullmatch(path)]
    code = problem["code"]
    return any((status, code) in codes for codes in described) if described else code in OF_NO_OPERATION


@cache
def _operations() -> list[tuple[re.Pattern[str], str, set[tuple[int, str]]]]:
    return [
        (_pattern(template), method.upper(), _codes(operation))
        for template, methods in describe_api()["paths"].items()
        for method, operation in methods.items()
    ]


def _pattern(template: str) -> re.Pattern[str]:
    # A document's name may hold slashes.
    return re.compile(re.sub(r"\{(\w+)\}", lambda found: ".+" if found[1] == "name" else "[^/]*", template))


def _codes(operation: dict[str, Any]) -> set[tuple[int, str]]:
    refusals = {status: answer for status, answer in operation["responses"].items() if int(status) >= 400}
    return {
        (int(status), code) for status, answer in refusals.items() for code in answer["content"][MEDIA_TYPE]["examples"]
    }
