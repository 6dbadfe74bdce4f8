"""The numbers behind the figures: by way, by kind and by class."""

import statistics
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import asdict
from typing import Any

from ocr.corpus import SCANS, BenchCorpus
from ocr.figures import Ratio, of_kinds, ratio
from ocr.results import CACHED, FULL, LINES, NAIVE, PROGRESSIVE, RAPID, Condition, Measured, Round, SortedPage
from ocr.scores import accuracy, delta_interval, macro_f1

WAYS = (NAIVE, RAPID, FULL, LINES, PROGRESSIVE, CACHED)
SORTED_WAYS = (NAIVE, FULL, LINES, PROGRESSIVE)
"""The ways that read every document, so that their answers can be compared."""
DIGITAL = ("digital pdf",)


def describe_data(corpus: BenchCorpus, measured: Sequence[Measured], pages: Sequence[SortedPage]) -> dict[str, Any]:
    """Return what was measured and what was passed over."""
    kinds = Counter(page.document.kind for page in pages)
    classes = Counter(page.document.class_name for page in pages)
    refusals = Counter(f"{way}: {reason}" for row in measured for way, reason in row.refused.items())
    return {
        "source": corpus.source,
        "documents": len(pages),
        "by_kind": dict(kinds),
        "by_class": dict(sorted(classes.items())),
        "files_refused": corpus.refused,
        "classes_too_small": corpus.too_small,
        "passed_over": dict(refusals),
    }


def describe_ways(pages: Sequence[SortedPage]) -> dict[str, Any]:
    """Return CPU time and scores of each way, for scans and for PDFs with a text layer."""
    scans, digital = of_kinds(pages, SCANS), of_kinds(pages, DIGITAL)
    return {name: describe_group(group) for name, group in (("scans", scans), ("digital_pdfs", digital)) if group}


def describe_group(pages: Sequence[SortedPage]) -> dict[str, Any]:
    """Return CPU milliseconds a page and scores of each way."""
    truth = [page.document.class_name for page in pages]
    ways = {}
    for way in WAYS:
        reading = [page.reading[way] for page in pages if way in page.reading]
        if not reading:
            continue
        sorting = [page.sorting[way] for page in pages if way in page.sorting]
        ways[way] = {
            "pages": len(reading),
            "cpu_ms_mean": _ms(statistics.fmean(reading)),
            "cpu_ms_median": _ms(statistics.median(reading)),
            "sorting_cpu_ms_mean": _ms(statistics.fmean(sorting)),
        }
        if way in SORTED_WAYS:
            answers = [page.answers[way] for page in pages]
            ways[way] |= {
                "macro_f1": round(macro_f1(truth, answers), 4),
                "accuracy": round(accuracy(truth, answers), 4),
            }
    return {"pages": len(pages), "ways": ways}


def describe_ratios(pages: Sequence[SortedPage]) -> dict[str, Any]:
    """Return how many times our CPU time the rivals take: of all scans, by kind and by class."""
    scans = of_kinds(pages, SCANS)
    kinds = sorted({page.document.kind for page in pages})
    classes = sorted({page.document.class_name for page in scans})
    return {
        "scans": _ratios(scans),
        "by_kind": {kind: _ratios(of_kinds(pages, (kind,))) for kind in kinds},
        "scans_by_class": {
            name: _ratios([page for page in scans if page.document.class_name == name]) for name in classes
        },
    }


def describe_delta(pages: Sequence[SortedPage], seed: int) -> dict[str, Any]:
    """Return the macro-F1 of the scans, the interval of the difference and how often the first look was enough."""
    scans = of_kinds(pages, SCANS)
    if not scans:
        return {}
    truth = [page.document.class_name for page in scans]
    ours, naive = ([page.answers[way] for page in scans] for way in (PROGRESSIVE, NAIVE))
    upright = [page for page in scans if not page.turned]
    low, high = delta_interval(truth, ours, naive, seed=seed)
    return {
        "macro_f1": {way: scans_f1(scans, way) for way in SORTED_WAYS},
        "scans_turned": len(scans) - len(upright),
        "macro_f1_of_upright_scans": {way: scans_f1(upright, way) for way in SORTED_WAYS} if upright else {},
        "delta_interval_95": [round(low, 4), round(high, 4)],
        "read_on_rate": round(statistics.fmean(page.read_on for page in scans), 4),
    }


def scans_f1(scans: Sequence[SortedPage], way: str) -> float:
    """Return a way's macro-F1."""
    return macro_f1([page.document.class_name for page in scans], [page.answers[way] for page in scans])


def describe_robustness(conditions: Sequence[Condition], rounds: Sequence[Round]) -> dict[str, Any]:
    """Return the conditions and the rounds as they were measured."""
    return {
        "robustness": [asdict(condition) for condition in conditions],
        "scaling_rounds": [{**asdict(each), "ratio": each.ratio} for each in rounds],
    }


def list_pages(pages: Sequence[SortedPage]) -> list[dict[str, Any]]:
    """Return every document with its CPU milliseconds; its identity is the beginning of its sha256, never a name."""
    return [
        {
            "sha256": page.document.sha256[:12],
            "class": page.document.class_name,
            "kind": page.document.kind,
            "read_on": page.read_on,
            "cpu_ms": {way: _ms(seconds) for way, seconds in page.reading.items()},
            "answers": {way: page.answers[way] for way in SORTED_WAYS},
        }
        for page in pages
    ]


def _ratios(pages: Sequence[SortedPage]) -> dict[str, Any]:
    measured: Mapping[str, Ratio | None] = {
        "full_vs_naive": ratio(pages, NAIVE, FULL),
        "full_vs_rapidocr": ratio(pages, RAPID, FULL),
        "lines_vs_naive": ratio(pages, NAIVE, LINES),
        "progressive_vs_naive": ratio(pages, NAIVE, PROGRESSIVE),
        "sorted_progressively_vs_naive": ratio(pages, NAIVE, PROGRESSIVE, with_sorting=True),
        "cached_vs_naive": ratio(pages, NAIVE, CACHED),
    }
    return {name: _rounded(value) for name, value in measured.items() if value}


def _rounded(value: Ratio) -> dict[str, float]:
    return {"pages": value.pages, "total": round(value.total, 2), "median_page": round(value.median, 2)}


def _ms(seconds: float) -> float:
    return round(1000 * seconds, 3)
