"""Which series the platform's processes export, and which ones rules and dashboards name."""

import json
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

FILES = Path(__file__).parents[3] / "helm/pigeonhole/files"
_SUFFIXES = {"histogram": ("_bucket", "_sum", "_count"), "summary": ("", "_sum", "_count")}
_NO_NAME = re.compile(
    r'"[^"]*"|\{[^}]*\}|\[[^\]]*\]|\b(?:by|on|ignoring|without|group_left|group_right)\s*\([^)]*\)|\boffset\s+\w+'
)
_NAME = re.compile(r"[a-zA-Z_:][a-zA-Z0-9_:]*(?!\s*\(|[a-zA-Z0-9_:])")
_WORDS = {"and", "or", "unless", "bool", "by", "on"}


@dataclass(frozen=True)
class Named:
    """A query, and where it stands."""

    where: str
    promql: str

    @property
    def series(self) -> set[str]:
        """The names of the series that it selects."""
        found = _NAME.findall(_NO_NAME.sub(" ", self.promql))
        return {name for name in found if name not in _WORDS and not re.fullmatch(r"e\d+", name)}

    @property
    def label_values(self) -> str:
        """All the matchers of the query in one text."""
        return " ".join(re.findall(r"\{[^}]*\}", self.promql))


def exported_series(text: str) -> set[str]:
    """Return the series of all families of an exposition, also of those that have no sample yet."""
    families = re.findall(r"^# TYPE (\S+) (\S+)$", text, re.MULTILINE)
    return {name + suffix for name, kind in families for suffix in _SUFFIXES.get(kind, ("",))}


def rules() -> list[dict[str, Any]]:
    """Return every rule of the files."""
    groups = [
        group for path in (FILES / "rules").glob("*.yaml") for group in yaml.safe_load(path.read_text())["groups"]
    ]
    return [rule for group in groups for rule in group["rules"]]


def queries() -> list[Named]:
    """Return every query of rules and dashboards."""
    found = [Named(rule.get("alert", rule.get("record", "")), rule["expr"]) for rule in rules()]
    for path in (FILES / "dashboards").glob("*.json"):
        panels = json.loads(path.read_text())["panels"]
        found += [Named(f"{path.stem}, {panel['title']}", query) for panel in panels for query in _targets(panel)]
    return found


def _targets(panel: dict[str, Any]) -> Iterator[str]:
    return (target["expr"] for target in panel.get("targets", ()))


def where_named(named: Iterable[Named], series: set[str]) -> dict[str, list[str]]:
    """Return the places that name each of the series."""
    return {name: [each.where for each in named if name in each.series] for name in sorted(series)}
