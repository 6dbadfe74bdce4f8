"""Step `ocr`: the text of every document's pages."""

from collections import Counter, deque
from collections.abc import Iterable, Iterator, Mapping, Sequence
from concurrent.futures import Future, wait
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from pigeonhole.datasets import DatasetStore
from pigeonhole.documents import DocumentRefused
from pigeonhole.storage import ObjectMissing, open_storage
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
from pigeonhole_components.errors import StepError
from pigeonhole_components.json_files import write_rows
from pigeonhole_components.sections import OcrParams
from pigeonhole_components.steps import Progress

if TYPE_CHECKING:
    from pigeonhole.ocr.pool import PoolSettings, ReadingPool
    from pigeonhole_components.reading import ReadText

Row = Mapping[str, Any]


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
    settings: "PoolSettings | None" = None,
    on_progress: Progress | None = None,
) -> OcrReport:
    """Read every document of a dataset whole, and take the first look at it that serving takes.

    As many are read at once as there are CPUs. Pages that were read before with the same engine and parameters come
    from the cache in the storage. A document that cannot be read is a refused row.

    Args:
        manifest: The dataset manifest.
        pages: The file to write: JSON lines `{sha256, text, lines_text, pages, failures, refused}`, by sha256; `pages`
            tells how each page was read, `lines_text` is what the first look gave.
        storage_url: Where the documents lie and the cache is kept.
        params: How pages are read.
        settings: How many processes read; from the environment when not given.
        on_progress: Called after each document.

    Raises:
        StepError: The OCR engine is missing, or no process can read.
        StorageError: The storage lacks a document or does not answer.
    """
    # Imported here because other steps need none of it, and it takes most of a second.
    from pigeonhole.ocr import EngineFailure, OcrSettings, open_reader
    from pigeonhole.ocr.pool import PoolSettings, ReadingPool
    from pigeonhole_components.reading import keep_text

    documents = [example.sha256 for example in read_manifest(manifest).examples]
    settings = settings or PoolSettings()
    settings = settings.model_copy(update={"workers": min(settings.processes, len(documents)) or 1})
    store = DatasetStore(open_storage(storage_url))
    counts = _Counts()
    try:
        with ReadingPool(
            partial(open_reader, storage_url, OcrSettings(**params.model_dump())), keep_text, settings
        ) as pool:
            write_rows(pages, counts.of(_rows(pool, store, documents), on_progress, len(documents)))
            return OcrReport(len(documents), counts.pages, dict(sorted(counts.refused.items())), pool.engine)
    except EngineFailure as failure:
        raise StepError(f"ocr: {failure.message}", code=failure.code, hint=failure.hint) from failure


def refused_row(sha256: str, refusal: DocumentRefused) -> Row:
    """Return the row of a document that could not be read."""
    return _refused(sha256, refusal.reason.value, refusal.detail)


def _refused(sha256: str, reason: str, detail: str) -> Row:
    refused = {"reason": reason, "detail": detail}
    return {"sha256": sha256, "text": "", "lines_text": "", "pages": [], "failures": [], "refused": refused}


def _rows(pool: "ReadingPool[ReadText]", store: DatasetStore, documents: Sequence[str]) -> Iterator[Row]:
    """Yield the documents' rows in order, with so many documents in hand that no process waits."""
    in_hand: deque[InHand | Erased] = deque()
    for sha256 in documents:
        try:
            data = store.document(sha256)
        except ObjectMissing:
            in_hand.append(Erased(sha256))
        else:
            in_hand.append(InHand(sha256, pool.submit(data, view="lines"), pool.submit(data, view="full")))
        if len(in_hand) >= pool.settings.room // 2:
            yield in_hand.popleft().row()
    while in_hand:
        yield in_hand.popleft().row()


@dataclass(frozen=True)
class Erased:
    """A document whose content is no longer kept, as a person may demand: its dataset version goes on without it."""

    sha256: str

    def row(self) -> Row:
        """Return the row of a document that cannot be read."""
        return _refused(self.sha256, "content-missing", "The content is no longer in the storage.")


@dataclass(frozen=True)
class InHand:
    """A document that is being read, twice."""

    sha256: str
    lines: "Future[ReadText]"
    full: "Future[ReadText]"

    def row(self) -> Row:
        """Wait for what was read; the document is refused when one of the two readings is."""
        # Both, since a document that is refused by one of them holds a place until the other is done as well.
        wait((self.lines, self.full))
        try:
            lines, full = self.lines.result(), self.full.result()
        except DocumentRefused as refusal:
            return refused_row(self.sha256, refusal)
        return {
            "sha256": self.sha256,
            "text": full.text,
            "lines_text": full.text if lines.complete else lines.text,
            "pages": full.pages,
            "failures": full.failures,
            "refused": None,
        }


class _Counts:
    def __init__(self) -> None:
        self.pages = 0
        self.refused: Counter[str] = Counter()

    def of(self, rows: Iterable[Row], on_progress: Progress | None, total: int) -> Iterator[Row]:
        for done, row in enumerate(rows, start=1):
            self.pages += len(row["pages"])
            if row["refused"]:
                self.refused[row["refused"]["reason"]] += 1
            if on_progress:
                on_progress(done, total)
            yield row


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
