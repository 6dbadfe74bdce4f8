"""Step `clean`: from what was read to the plain text that the classifier sees."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any

import typer

from pigeonhole.text import clean_text
from pigeonhole_components.command_line import command_step
from pigeonhole_components.errors import StepError
from pigeonhole_components.json_files import read_rows, write_rows


@dataclass(frozen=True)
class CleanReport:
    """How many documents were read and how many had been refused before."""

    documents: int
    refused: int


def run_clean(pages: Path, texts: Path) -> CleanReport:
    """Write the plain text of every document that was read.

    It has no parameters: the plain form is the one that serving uses, which `pigeonhole.text` alone decides.

    Args:
        pages: JSON lines `{sha256, text, lines_text, pages, failures, refused}`, of the step `ocr`.
        texts: The file to write: JSON lines `{sha256, language, text, lines_text}`, in the order of `pages`, without
            the refused.

    Raises:
        StepError: `pages` is missing or damaged, or was written by a release that took no first look at documents.
    """
    refused = 0

    def rows() -> Iterator[dict[str, Any]]:
        nonlocal refused
        for row in read_rows(pages):
            if row["refused"]:
                refused += 1
                continue
            yield _clean_row(row, pages)

    return CleanReport(documents=write_rows(texts, rows()), refused=refused)


def _clean_row(row: Mapping[str, Any], pages: Path) -> dict[str, Any]:
    if "lines_text" not in row:
        raise StepError(
            f"{pages.name}: a document has no lines_text.", code="input-invalid", hint="Run the step ocr again."
        )
    clean = clean_text(row["text"])
    # Cleaned by itself, language and all, as serving does with a document of which it has seen no more.
    lines = clean if row["lines_text"] == row["text"] else clean_text(row["lines_text"])
    return {"sha256": row["sha256"], "language": clean.language, "text": clean.text, "lines_text": lines.text}


def main(
    pages: Annotated[Path, typer.Argument(help="The pages of the step ocr.")],
    texts: Annotated[Path, typer.Argument(help="The texts to write.")],
) -> None:
    """Make the plain text of every document."""
    with command_step("clean") as step:
        step.report = run_clean(pages, texts)


if __name__ == "__main__":
    typer.run(main)
