"""What two models say of the same text, side by side."""

import asyncio
import math
from dataclasses import replace

import pytest
from prometheus_client import REGISTRY

from pigeonhole.artefact import ModelIdentity
from pigeonhole.scored_texts import ScoredTexts
from pigeonhole_serving.comparing import Comparisons, Scored, agreement
from pigeonhole_serving.errors import Reason, failure
from pigeonhole_serving.routing import Role

pytestmark = pytest.mark.unit
STABLE = ScoredTexts(
    model=ModelIdentity("document-classifier", "c1", "run", "digest"),
    classes=("invoice", "letter"),
    thresholds=(0.5, 0.5),
    probabilities=((0.9, 0.1),),
    stop_confidence=0.8,
)
CANDIDATE = replace(STABLE, model=replace(STABLE.model, version="c2"), probabilities=((0.7, 0.3),))
OPPOSED = replace(CANDIDATE, probabilities=((0.2, 0.8),))


def counted(name: str, **labels: str) -> float:
    return REGISTRY.get_sample_value(name, labels) or 0.0


def test_models_agree_when_they_name_the_same_class() -> None:
    assert agreement(STABLE, CANDIDATE, complete=True) == "yes"
    assert agreement(STABLE, OPPOSED, complete=True) == "no"


def test_a_text_that_one_model_cannot_score_is_a_disagreement() -> None:
    blind = replace(CANDIDATE, probabilities=((math.nan, math.nan),))
    assert agreement(STABLE, blind, complete=True) == "no"
    assert agreement(blind, replace(blind, model=STABLE.model), complete=True) == "yes"


def test_a_first_look_that_is_not_enough_for_the_other_model_decides_nothing() -> None:
    assert agreement(STABLE, OPPOSED, complete=False) == "no"
    assert agreement(STABLE, CANDIDATE, complete=False) == "undecided"
    assert agreement(STABLE, replace(OPPOSED, stop_confidence=None), complete=False) == "undecided"


async def run(answered: Scored, shadow: Role, answers: "list[ScoredTexts | Exception]", limit: int = 8) -> None:
    comparisons, hold = Comparisons(limit), asyncio.Event()

    async def ask(answer: "ScoredTexts | Exception") -> ScoredTexts:
        await hold.wait()
        if isinstance(answer, Exception):
            raise answer
        return answer

    for answer in answers:
        comparisons.start(answered, shadow, ask(answer), complete=True)
    hold.set()
    await asyncio.gather(*asyncio.all_tasks() - {asyncio.current_task()})
    await comparisons.close()


@pytest.mark.parametrize(
    ("answered", "shadow", "other"),
    [
        (Scored(Role.STABLE, STABLE), Role.CANDIDATE, CANDIDATE),
        (Scored(Role.CANDIDATE, CANDIDATE), Role.STABLE, STABLE),
    ],
)
def test_a_comparison_counts_the_same_whichever_model_answered(
    answered: Scored, shadow: Role, other: ScoredTexts
) -> None:
    labels = {"model_version": "c2", "stable_version": "c1"}
    before = counted("pigeonhole_shadow_comparisons_total", **labels, agree="yes")
    below = counted("pigeonhole_shadow_confidence_difference_bucket", **labels, le="-0.1")
    asyncio.run(run(answered, shadow, [other]))
    assert counted("pigeonhole_shadow_comparisons_total", **labels, agree="yes") == before + 1
    assert counted("pigeonhole_shadow_confidence_difference_bucket", **labels, le="-0.1") == below + 1


def test_a_model_that_fails_in_the_shadow_is_counted_and_compared_with_nothing() -> None:
    before = counted("pigeonhole_shadow_calls_total", role="candidate", result="timeout")
    asyncio.run(run(Scored(Role.STABLE, STABLE), Role.CANDIDATE, [failure(Reason.TIMEOUT, "late")]))
    assert counted("pigeonhole_shadow_calls_total", role="candidate", result="timeout") == before + 1


def test_comparisons_beyond_the_limit_are_left_out() -> None:
    before = counted("pigeonhole_shadow_calls_total", role="candidate", result="dropped")
    asyncio.run(run(Scored(Role.STABLE, STABLE), Role.CANDIDATE, [CANDIDATE] * 5, limit=2))
    assert counted("pigeonhole_shadow_calls_total", role="candidate", result="dropped") == before + 3
