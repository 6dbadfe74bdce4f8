"""The way back: traffic first, then the files, and never to a side that does not answer."""

from pigeonhole_operator.decision import journal
from pigeonhole_operator.decision.observed import Observed, Promotion
from pigeonhole_operator.decision.placing import apply_stable, remove_candidate, serves
from pigeonhole_operator.decision.plan import Action, Move
from pigeonhole_operator.decision.routing import has_left, route, shared, stable_alone
from pigeonhole_operator.resources.deployment_status import Release
from pigeonhole_operator.resources.promotion import Phase, PromotionStatus

NOT_RESTORED = "StableNotRestored"
"""The version before does not come up again."""


def retreat(observed: Observed, promotion: Promotion, status: PromotionStatus) -> Move:
    """Return what takes an attempt back, and its end once nothing is left of it."""
    previous = promotion.spec.previous
    version = previous.version if previous else ""
    if previous is not None and _is_touched(status) and not _is_restored(observed, previous):
        return _restore(observed, promotion, status, previous)
    alone = stable_alone(observed.deployment, version)
    leaving = promotion.spec.release.version
    if not has_left(observed, alone, leaving):
        written = route(observed, alone, leaving=leaving)
        return Move(status, written, wait=observed.deployment.spec.canary.interval)
    if observed.candidate is not None:
        return Move(status, remove_candidate(observed), wait=observed.deployment.spec.canary.interval)
    outcome = status.outcome or Phase.ROLLED_BACK
    return Move(journal.moved(status, outcome, observed.now, status.reason, status.message))


def _is_touched(status: PromotionStatus) -> bool:
    return status.from_phase in (Phase.PROMOTING, Phase.VERIFYING)


def _is_restored(observed: Observed, previous: Release) -> bool:
    return serves(observed.target, observed.served_stable, previous)


def _restore(observed: Observed, promotion: Promotion, status: PromotionStatus, previous: Release) -> Move:
    deployment = observed.deployment
    actions: tuple[Action, ...] = apply_stable(observed, previous)
    if is_stuck(observed, status):
        candidate, release = observed.candidate, promotion.spec.release
        if candidate is not None and serves(candidate, observed.served_candidate, release):
            # It passed every check, and is all that answers.
            everything = shared(deployment, previous.version, release.version, weight=100, shadow=False)
            actions += route(observed, everything)
    return Move(status, actions, wait=deployment.spec.canary.interval)


def is_stuck(observed: Observed, status: PromotionStatus) -> bool:
    """Tell whether the version before should long be back."""
    if status.phase is not Phase.ROLLING_BACK or not _is_touched(status):
        return False
    return observed.now - status.phase_started_at > observed.deployment.spec.target.ready_timeout
