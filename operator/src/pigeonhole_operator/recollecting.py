"""What the next decision has to know of how the last plan ended; it is not worth more than a process's memory."""

from collections.abc import Callable
from dataclasses import dataclass

from pigeonhole_operator.cluster.cache import Key
from pigeonhole_operator.decision.observed import Deployment, Problem
from pigeonhole_operator.decision.plan import ApplyRouting, ApplyStable, Plan
from pigeonhole_operator.decision.reconcile import under_way
from pigeonhole_operator.knowing import Known
from pigeonhole_operator.outcome import Outcome, Result


@dataclass(frozen=True)
class Recollection:
    """Who has fields that were to be written, and why the last plan ended early."""

    field_conflict: str | None = None
    failure: Problem | None = None


@dataclass(frozen=True)
class _Hindrance:
    """Somebody else's fields, as they were found when the two objects had these generations."""

    managers: str
    generations: tuple[int, int]
    since: float


class Recollections:
    """How plans ended, by ModelDeployment."""

    def __init__(self, clock: Callable[[], float], conflict_seconds: float) -> None:
        self._clock = clock
        self._conflict_seconds = conflict_seconds
        self._hindrances: dict[Key, _Hindrance] = {}
        self._failures: dict[Key, Problem] = {}
        self._on_trial: dict[Key, Deployment] = {}

    def of(self, key: Key, known: Known) -> Recollection:
        """Return what is recollected of a ModelDeployment.

        Fields count as somebody else's until they could be written, one of the two objects changed, or some time
        passed: no one is told when a manager gives a field up.
        """
        hindrance = self._hindrances.get(key)
        if hindrance is not None and (
            hindrance.generations != _generations(known) or self._clock() - hindrance.since >= self._conflict_seconds
        ):
            hindrance = None
            del self._hindrances[key]
        return Recollection(hindrance.managers if hindrance else None, self._failures.get(key))

    def note(self, key: Key, known: Known, plan: Plan, outcome: Outcome) -> None:
        """Take in how a plan ended."""
        if under_way(known.promotions) is not None:
            self._on_trial[key] = known.deployment
        else:
            self._on_trial.pop(key, None)
        if outcome.field_conflict is not None:
            self._hindrances[key] = _Hindrance(outcome.field_conflict, _generations(known), self._clock())
        elif outcome.result is Result.SUCCESS and any(
            isinstance(act, ApplyStable | ApplyRouting) for act in plan.actions
        ):
            self._hindrances.pop(key, None)
        if outcome.failure is not None:
            self._failures[key] = outcome.failure
        elif outcome.result is Result.SUCCESS:
            self._failures.pop(key, None)

    def on_trial(self, key: Key) -> Deployment | None:
        """Return a ModelDeployment as it was when an attempt of it was under way at the last look."""
        return self._on_trial.get(key)

    def forget(self, key: Key) -> None:
        """Forget a ModelDeployment that is gone."""
        self._hindrances.pop(key, None)
        self._failures.pop(key, None)
        self._on_trial.pop(key, None)


def _generations(known: Known) -> tuple[int, int]:
    return known.deployment.generation, known.target.generation if known.target else 0
