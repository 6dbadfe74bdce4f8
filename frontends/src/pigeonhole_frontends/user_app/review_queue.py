"""The order in which documents come to a reviewer, and the choices one document offers: pure decisions."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TypeVar

from pigeonhole_api.models import Document, SampledDocument

MOST_KEYS = 9
Waiting = TypeVar("Waiting", Document, SampledDocument)


@dataclass(frozen=True)
class Choice:
    """A class that a reviewer may choose, its probability when there is one, and its key when there is one."""

    class_name: str
    probability: float | None
    key: str | None


def choices(document: Document, classes: Sequence[str]) -> list[Choice]:
    """Return the classes to choose from, likeliest first, with the keys 1 to 9; classes without a score come last."""
    scored = [(each.class_name, each.p) for each in document.prediction.probabilities] if document.prediction else []
    known = {name for name, _ in scored}
    unscored = [(name, None) for name in sorted(classes) if name not in known]
    return [Choice(name, p, choice_key(place)) for place, (name, p) in enumerate([*scored, *unscored], start=1)]


def decision_for(document: Document, class_name: str) -> str:
    """Return whether choosing a class accepts the model's answer or corrects it."""
    predicted = document.prediction.class_name if document.prediction else None
    return "accepted" if class_name == predicted else "corrected"


def choice_key(place: int) -> str | None:
    """Return the key of the class at a place, counted from 1, or None where there are no more keys."""
    return str(place) if place <= MOST_KEYS else None


def next_in_queue(queue: Sequence[Waiting], passed: Sequence[str]) -> Waiting | None:
    """Return the first of the documents that were passed over least often."""
    return min(queue, key=lambda document: passed.count(document.id), default=None)
