"""The candidate on trial: its share of the documents, what the checks say of it, and whether it goes on."""

from datetime import datetime, timedelta

from pigeonhole_operator.decision import journal
from pigeonhole_operator.decision.analysis import failed, judge_checks, step_samples, waiting
from pigeonhole_operator.decision.golden import GOLDEN, judge_golden
from pigeonhole_operator.decision.observed import Deployment, Observed, Problem, Promotion, Routing
from pigeonhole_operator.decision.placing import deploy_candidate, serves
from pigeonhole_operator.decision.plan import Action, Move
from pigeonhole_operator.decision.routing import ON_TRIAL, asked_for, is_foreign, is_routed, route, step_of
from pigeonhole_operator.resources.deployment_spec import Step
from pigeonhole_operator.resources.deployment_status import Release
from pigeonhole_operator.resources.promotion import CheckResult, GoldenResult, Phase, PromotionStatus

CANDIDATE_READY = "candidate-ready"
"""The check that nobody can leave out."""


def next_check(deployment: Deployment, status: PromotionStatus) -> datetime:
    """Return when the checks are due."""
    return (status.checked_at or status.step_started_at or status.phase_started_at) + deployment.spec.canary.interval


def deadline_of(deployment: Deployment, status: PromotionStatus) -> datetime:
    """Return when the trial has to be over; the time before it, such as for an approval, does not count."""
    return (status.trial_started_at or status.started_at) + deployment.spec.canary.progress_deadline


def try_out(observed: Observed, promotion: Promotion, status: PromotionStatus) -> Move:
    """Return what the step asks for, and the next one once it is over."""
    deployment, release = observed.deployment, promotion.spec.release
    status = _under_new_rules(deployment, status, observed.now)
    step = step_of(deployment, status)
    wanted = asked_for(deployment, None, promotion, status)
    actions: tuple[Action, ...] = deploy_candidate(observed, release)
    if wanted is not None:
        actions += route(observed, wanted)
    if observed.readings is not None and observed.now >= next_check(deployment, status):
        status = _checked(observed, release, status)
        status = _decided(observed, status, step, in_force=wanted is not None and is_routed(observed, wanted))
    if (hindrance := _unrouted(observed, wanted)) and status.phase in ON_TRIAL and failed(status) is None:
        # Without its routing it gets no documents, whatever the checks wait for.
        status = journal.noted(status, hindrance.reason, hindrance.message)
    if status.phase is Phase.ROLLING_BACK:
        # What was to be done for the step is not to be done any more.
        return Move(status)
    return Move(status, actions, wait=_wait(observed, status))


def _unrouted(observed: Observed, wanted: Routing | None) -> Problem | None:
    """Return why the routing is not what the step asks for, where the operator itself cannot help it."""
    if isinstance(observed.routing, Problem):
        return observed.routing
    correct = observed.deployment.spec.drift_policy == "Correct"
    if wanted is None or correct or is_routed(observed, wanted) or not is_foreign(observed):
        return None
    return Problem("RoutingChanged", "Somebody else wrote the routing, and driftPolicy leaves it as it is.")


def _under_new_rules(deployment: Deployment, status: PromotionStatus, now: datetime) -> PromotionStatus:
    policy = journal.policy_of(deployment)
    if status.policy == policy:
        return status
    index = min(status.step_index, len(deployment.spec.canary.steps) - 1)
    return journal.stepped(status, deployment, index, now).model_copy(update={"policy": policy})


def _checked(observed: Observed, release: Release, status: PromotionStatus) -> PromotionStatus:
    canary, readings = observed.deployment.spec.canary, observed.readings or {}
    checks = [_ready_check(observed, release), *judge_checks(canary.analysis, readings)]
    golden = status.golden
    if canary.golden is not None and status.step_index == 0:
        golden = golden or _replayed(observed)
        checks.append(judge_golden(canary.golden, golden, observed.replay))
    results = tuple(checks)
    counted = [check for check in results if not check.dry_run]
    wrong = any(check.verdict == "Fail" for check in counted)
    blind = any(check.verdict == "Error" for check in counted)
    return status.model_copy(
        update={
            "checks": results,
            "checked_at": observed.now,
            "golden": golden,
            "samples": step_samples(readings),
            "failed_checks": status.failed_checks + int(wrong),
            "error_checks": status.error_checks + 1 if blind else 0,
        }
    )


def _replayed(observed: Observed) -> GoldenResult | None:
    found = observed.replay
    return None if found is None or isinstance(found, Problem) else found.result


def _ready_check(observed: Observed, release: Release) -> CheckResult:
    service = observed.candidate
    if serves(service, observed.served_candidate, release):
        return CheckResult(name=CANDIDATE_READY, verdict="Pass", reason="Ready", message="The candidate answers.")
    found = observed.served_candidate
    message = found.message if isinstance(found, Problem) else (service.message if service else "It is gone.")
    return CheckResult(name=CANDIDATE_READY, verdict="Fail", reason="CandidateNotReady", message=message)


def _decided(observed: Observed, status: PromotionStatus, step: Step, *, in_force: bool) -> PromotionStatus:
    spec = observed.deployment.spec
    fault = failed(status)
    if fault is not None and (fault.name == GOLDEN or status.failed_checks > spec.canary.failure_limit):
        return _condemned(observed, status, fault)
    if fault is not None:
        return journal.noted(status, "AnalysisFailing", f"{fault.name}: {fault.message}")
    doubt = waiting(status) or _few_samples(status, step)
    if status.suspended_at is None and observed.now > deadline_of(observed.deployment, status):
        return _too_late(observed, status, doubt)
    status = status.model_copy(update={"held": False})
    if doubt is not None:
        return journal.noted(status, doubt.reason, f"{doubt.name}: {doubt.message}")
    status = journal.noted(status, "", "")
    if not in_force or status.suspended_at is not None or _remaining(observed, status, step) > timedelta(0):
        return status
    if status.step_index + 1 < len(spec.canary.steps):
        return journal.stepped(status, observed.deployment, status.step_index + 1, observed.now)
    return journal.moved(status, Phase.PROMOTING, observed.now)


def _condemned(observed: Observed, status: PromotionStatus, fault: CheckResult) -> PromotionStatus:
    reasons = {GOLDEN: "GoldenSetFailed", CANDIDATE_READY: "CandidateNotReady"}
    reason, message = reasons.get(fault.name, "AnalysisFailed"), f"{fault.name}: {fault.message}"
    if not observed.deployment.spec.rollback.automatic:
        return journal.noted(status, reason, message).model_copy(update={"held": True})
    return journal.taken_back(status, Phase.ROLLED_BACK, observed.now, reason, message)


def _too_late(observed: Observed, status: PromotionStatus, doubt: CheckResult | None) -> PromotionStatus:
    reason = doubt.reason if doubt is not None else "ProgressDeadlineExceeded"
    if reason in ("NoData", "Inconclusive"):
        reason = "InsufficientSamples"
    message = f"{doubt.name}: {doubt.message}" if doubt is not None else "The attempt took too long."
    return journal.taken_back(status, Phase.ROLLED_BACK, observed.now, reason, f"The deadline passed. {message}")


def _few_samples(status: PromotionStatus, step: Step) -> CheckResult | None:
    if step.min_samples == 0 or (status.samples or 0.0) >= step.min_samples:
        return None
    message = f"{status.samples or 0:.0f} of {step.min_samples} documents."
    return CheckResult(name="step", verdict="Hold", reason="InsufficientSamples", message=message)


def _remaining(observed: Observed, status: PromotionStatus, step: Step) -> timedelta:
    return (status.step_started_at or observed.now) + step.duration - observed.now


def _wait(observed: Observed, status: PromotionStatus) -> timedelta:
    return max(next_check(observed.deployment, status) - observed.now, timedelta(0))
