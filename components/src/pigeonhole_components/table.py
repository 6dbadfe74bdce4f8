"""The table of the step `preprocess`, as training and evaluation read it."""

from dataclasses import dataclass
from pathlib import Path

from pigeonhole_components.json_files import read_rows
from pigeonhole_components.split import Side


@dataclass(frozen=True)
class Texts:
    """Documents of one side: their plain texts, those of their lines views, classes and groups, in the same order."""

    texts: tuple[str, ...]
    lines_texts: tuple[str, ...]
    labels: tuple[str, ...]
    groups: tuple[str, ...]


def read_side(table: Path, side: Side) -> Texts:
    """Return the documents of one side of the split.

    Raises:
        StepError: The table is missing or damaged.
    """
    rows = [row for row in read_rows(table) if row["split"] == side]
    return Texts(
        texts=tuple(row["text"] for row in rows),
        lines_texts=tuple(row["lines_text"] for row in rows),
        labels=tuple(row["class"] for row in rows),
        groups=tuple(row["group"] for row in rows),
    )
