"""The journal of an attempt: how its status changes; nothing here decides."""

import hashlib
import json
from datetime import datetime

from pigeonhole_operator.decision.observed import Deployment
from pigeonhole_operator.resources.promotion import Passage, Phase, PromotionStatus

_LONGEST_JOURNAL = 60
_CLOCKS = ("started_at", "phase_started_at", "trial_started_at", "step_started_at", "checked_at")


def opened(deployment: Deployment, phase: Phase, now: datetime) -> PromotionStatus:
    """Return the first entry of an attempt's journal."""
    return PromotionStatus(
        phase=phase,
        started_at=now,
        phase_started_at=now,
        policy=policy_of(deployment),
        journal=(Passage(phase=phase, at=now),),
    )


def moved(status: PromotionStatus, phase: Phase, now: datetime, reason: str = "", message: str = "") -> PromotionStatus:
    """Return the journal after a passage to another phase, or to another step of the same."""
    passages = (*status.journal, Passage(phase=phase, at=now, reason=reason))[-_LONGEST_JOURNAL:]
    changes = {"phase": phase, "phase_started_at": now, "reason": reason, "message": message, "journal": passages}
    if phase.ended:
        changes["finished_at"] = now
    return status.model_copy(update=changes)


def stepped(status: PromotionStatus, deployment: Deployment, index: int, now: datetime) -> PromotionStatus:
    """Return the journal at the start of a step: with its weight, and counting anew."""
    step = deployment.spec.canary.steps[index]
    phase = Phase.CANARY if step.weight else Phase.MIRRORING
    return moved(status, phase, now, f"Step{index + 1}").model_copy(
        update={
            "step_index": index,
            "step_started_at": now,
            "weight": step.weight,
            "checked_at": None,
            "failed_checks": 0,
            "error_checks": 0,
            "samples": None,
            "checks": (),
            # The reason of the passage is for the journal; the attempt itself waits for nothing yet.
            "reason": "",
        }
    )


def taken_back(
    status: PromotionStatus, outcome: Phase, now: datetime, reason: str, message: str = ""
) -> PromotionStatus:
    """Return the journal at the start of the way back, which ends with `outcome`."""
    return moved(status, Phase.ROLLING_BACK, now, reason, message).model_copy(
        update={"from_phase": status.phase, "outcome": outcome, "held": False}
    )


def noted(status: PromotionStatus, reason: str, message: str) -> PromotionStatus:
    """Return the journal with what the attempt waits for."""
    return status.model_copy(update={"reason": reason, "message": message[:1024]})


def paused(status: PromotionStatus, now: datetime, *, suspend: bool) -> PromotionStatus:
    """Return the journal with its clocks stopped while the deployment is suspended, and set on afterwards."""
    if suspend and status.suspended_at is None:
        return status.model_copy(update={"suspended_at": now})
    if suspend or status.suspended_at is None:
        return status
    away = now - status.suspended_at
    moments = {name: getattr(status, name) for name in _CLOCKS}
    # Checks go on meanwhile: what happened during the suspension was no part of the time before it.
    shifted = {name: min(moment + away, now) for name, moment in moments.items() if moment is not None}
    return status.model_copy(update={**shifted, "suspended_at": None})


def policy_of(deployment: Deployment) -> str:
    """Return a hash of the rules that an attempt is judged by."""
    spec = deployment.spec
    rules = [spec.approval, [gate.to_json() for gate in spec.gates], spec.canary.to_json(), spec.rollback.to_json()]
    return hashlib.sha256(json.dumps(rules, sort_keys=True).encode()).hexdigest()[:16]
