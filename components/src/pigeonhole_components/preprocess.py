"""Step `preprocess`: the table that trains and judges the model."""

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any

import typer

from pigeonhole.datasets import DatasetManifest, Example
from pigeonhole_components.command_line import (
    PARAMS_FILE,
    ParamsOption,
    ReportOption,
    command_step,
    keep_report,
    read_params,
)
from pigeonhole_components.dataset import read_manifest
from pigeonhole_components.errors import StepError
from pigeonhole_components.json_files import read_rows, write_rows
from pigeonhole_components.sections import PreprocessParams
from pigeonhole_components.split import MIN_TRAIN_GROUPS, split_groups

REFUSED = "refused"
"""Dropped: the document could not be read."""
NO_TEXT = "no-text"
"""Dropped: hardly a word was read."""
SAME_TEXT = "same-text"
"""Dropped: an older document of the class has the same text."""
AMBIGUOUS_TEXT = "ambiguous-text"
"""Dropped, all of them: documents of several classes have the same text."""


@dataclass(frozen=True)
class PreprocessReport:
    """How many documents went where; `dropped` counts by reason."""

    train: int
    holdout: int
    dropped: Mapping[str, int]


@dataclass(frozen=True)
class LabelledText:
    """A document of the dataset with its plain text, and that of its lines view."""

    example: Example
    language: str
    text: str
    lines_text: str

    @property
    def group(self) -> str:
        """Return the example's group, or the document itself where it has none."""
        return self.example.group or self.example.sha256


def run_preprocess(manifest: Path, texts: Path, table: Path, params: PreprocessParams) -> PreprocessReport:
    """Drop what teaches nothing, split the rest by group, and write the table.

    Args:
        manifest: The dataset manifest.
        texts: JSON lines `{sha256, language, text, lines_text}`, of the step `clean`.
        table: The file to write: JSON lines `{sha256, class, group, split, language, text, lines_text}`, by sha256.
        params: The parameters.

    Raises:
        StepError: `training-data`, when a class has too few independent documents; or an input is damaged.
    """
    dataset = read_manifest(manifest)
    labelled = label_texts(dataset, read_rows(texts))
    kept, dropped = drop_useless(labelled, params.min_tokens)
    unread = len(dataset.examples) - len(labelled)
    sides = split_groups(((row.group, row.example.class_name) for row in kept), params.holdout_share)
    check_classes(dataset.classes, kept, sides)
    write_rows(table, (_table_row(row, sides[row.group]) for row in kept))
    counts = Counter(sides[row.group] for row in kept)
    reasons = {**dropped, REFUSED: unread} if unread else dict(dropped)
    return PreprocessReport(counts["train"], counts["holdout"], dict(sorted(reasons.items())))


def label_texts(dataset: DatasetManifest, rows: Iterable[Mapping[str, Any]]) -> list[LabelledText]:
    """Return the texts of the dataset's documents, by sha256; a text of another document is passed over."""
    by_sha256 = {row["sha256"]: row for row in rows}
    pairs = ((example, by_sha256.get(example.sha256)) for example in dataset.examples)
    return [LabelledText(example, row["language"], row["text"], row["lines_text"]) for example, row in pairs if row]


def drop_useless(rows: Iterable[LabelledText], min_tokens: int) -> tuple[list[LabelledText], Counter[str]]:
    """Return the documents that can teach something, by sha256, and how many others there were for each reason.

    Of documents with the same text in one class the one added first stays, so that no text stands on both sides of
    the split; a text that stands in several classes teaches nothing.
    """
    dropped: Counter[str] = Counter()
    by_text: dict[str, list[LabelledText]] = defaultdict(list)
    for row in rows:
        if len(row.text.split()) < min_tokens:
            dropped[NO_TEXT] += 1
        else:
            by_text[row.text].append(row)
    kept = []
    for same in by_text.values():
        if len({row.example.class_name for row in same}) > 1:
            dropped[AMBIGUOUS_TEXT] += len(same)
            continue
        kept.append(min(same, key=lambda row: (row.example.added_at, row.example.sha256)))
        if len(same) > 1:
            dropped[SAME_TEXT] += len(same) - 1
    return sorted(kept, key=lambda row: row.example.sha256), dropped


def check_classes(classes: Iterable[str], rows: Iterable[LabelledText], sides: Mapping[str, str]) -> None:
    """Check that every class of the dataset can be trained and judged.

    Raises:
        StepError: `training-data`; the message names the class.
    """
    groups: dict[str, set[str]] = defaultdict(set)
    for row in rows:
        groups[row.example.class_name].add(row.group)
    for name in classes:
        found = groups[name]
        if len(found) <= MIN_TRAIN_GROUPS:
            documents = "document" if len(found) == 1 else "documents"
            raise StepError(
                f"class '{name}': {len(found)} independent {documents} with readable text; "
                f"a training needs at least {MIN_TRAIN_GROUPS + 1}, of which one judges it.",
                code="training-data",
                hint="Add documents of the class, 20 or more for a usable result.",
            )
        held_out = sum(sides[group] == "holdout" for group in found)
        if not 0 < held_out <= len(found) - MIN_TRAIN_GROUPS:
            raise StepError(
                f"class '{name}': its groups are those of other classes too, so that it cannot be split.",
                code="training-data",
                hint="Add documents of the class that belong to no group.",
            )


def _table_row(row: LabelledText, side: str) -> dict[str, Any]:
    return {
        "sha256": row.example.sha256,
        "class": row.example.class_name,
        "group": row.group,
        "split": side,
        "language": row.language,
        "text": row.text,
        "lines_text": row.lines_text,
    }


def main(
    manifest: Annotated[Path, typer.Argument(help="The dataset manifest.")],
    texts: Annotated[Path, typer.Argument(help="The texts of the step clean.")],
    table: Annotated[Path, typer.Argument(help="The table to write.")],
    params: ParamsOption = PARAMS_FILE,
    report: ReportOption = None,
) -> None:
    """Drop documents that teach nothing and split the rest."""
    with command_step("preprocess") as step:
        step.report = run_preprocess(manifest, texts, table, read_params(params).preprocess)
        keep_report(step.report, report)


if __name__ == "__main__":
    typer.run(main)
