"""Run the bench: `make bench`, or `PYTHONPATH=tests/bench python -m ocr`; docs/bench.md explains what it measures."""

# OpenMP reads it when tesseract's library is loaded: its threads spin when cores are contended, and the rival must not
# pay for that (docs/bench.md).
import os

os.environ["OMP_THREAD_LIMIT"] = "1"

import json
import sys
from collections.abc import Sequence
from typing import Any

import cv2

from figures import Figure, figures_table
from ocr.corpus import SCANS, open_corpus
from ocr.figures import all_figures, of_kinds
from ocr.ours import open_page_reader
from ocr.plot import draw
from ocr.report import environment, ways_table
from ocr.results import NAIVE, PROGRESSIVE, Condition
from ocr.settings import BenchSettings
from ocr.sorting import sort_page, train_folds
from ocr.stages import comparable, read_by_workers, read_pages, sort_distorted
from ocr.summary import (
    describe_data,
    describe_delta,
    describe_ratios,
    describe_robustness,
    describe_ways,
    list_pages,
    scans_f1,
)
from pigeonhole.errors import PigeonholeError
from progress import Stages, say


def main() -> int:
    """Measure, write ocr.json and ocr.png, and print the tables; 2 when there is nothing that can be measured."""
    cv2.setNumThreads(1)
    settings = BenchSettings()
    settings.output.mkdir(parents=True, exist_ok=True)
    try:
        run(settings)
    except PigeonholeError as error:
        sys.stderr.write(f"bench: {error.message}\n")
        return 2
    return 0


def run(settings: BenchSettings) -> None:
    """Go through all stages.

    Raises:
        PigeonholeError: The documents do not allow it, or the engine is missing.
    """
    open_page_reader().warm_up()
    stage = Stages()
    corpus = open_corpus(settings)
    stage.done(f"corpus ({corpus.source}): {corpus.summary}")
    measured = read_pages(corpus, settings)
    rows = comparable(measured)
    stage.done(f"reading: {len(rows)} documents by every way, {len(measured) - len(rows)} passed over")
    models = train_folds(rows, settings.folds, processes=settings.workers, seed=settings.seed)
    pages = [sort_page(models, row) for row in rows]
    read_on = sum(page.read_on for page in pages)
    stage.done(f"sorting: {len(models.by_way[PROGRESSIVE])} folds; {read_on} documents read on after the first look")
    conditions = sort_distorted(pages, models, settings)
    stage.done(f"robustness: {len(conditions)} conditions")
    rounds = read_by_workers(pages, settings)
    stage.done(f"scaling: {len(rounds)} rounds")
    scans = of_kinds(pages, SCANS)
    scores = {way: scans_f1(scans, way) for way in (NAIVE, PROGRESSIVE)} if scans else {}
    figures = all_figures(pages, scores, conditions, rounds)
    data = {
        **describe_data(corpus, measured, pages),
        **describe_delta(pages, settings.seed),
        "stop_confidences": [model.stop_confidence for model in models.by_way[PROGRESSIVE]],
        "ways": describe_ways(pages),
        "ratios": describe_ratios(pages),
        **describe_robustness(conditions, rounds),
        "settings": settings.model_dump(mode="json", exclude={"data", "output"}),
        "pages": list_pages(pages),
    }
    write(settings, figures, data, conditions)


def write(
    settings: BenchSettings, figures: Sequence[Figure], data: dict[str, Any], conditions: Sequence[Condition]
) -> None:
    """Write ocr.json and ocr.png, and print the tables."""
    report = {"figures": [figure.to_json() for figure in figures], "environment": environment(), "data": data}
    (settings.output / "ocr.json").write_text(json.dumps(report, indent=2, ensure_ascii=False) + "\n", encoding="utf-8")
    draw(settings.output / "ocr.png", data["ways"], conditions)
    say(f"{ways_table(data['ways'])}\n\nfigures\n{figures_table(figures)}")


if __name__ == "__main__":
    sys.exit(main())
