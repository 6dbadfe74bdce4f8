"""Show a text that was answered to the other model too, beside the answers that go out."""

import asyncio
from collections.abc import Coroutine
from dataclasses import dataclass
from typing import Any

from pigeonhole.classifier import Score, decide, reads_enough
from pigeonhole.scored_texts import ScoredTexts
from pigeonhole_serving.errors import ServingError
from pigeonhole_serving.metrics import SHADOW_CALLS, SHADOW_COMPARISONS, SHADOW_DIFFERENCE
from pigeonhole_serving.routing import Role


@dataclass(frozen=True)
class Scored:
    """A model's numbers and the role of the model."""

    role: Role
    scores: ScoredTexts


class Comparisons:
    """Runs up to `limit` comparisons at once and leaves out what would be more: no answer waits for one."""

    def __init__(self, limit: int) -> None:
        self._limit = limit
        self._running: set[asyncio.Task[None]] = set()

    def start(
        self, answered: Scored, shadow: Role, asking: Coroutine[Any, Any, ScoredTexts], *, complete: bool
    ) -> None:
        """Compare what answered with what the other model says.

        Args:
            answered: The numbers of the answer that goes out.
            shadow: The other model's role.
            asking: Gives the other model's numbers for the same texts.
            complete: Whether the texts are of the whole document and not of a first look.
        """
        if len(self._running) >= self._limit:
            asking.close()
            SHADOW_CALLS.labels(shadow, "dropped").inc()
            return
        task = asyncio.create_task(_compare(answered, shadow, asking, complete))
        self._running.add(task)
        task.add_done_callback(self._running.discard)

    async def close(self) -> None:
        """Give up what is under way."""
        for task in self._running:
            task.cancel()
        await asyncio.gather(*self._running, return_exceptions=True)


def agreement(answered: ScoredTexts, other: ScoredTexts, *, complete: bool) -> str:
    """Return whether both models name the same class for a document: `yes`, `no` or `undecided`.

    It is undecided when only a first look was read, which is not enough for the other model to answer by.
    """
    if not complete and not reads_enough(_score(other), other.stop_confidence):
        return "undecided"
    return "yes" if _score(answered).class_name == _score(other).class_name else "no"


async def _compare(answered: Scored, shadow: Role, asking: Coroutine[Any, Any, ScoredTexts], complete: bool) -> None:
    try:
        other = await asking
    except ServingError as error:
        SHADOW_CALLS.labels(shadow, error.reason).inc()
        return
    SHADOW_CALLS.labels(shadow, "ok").inc()
    scores = {answered.role: answered.scores, shadow: other}
    stable, candidate = scores[Role.STABLE], scores[Role.CANDIDATE]
    versions = candidate.model.version, stable.model.version
    agree = agreement(answered.scores, other, complete=complete)
    SHADOW_COMPARISONS.labels(*versions, agree).inc()
    confidences = _score(candidate).confidence, _score(stable).confidence
    if agree == "yes" and None not in confidences:
        SHADOW_DIFFERENCE.labels(*versions).observe(confidences[0] - confidences[1])  # type: ignore[operator]


def _score(scores: ScoredTexts) -> Score:
    return decide(scores.classes, scores.thresholds, scores.probabilities[0])
