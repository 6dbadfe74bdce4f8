"""Whether a version may be tried at all: what its evaluation, its tags and its files say."""

import hashlib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import TypeVar

from pigeonhole_operator.decision.intervals import difference
from pigeonhole_operator.decision.observed import Artefact, ClassScore, Evaluation, ModelVersion, Problem
from pigeonhole_operator.resources.deployment_spec import Gate, MetricGate, PerClassGate
from pigeonhole_operator.resources.deployment_status import Release
from pigeonhole_operator.resources.promotion import GateResult

ARTEFACT = "artefact"
"""The gate that nobody can leave out: the files are there and are those that were registered."""
TAG_PREFIX = "promotion_"
"""What the tags begin with that the operator writes itself."""
_ROUNDING = 1e-9
_Fact = TypeVar("_Fact")
_MISSING = frozenset({"EvaluationMissing", "EvaluationGarbled", "ArtefactMissing", "ArtefactGarbled"})


@dataclass(frozen=True)
class Facts:
    """What the gates look at; the stable version's facts are None while nothing serves."""

    version: ModelVersion
    evaluation: Evaluation | Problem
    artefact: Artefact | Problem
    stable: Release | None = None
    stable_evaluation: Evaluation | Problem | None = None
    stable_artefact: Artefact | Problem | None = None


class _Unknown(Exception):
    """A gate cannot be judged now, and may be later."""

    def __init__(self, problem: Problem) -> None:
        super().__init__(problem.reason)
        self.problem = problem


def judge_gates(gates: tuple[Gate, ...], facts: Facts) -> tuple[GateResult, ...] | Problem:
    """Return what each gate found, that of the files first, or why that cannot be said now.

    A source that does not answer gives a Problem; a report or a file that is not there does not pass.
    """
    try:
        return (_artefact(facts), *(_gate(gate, facts) for gate in gates))
    except _Unknown as unknown:
        return unknown.problem


def judge_artefact(facts: Facts) -> tuple[GateResult, ...] | Problem:
    """Return what the gate of the files found, for a version whose other gates are skipped."""
    return judge_gates((), facts)


def tags_digest(version: ModelVersion) -> str:
    """Return a hash of the tags that somebody else wrote: a refused version is judged anew when they change."""
    foreign = sorted((key, value) for key, value in version.tags.items() if not key.startswith(TAG_PREFIX))
    return hashlib.sha256(repr(foreign).encode()).hexdigest()[:16]


def _artefact(facts: Facts) -> GateResult:
    version = facts.version
    if version.status != "READY":
        return _failed(ARTEFACT, f"Version {version.version} is {version.status} in the registry.")
    if not version.storage_uri:
        return _failed(ARTEFACT, f"Version {version.version} has no files.")
    if not version.digest:
        return _failed(ARTEFACT, f"Version {version.version} has no tag digest.")
    found = _known(facts.artefact)
    if isinstance(found, Problem):
        return _failed(ARTEFACT, found.message)
    if found.digest is None:
        return _passed(ARTEFACT, "The files cannot be looked at from here; the predictor's answer will tell.")
    if found.digest != version.digest:
        return _failed(ARTEFACT, "The files have another digest than the registry.")
    return _passed(ARTEFACT, "The files are those that were registered.")


def _gate(gate: Gate, facts: Facts) -> GateResult:
    if gate.metric is not None:
        return _metric(gate.name, gate.metric, facts)
    if gate.per_class is not None:
        return _per_class(gate.name, gate.per_class, facts)
    if gate.tag is not None:
        value = facts.version.tags.get(gate.tag.key)
        message = f"The tag {gate.tag.key} is {value!r}; it has to be {gate.tag.value!r}."
        return GateResult(name=gate.name, passed=value == gate.tag.value, message=message)
    return _signature(gate.name, gate.signature == "MustMatchStable", facts)


def _metric(name: str, gate: MetricGate, facts: Facts) -> GateResult:
    evaluation = _known(facts.evaluation)
    if isinstance(evaluation, Problem):
        return _failed(name, evaluation.message)
    value = evaluation.metrics.get(gate.key)
    if value is None or value != value:
        return _failed(name, f"The evaluation has no {gate.key}.")
    faults = list(_outside(gate, value))
    if gate.max_regression is not None and facts.stable is not None:
        before = _champion_metric(gate.key, evaluation, facts)
        if before is None:
            faults.append(f"nobody knows the {gate.key} of version {facts.stable.version}")
        else:
            loss = before - value if gate.higher_is_better else value - before
            if loss > gate.max_regression + _ROUNDING:
                faults.append(
                    f"version {facts.stable.version} has {before:.4g}, of which {gate.max_regression:.4g} may be lost"
                )
    return _judged(name, f"{gate.key} is {value:.4g}", faults)


def _outside(gate: MetricGate, value: float) -> Iterator[str]:
    if gate.min is not None and value < gate.min:
        yield f"at least {gate.min:.4g} is needed"
    if gate.max is not None and value > gate.max:
        yield f"at most {gate.max:.4g} is allowed"


def _champion_metric(key: str, evaluation: Evaluation, facts: Facts) -> float | None:
    stable = facts.stable
    # Scores on the same documents say more than those of two holdouts.
    if stable and evaluation.champion_version == stable.version and evaluation.champion_metrics:
        return evaluation.champion_metrics.get(key)
    report = _known(facts.stable_evaluation)
    return report.metrics.get(key) if isinstance(report, Evaluation) else None


def _per_class(name: str, gate: PerClassGate, facts: Facts) -> GateResult:
    evaluation = _known(facts.evaluation)
    if isinstance(evaluation, Problem):
        return _failed(name, evaluation.message)
    classes = {key: value for key, value in evaluation.per_class.items() if value.support >= gate.min_support}
    faults = [
        f"{key} has {getattr(value, gate.score):.3f}, at least {gate.min:.3g} is needed"
        for key, value in classes.items()
        if gate.min is not None and getattr(value, gate.score) < gate.min
    ]
    if gate.max_regression is not None and facts.stable is not None:
        report = _known(facts.stable_evaluation)
        if not isinstance(report, Evaluation):
            faults.append(f"nobody knows the classes of version {facts.stable.version}")
        else:
            faults.extend(_lost(gate, gate.max_regression, evaluation.per_class, report.per_class))
    return _judged(name, f"{len(classes)} classes have {gate.min_support} documents or more", faults)


def _lost(
    gate: PerClassGate, most: float, now: Mapping[str, ClassScore], before: Mapping[str, ClassScore]
) -> Iterator[str]:
    for key, old in before.items():
        if old.support < gate.min_support:
            continue
        new = now.get(key)
        if new is None or new.support == 0:
            yield f"{key} is not known any more"
        elif new.support >= gate.min_support and _is_loss(gate, most, new, old):
            yield f"{key} fell from {getattr(old, gate.score):.3f} to {getattr(new, gate.score):.3f}"


def _is_loss(gate: PerClassGate, most: float, new: ClassScore, old: ClassScore) -> bool:
    if getattr(old, gate.score) - getattr(new, gate.score) <= most + _ROUNDING:
        return False
    _, high = difference(_counts(gate.score, new), _counts(gate.score, old), gate.confidence)
    return high < 0


def _counts(score: str, scores: ClassScore) -> tuple[float, float]:
    """Return a class's hits and the documents they are a share of.

    F1 is no share of documents; its class's documents stand for its sample.
    """
    if score == "precision" and scores.precision > 0:
        hits = scores.recall * scores.support
        return hits, hits / scores.precision
    value: float = getattr(scores, score)
    return value * scores.support, scores.support


def _signature(name: str, must_match: bool, facts: Facts) -> GateResult:
    found = _known(facts.artefact)
    if isinstance(found, Problem):
        return _failed(name, found.message)
    if found.signature is None:
        return _failed(name, "The version's files have no signature, or cannot be looked at from here.")
    if not must_match or facts.stable is None:
        return _passed(name, "The version has a signature.")
    stable = _known(facts.stable_artefact)
    if not isinstance(stable, Artefact) or stable.signature is None:
        return _failed(name, f"Nobody knows the signature of version {facts.stable.version}.")
    if stable.signature != found.signature:
        return _failed(name, f"The signature is another one than that of version {facts.stable.version}.")
    return _passed(name, f"The signature is that of version {facts.stable.version}.")


def _known(fact: _Fact | Problem) -> _Fact | Problem:
    """Return a fact, or that it is missing for good."""
    if isinstance(fact, Problem) and fact.reason not in _MISSING:
        raise _Unknown(fact)
    return fact


def _judged(name: str, found: str, faults: list[str]) -> GateResult:
    if faults:
        return _failed(name, f"{found}: {'; '.join(faults[:5])}.")
    return _passed(name, f"{found}.")


def _passed(name: str, message: str) -> GateResult:
    return GateResult(name=name, passed=True, message=message)


def _failed(name: str, message: str) -> GateResult:
    return GateResult(name=name, passed=False, message=message[:1024])
