"""A value that a limit of the operator's kinds refuses, as a whole object, and what the API server says of it."""

import copy
import json
import re
from dataclasses import dataclass
from typing import Any

from .operator_objects import Json

ABSENT = object()
# What a part that is not in the minimal object must have beside the value in question; the longest path counts.
_AROUND: dict[str, Json] = {
    "pin": {"pin": {"version": "1", "reason": "a reason"}},
    "request": {"request": {"version": "1", "reason": "a reason"}},
    "gates[0]": {"gates": [{"name": "a", "signature": "MustExist"}]},
    "gates[0].metric": {"gates": [{"name": "a", "metric": {"key": "f1", "min": 0.5}}]},
    "gates[0].perClass": {"gates": [{"name": "a", "perClass": {"min": 0.5}}]},
    "gates[0].tag": {"gates": [{"name": "a", "tag": {"key": "review", "value": "passed"}}]},
    "canary.steps[0]": {"canary": {"steps": [{"weight": 10}]}},
    "canary.golden": {"canary": {"golden": {"dataset": "a" * 64}}},
    "canary.analysis[0]": {"canary": {"analysis": [{"name": "a", "query": "up", "max": 1}]}},
    "previous": {"previous": {"version": "1"}},
}


@dataclass(frozen=True)
class Refusal:
    """A limit at a path below `spec`, and a value that it refuses; several parts stand beside those there are."""

    path: str
    keyword: str
    limit: Any
    value: Any

    def __str__(self) -> str:
        shown = "absent" if self.value is ABSENT else json.dumps(self.value, default=lambda _: "absent")[:24]
        return f"{self.path}-{self.keyword}-{shown}"

    @property
    def field(self) -> str:
        """Return the field as the API server names it."""
        return f"spec.{self.path}" + ("[1]" if self.keyword == "unique" else "")

    @property
    def message(self) -> str:
        """Return what the API server says, to the letter."""
        shown, count = json.dumps(self.value, default=str), len(self.value) if isinstance(self.value, list) else 0
        invalid = f"Invalid value: {shown}: {self.field} in body should"
        return {
            "required": "Required value",
            "maxLength": f"Too long: may not be more than {self.limit} bytes",
            "minLength": f"{invalid} be at least {self.limit} chars long",
            "pattern": f"{invalid} match '{self.limit}'",
            "enum": f"Unsupported value: {shown}: supported values: {json.dumps(self.limit)[1:-1]}",
            "minimum": f"{invalid} be greater than or equal to {self.limit}",
            "maximum": f"{invalid} be less than or equal to {self.limit}",
            "minItems": f"Invalid value: {count}: {self.field} in body should have at least {self.limit} items",
            "maxItems": f"Too many: {count}: must have at most {self.limit} items",
            "unique": f'Duplicate value: {{"{self.limit}":"a"}}',
            "format": f"Invalid value: {shown}: {self.field} in body must be of type {self.limit}: {shown}",
            "rule": f"Invalid value: {self.limit}"
            if isinstance(self.value, dict)
            else f"Invalid value: {shown}: {self.limit}",
        }[self.keyword]

    def spec(self, minimal: Json) -> Json:
        """Return a spec in which this value alone is wrong."""
        spec = {**copy.deepcopy(minimal), **_around(self.path)}
        *parents, last = [int(key) if key.isdecimal() else key for key in re.findall(r"\w+", self.path)]
        part: Any = spec
        for key in parents:
            part = part[key] if isinstance(part, list) else part.setdefault(key, {})
        if self.value is ABSENT:
            del part[last]
        elif isinstance(self.value, dict):
            present = part[last] if isinstance(part, list) else part.get(last, {})
            part[last] = {key: value for key, value in {**present, **self.value}.items() if value is not ABSENT}
        else:
            part[last] = self.value
        return spec


def _around(path: str) -> Json:
    known = [start for start in _AROUND if re.match(rf"{re.escape(start)}(\W|$)", path)]
    return copy.deepcopy(_AROUND[max(known, key=len)]) if known else {}
