"""Step `ocr`: the text of every document's pages."""

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated

import typer

from pigeonhole_components.command_line import (
    PARAMS_FILE,
    ParamsOption,
    ReportOption,
    StorageOption,
    command_step,
    keep_report,
    platform,
    read_params,
)
from pigeonhole_components.dataset import read_manifest
from pigeonhole_components.json_files import write_lines
from pigeonhole_components.reading_pool import ReadingPool, ReadingSettings
from pigeonhole_components.reading_worker import ReadDocument, ReadingJob
from pigeonhole_components.sections import OcrParams
from pigeonhole_components.steps import Progress


@dataclass(frozen=True)
class OcrReport:
    """What was read; `refused` counts by RefusalReason, `engine` is the recogniser and its version."""

    documents: int
    pages: int
    refused: Mapping[str, int]
    engine: str


def run_ocr(
    manifest: Path,
    pages: Path,
    *,
    storage_url: str,
    params: OcrParams,
    settings: ReadingSettings | None = None,
    on_progress: Progress | None = None,
) -> OcrReport:
    """Read every document of a dataset, as many at once as there are CPUs.

    Pages that were read before with the same engine and parameters come from the cache in the storage. A document
    that cannot be read is a refused row.

    Args:
        manifest: The dataset manifest.
        pages: The file to write: JSON lines `{sha256, text, pages, failures, refused}`, by sha256; `pages` tells how
            each page was read.
        storage_url: Where the documents lie and the cache is kept.
        params: How pages are read.
        settings: How many processes read; from the environment when not given.
        on_progress: Called after each document.

    Raises:
        StepError: The OCR engine is missing, or the storage lacks a document or does not answer.
    """
    documents = [example.sha256 for example in read_manifest(manifest).examples]
    counted = _Counts()
    with ReadingPool(ReadingJob(storage_url, params), settings or ReadingSettings(), documents) as pool:
        lines = counted.of(in_order(documents, pool.results()), on_progress, len(documents))
        write_lines(pages, lines)
        return OcrReport(len(documents), counted.pages, dict(sorted(counted.refused.items())), pool.engine)


def in_order(documents: Sequence[str], results: Iterable[tuple[str, ReadDocument]]) -> Iterator[ReadDocument]:
    """Yield results in the order of the documents, each as soon as those before it are there."""
    early: dict[str, ReadDocument] = {}
    expected = iter(documents)
    awaited = next(expected, None)
    for sha256, result in results:
        early[sha256] = result
        while awaited in early:
            yield early.pop(awaited)
            awaited = next(expected, None)


class _Counts:
    def __init__(self) -> None:
        self.pages = 0
        self.refused: Counter[str] = Counter()

    def of(self, results: Iterable[ReadDocument], on_progress: Progress | None, total: int) -> Iterator[str]:
        for done, result in enumerate(results, start=1):
            self.pages += result.pages
            if result.refused:
                self.refused[result.refused] += 1
            if on_progress:
                on_progress(done, total)
            yield result.line


def main(
    manifest: Annotated[Path, typer.Argument(help="The dataset manifest.")],
    pages: Annotated[Path, typer.Argument(help="The pages to write.")],
    params: ParamsOption = PARAMS_FILE,
    storage: StorageOption = "",
    report: ReportOption = None,
) -> None:
    """Read every document of a dataset."""
    with command_step("ocr") as step:
        step.report = run_ocr(
            manifest,
            pages,
            storage_url=platform(storage).storage,
            params=read_params(params).ocr,
            on_progress=step.progress,
        )
        keep_report(step.report, report)


if __name__ == "__main__":
    typer.run(main)
