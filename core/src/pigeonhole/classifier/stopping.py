"""From which confidence on the first look at a document is enough."""

from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from pigeonhole.classifier.evaluation import likeliest_columns, macro_f1
from pigeonhole.classifier.params import TrainingParams
from pigeonhole.classifier.progressive import BothViews, ServedAnswers, are_sure, serve_views
from pigeonhole.classifier.thresholds import choose_thresholds

GRID = tuple(round(step / 100, 2) for step in range(10, 100))
"""The confidences that are tried, the one that spares most reading first."""


def choose_served_answers(views: BothViews, labels: NDArray[np.int64], params: TrainingParams) -> ServedAnswers:
    """Return the answers with the lowest stop confidence that costs no more than was allowed.

    Lost is a document that stopped with a wrong answer where its full text has the right one; won is the opposite.
    Of the n documents that have a shorter view

    - the lost ones less the won ones, and one more, are at most `max_progressive_loss` of n + 1. That one document
      stands for what so few cannot show, as in conformal risk control (Angelopoulos et al., 2022): with 0.015,
      fewer than 66 documents prove nothing, however good they look;
    - the lost ones less the won ones are at most `max_progressive_loss` of those that stopped;
    - macro-F1 over all documents is at most `max_progressive_loss` below that of full texts;
    - the documents left to people are at most `max_review_increase` of all more than with full texts;
    - those that stopped are at least `min_stop_share`.

    The confidence is raised to the lowest that stopped, so that it is no lower than what was seen.

    Args:
        views: Out-of-fold probabilities of both views.
        labels: Columns of the true classes, shape (documents,).
        params: What is allowed.

    Returns:
        The answers; their stop confidence is None, and they are those of full texts, when no document has a shorter
        view or no confidence qualifies.
    """
    whole = _serve(views, labels, None, params)
    for confidence in GRID:
        served = _serve(views, labels, confidence, params)
        if _costs_little(views, labels, whole, served, params):
            lowest_seen = float(views.lines[views.shorter & ~served.read_on].max(axis=1).min())
            return replace(served, stop_confidence=lowest_seen)
    return whole


def _serve(
    views: BothViews, labels: NDArray[np.int64], stop_confidence: float | None, params: TrainingParams
) -> ServedAnswers:
    probabilities, read_on = serve_views(views, stop_confidence)
    thresholds = choose_thresholds(
        probabilities, labels, target_precision=params.target_precision, minimum=params.min_threshold
    )
    return ServedAnswers(probabilities, read_on, thresholds, stop_confidence)


def _costs_little(
    views: BothViews, labels: NDArray[np.int64], whole: ServedAnswers, served: ServedAnswers, params: TrainingParams
) -> bool:
    documents, max_loss = int(views.shorter.sum()), params.max_progressive_loss
    stopped = views.shorter & ~served.read_on
    by_full, by_served = likeliest_columns(whole.probabilities), likeliest_columns(served.probabilities)
    lost = int((by_full == labels).sum()) - int((by_served == labels).sum())
    left_to_people = _count_unsure(served) - _count_unsure(whole)
    return bool(
        stopped.any()
        and stopped.sum() >= params.min_stop_share * documents
        and max(lost, 0) + 1 <= max_loss * (documents + 1)
        and lost <= max_loss * stopped.sum()
        and macro_f1(by_full, labels) - macro_f1(by_served, labels) <= max_loss
        and left_to_people <= params.max_review_increase * len(labels)
    )


def _count_unsure(answers: ServedAnswers) -> int:
    return int((~are_sure(answers.probabilities, answers.thresholds)).sum())
