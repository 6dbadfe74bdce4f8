"""The conditions of a ModelDeployment: what is true of it now, and why."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Literal

from pigeonhole_operator.decision.analysis import failed
from pigeonhole_operator.decision.choice import Choice
from pigeonhole_operator.decision.observed import Observed, Problem
from pigeonhole_operator.decision.placing import is_kept_off
from pigeonhole_operator.decision.retreat import NOT_RESTORED, is_stuck
from pigeonhole_operator.decision.trial import deadline_of
from pigeonhole_operator.decision.upkeep import Drift
from pigeonhole_operator.resources.deployment_status import Condition, ConditionType, Release
from pigeonhole_operator.resources.promotion import Phase, PromotionStatus

Truth = Literal["True", "False", "Unknown"]


@dataclass(frozen=True)
class Situation:
    """What the conditions are read from; `last` is the journal of the attempt under way, or of the last one."""

    observed: Observed
    stable: Release | None
    last: PromotionStatus | None
    choice: Choice
    drift: Drift | None

    @property
    def under_way(self) -> PromotionStatus | None:
        """The journal of the attempt under way."""
        return None if self.last is None or self.last.phase.ended else self.last


@dataclass(frozen=True)
class Finding:
    """A condition without its times."""

    type: ConditionType
    status: Truth
    reason: str
    message: str = ""


def conditions_of(situation: Situation) -> tuple[Condition, ...]:
    """Return the conditions, each with the moment when it last became what it is."""
    status, generation = situation.observed.deployment.status, situation.observed.deployment.generation
    found = []
    for finding in _findings(situation):
        before = status.condition(finding.type)
        kept = before is not None and before.status == finding.status
        found.append(
            Condition(
                type=finding.type,
                status=finding.status,
                reason=finding.reason or "Unknown",
                message=finding.message[:1024],
                observed_generation=generation,
                last_transition_time=before.last_transition_time if before and kept else situation.observed.now,
            )
        )
    return tuple(found)


def _findings(situation: Situation) -> Iterator[Finding]:
    yield _ready(situation)
    yield _progressing(situation)
    yield from _gates(situation)
    yield from _analysis(situation)
    yield _registry(situation)
    yield from _metrics(situation)
    yield _target(situation)
    yield _drifted(situation)
    yield _stalled(situation)
    suspended = situation.observed.deployment.spec.suspend
    yield Finding("Suspended", "True" if suspended else "False", "Suspended" if suspended else "Active")


def _ready(situation: Situation) -> Finding:
    observed, stable = situation.observed, situation.stable
    target = observed.target
    if observed.conflict is not None:
        message = f"{observed.conflict} has {observed.deployment.spec.target.inference_service} already."
        return Finding("Ready", "False", "TargetConflict", message)
    if target is None or target.deleting:
        message = f"There is no InferenceService {observed.deployment.spec.target.inference_service}."
        return Finding("Ready", "False", "TargetMissing", message)
    if stable is None:
        return Finding("Ready", "False", "NoStableVersion", "No version has been promoted yet.")
    if not target.ready:
        return Finding("Ready", "False", "TargetNotReady", target.message)
    drift = situation.drift
    if drift is not None and drift.reason == "TargetChanged":
        return Finding("Ready", "False", "Drifted", drift.message)
    if _is_deleted(observed, stable):
        message = f"Version {stable.version} serves, and is not in the registry any more."
        return Finding("Ready", "True", "StableVersionDeleted", message)
    return Finding("Ready", "True", "ServingStable", f"Version {stable.version} serves.")


def _is_deleted(observed: Observed, stable: Release) -> bool:
    registry = observed.registry
    return not isinstance(registry, Problem) and registry.versions.get(stable.version, stable) is None


def _progressing(situation: Situation) -> Finding:
    status = situation.under_way
    if status is not None:
        return Finding("Progressing", "True", status.reason or status.phase.value, status.message)
    choice = situation.choice
    if choice.start is not None:
        return Finding("Progressing", "True", "Starting", choice.message)
    if choice.reason == "Idle" and situation.last is not None:
        reason = situation.last.phase.value if situation.last.phase is Phase.SUCCEEDED else situation.last.reason
        return Finding("Progressing", "False", reason, situation.last.message or choice.message)
    return Finding("Progressing", "False", choice.reason, choice.message)


def _gates(situation: Situation) -> Iterator[Finding]:
    status = situation.last
    if status is None or not status.gates:
        return
    faults = [gate for gate in status.gates if not gate.passed]
    if not faults:
        yield Finding("GatesPassed", "True", "GatesPassed", f"{len(status.gates)} gates were passed.")
        return
    reason = "ArtefactRefused" if faults[0] is status.gates[0] else "GatesFailed"
    yield Finding("GatesPassed", "False", reason, " ".join(f"{gate.name}: {gate.message}" for gate in faults))


def _analysis(situation: Situation) -> Iterator[Finding]:
    status = situation.last
    if status is None or not status.checks:
        return
    if fault := failed(status):
        yield Finding("AnalysisHealthy", "False", fault.reason, f"{fault.name}: {fault.message}")
    elif all(check.verdict == "Pass" or check.dry_run for check in status.checks):
        yield Finding("AnalysisHealthy", "True", "AnalysisPassed", f"{len(status.checks)} checks were passed.")
    else:
        doubt = next(check for check in status.checks if check.verdict in ("Hold", "Error") and not check.dry_run)
        yield Finding("AnalysisHealthy", "Unknown", doubt.reason, f"{doubt.name}: {doubt.message}")


def _registry(situation: Situation) -> Finding:
    registry, failure = situation.observed.registry, situation.observed.failure
    if isinstance(registry, Problem):
        return Finding("RegistryReachable", "False", registry.reason, registry.message)
    if failure is not None and failure.reason.startswith("Registry"):
        return Finding("RegistryReachable", "False", failure.reason, failure.message)
    return Finding("RegistryReachable", "True", "RegistryAnswers")


def _metrics(situation: Situation) -> Iterator[Finding]:
    status = situation.under_way
    known = situation.observed.deployment.status.condition("MetricsReachable")
    checks = status.checks if status is not None else ()
    on_trial = status is not None and status.phase in (Phase.MIRRORING, Phase.CANARY)
    fault = next((check for check in checks if check.verdict == "Error"), None)
    if fault is not None and on_trial:
        yield Finding("MetricsReachable", "False", fault.reason, fault.message)
    elif checks and fault is None:
        yield Finding("MetricsReachable", "True", "MetricsAnswer")
    elif known is not None and (on_trial or known.status == "True"):
        # Nobody has asked since: what was found the last time stays, a failure no longer than the trial.
        yield Finding("MetricsReachable", known.status, known.reason, known.message)


def _target(situation: Situation) -> Finding:
    target = situation.observed.target
    if target is None:
        return Finding("TargetReady", "False", "TargetMissing")
    if not target.settled:
        return Finding("TargetReady", "False", "NotReady", target.message)
    return Finding("TargetReady", "True", "TargetReady")


def _drifted(situation: Situation) -> Finding:
    if situation.drift is None:
        return Finding("Drifted", "False", "AsWritten")
    return Finding("Drifted", "True", situation.drift.reason, situation.drift.message)


def _stalled(situation: Situation) -> Finding:
    observed, status = situation.observed, situation.under_way
    if status is not None and is_stuck(observed, status):
        return Finding("Stalled", "True", NOT_RESTORED, "The version before does not become ready again.")
    if status is not None and status.held:
        return Finding("Stalled", "True", "RollbackNotAutomatic", status.message)
    if is_kept_off(observed):
        return Finding("Stalled", "True", "FieldConflict", f"{observed.field_conflict} owns the fields.")
    if status is not None and status.phase is Phase.VERIFYING and is_late(observed, status):
        why = observed.failure.message if observed.failure else "It takes too long."
        return Finding("Stalled", "True", "PromotionNotRecorded", why)
    return Finding("Stalled", "False", "NotStalled")


def is_late(observed: Observed, status: PromotionStatus) -> bool:
    """Tell whether an attempt that serves already could not be brought to its end in time."""
    late: datetime = status.phase_started_at + observed.deployment.spec.target.ready_timeout
    return observed.now > min(late, max(deadline_of(observed.deployment, status), status.phase_started_at))
