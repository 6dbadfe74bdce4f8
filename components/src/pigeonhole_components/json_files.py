"""The JSON files between the steps: the same values are always the same bytes."""

import json
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any

from pigeonhole_components.errors import StepError


def canonical_json(values: Mapping[str, Any]) -> str:
    """Return values as one line of JSON: keys in order, no blanks, text as it is."""
    return json.dumps(values, ensure_ascii=False, sort_keys=True, separators=(",", ":"))


def write_json(path: Path, values: Mapping[str, Any]) -> None:
    """Write one JSON object for people and programs: keys in order, indented."""
    path.parent.mkdir(parents=True, exist_ok=True)
    text = json.dumps(values, ensure_ascii=False, sort_keys=True, indent=2)
    path.write_text(text + "\n", encoding="utf-8")


def read_json(path: Path) -> dict[str, Any]:
    """Return the object that `write_json` wrote.

    Raises:
        StepError: `input-missing` or `input-invalid`.
    """
    return _parse(_read(path), path.name)


def write_rows(path: Path, rows: Iterable[Mapping[str, Any]]) -> int:
    """Write JSON lines in the order given and return their number."""
    path.parent.mkdir(parents=True, exist_ok=True)
    count = 0
    with path.open("w", encoding="utf-8", newline="\n") as file:
        for row in rows:
            file.write(canonical_json(row) + "\n")
            count += 1
    return count


def read_rows(path: Path) -> Iterator[dict[str, Any]]:
    """Yield the objects of a file of JSON lines.

    Raises:
        StepError: `input-missing` or `input-invalid`, with the number of the line.
    """
    try:
        with path.open(encoding="utf-8", newline="\n") as file:
            for number, line in enumerate(file, start=1):
                yield _parse(line, f"{path.name}, line {number}")
    except FileNotFoundError as error:
        raise _missing(path) from error


def _read(path: Path) -> str:
    try:
        return path.read_text(encoding="utf-8")
    except FileNotFoundError as error:
        raise _missing(path) from error


def _missing(path: Path) -> StepError:
    return StepError(f"{path.name}: the step before did not write it.", code="input-missing")


def _parse(text: str, place: str) -> dict[str, Any]:
    try:
        values = json.loads(text)
    except ValueError as error:
        raise StepError(f"{place}: not JSON.", code="input-invalid") from error
    if not isinstance(values, dict):
        raise StepError(f"{place}: not a JSON object.", code="input-invalid")
    return values
