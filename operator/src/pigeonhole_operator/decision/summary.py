"""The status of a ModelDeployment, and the Events of its transitions."""

from collections.abc import Iterator

from pigeonhole_operator.decision.choice import RETRY_TAG, pending_of
from pigeonhole_operator.decision.conditions import Situation, conditions_of
from pigeonhole_operator.decision.observed import ModelVersion, Observed, Problem, Promotion, Routing
from pigeonhole_operator.decision.plan import Action, ApplyRouting, Emit
from pigeonhole_operator.decision.routing import ON_TRIAL, is_routed, routing_digest
from pigeonhole_operator.resources.deployment_status import (
    Condition,
    ConditionType,
    DeploymentStatus,
    PromotionRef,
    Quarantined,
    Release,
)
from pigeonhole_operator.resources.promotion import Phase, PromotionStatus

_MOST_RECENT, _MOST_QUARANTINED = 20, 50
_FREED = frozenset({Phase.DEPLOYING, Phase.PROMOTING, Phase.VERIFYING, Phase.SUCCEEDED}) | ON_TRIAL
_TOLD: tuple[ConditionType, ...] = (
    "Ready",
    "RegistryReachable",
    "MetricsReachable",
    "Drifted",
    "Stalled",
    "Suspended",
)
_ABNORMAL = ("Drifted", "Stalled", "Suspended")
_WORRYING = ("StableVersionDeleted",)
"""Reasons of conditions that are as they should be, and still ask for somebody."""


def summarise(
    situation: Situation,
    promotion: Promotion | None,
    actions: tuple[Action, ...],
    wanted: Routing | None,
    *,
    corrected: bool,
) -> DeploymentStatus:
    """Return the status that goes with what is decided; it is written after `actions`, before the journal."""
    observed, status = situation.observed, situation.observed.deployment.status
    journal = situation.under_way
    stable, recent = _releases(situation, promotion)
    shown = promotion if promotion is not None and journal is not None else None
    return DeploymentStatus(
        observed_generation=observed.deployment.generation,
        state=_state(situation),
        canary_weight=journal.weight if journal and journal.phase in ON_TRIAL else 0,
        step_index=journal.step_index if journal and journal.phase in ON_TRIAL else None,
        step_started_at=journal.step_started_at if journal and journal.phase in ON_TRIAL else None,
        failed_checks=journal.failed_checks if journal else 0,
        promotion_ref=_reference(situation, promotion) or status.promotion_ref,
        stable=stable,
        candidate=shown.spec.release if shown else None,
        last_known_good=stable or status.last_known_good,
        recent=recent,
        pending=pending_of(observed),
        quarantined=_quarantined(situation, promotion),
        corrected_at=observed.now if corrected else status.corrected_at,
        conditions=conditions_of(situation),
        **_routing(observed, actions, wanted),
    )


def events(situation: Situation, promotion: Promotion | None, after: DeploymentStatus) -> Iterator[Emit]:
    """Yield an Event for each transition; its key is the same when the same transition is written once more."""
    before = situation.observed.deployment.status
    for kind in _TOLD:
        if (condition := after.condition(kind)) is not None:
            yield from _told(before.condition(kind), condition)
    if promotion is not None and situation.last is not None:
        yield from _passage(promotion, situation.last)


def _told(before: Condition | None, now: Condition) -> Iterator[Emit]:
    if before is not None and (before.status, before.reason) == (now.status, now.reason):
        return
    bad = now.status != ("False" if now.type in _ABNORMAL else "True") or now.reason in _WORRYING
    if before is None and not bad:
        return
    since = before.last_transition_time.isoformat() if before else ""
    was = f"{before.status}/{before.reason}" if before else ""
    reason = now.reason if bad else f"{now.type}Resolved" if now.type in _ABNORMAL else now.reason
    key = f"{now.type}:{was}:{since}:{now.status}/{now.reason}"
    yield Emit(key, "Warning" if bad and now.type != "Suspended" else "Normal", reason, now.message or now.type)


def _passage(promotion: Promotion, journal: PromotionStatus) -> Iterator[Emit]:
    known = len(promotion.status.journal) if promotion.status else 0
    if promotion.status is not None and promotion.status.journal == journal.journal:
        return
    before = promotion.status.phase_started_at.isoformat() if promotion.status else ""
    bad = journal.phase in (Phase.ROLLING_BACK, Phase.ROLLED_BACK, Phase.REJECTED)
    version = promotion.spec.release.version
    text = f"Version {version}, attempt {promotion.spec.attempt}"
    if journal.phase is Phase.CANARY or journal.phase is Phase.MIRRORING:
        text += f": step {journal.step_index + 1}, {journal.weight} % of the documents"
    if journal.message:
        text += f": {journal.message}"
    key = f"{promotion.name}:{journal.phase}:{known}:{before}"
    yield Emit(key, "Warning" if bad else "Normal", journal.phase.value, text)


def _state(situation: Situation) -> str:
    journal = situation.under_way
    if situation.observed.conflict is not None:
        return "Conflict"
    if journal is None:
        if situation.observed.deployment.spec.suspend:
            return "Suspended"
        return situation.choice.reason if situation.choice.reason in ("Pinned", "Cooldown") else "Idle"
    if journal.suspended_at is not None:
        return "Suspended"
    limit = situation.observed.deployment.spec.canary.error_limit
    return "Held" if journal.held or journal.error_checks > limit else journal.phase.value


def _reference(situation: Situation, promotion: Promotion | None) -> PromotionRef | None:
    if promotion is not None:
        return PromotionRef(name=promotion.name, attempt=promotion.spec.attempt)
    start = situation.choice.start
    return PromotionRef(name=start.name, attempt=start.spec.attempt) if start else None


def _releases(situation: Situation, promotion: Promotion | None) -> tuple[Release | None, tuple[Release, ...]]:
    status, stable = situation.observed.deployment.status, situation.stable
    if promotion is None or situation.last is None or situation.last.phase not in (Phase.VERIFYING, Phase.SUCCEEDED):
        return stable, status.recent
    release = promotion.spec.release
    if stable is not None and stable.version == release.version:
        return stable, status.recent
    before = (stable, *status.recent) if stable is not None else status.recent
    kept = tuple(item for item in before if item.version not in ("", release.version))[:_MOST_RECENT]
    return release.model_copy(update={"since": situation.observed.now}), kept


def _quarantined(situation: Situation, promotion: Promotion | None) -> tuple[Quarantined, ...]:
    observed, known = situation.observed, situation.observed.deployment.status.quarantined
    if promotion is None or situation.last is None:
        return known
    version, journal = promotion.spec.release.version, situation.last
    others = tuple(item for item in known if item.version != version)
    if journal.phase in _FREED:
        # Whoever had it tried again has freed it: what gets documents is not in quarantine.
        return others
    if journal.phase is not Phase.ROLLED_BACK or not observed.deployment.spec.rollback.quarantine:
        return known
    found = Quarantined(
        version=version, reason=journal.reason, at=observed.now, retry_tag=_retry_tag(observed, version)
    )
    return (*others, found)[-_MOST_QUARANTINED:]


def _retry_tag(observed: Observed, version: str) -> str:
    registry = observed.registry
    found: ModelVersion | None = None if isinstance(registry, Problem) else registry.versions.get(version)
    return found.tags.get(RETRY_TAG, "") if found else ""


def _routing(observed: Observed, actions: tuple[Action, ...], wanted: Routing | None) -> dict[str, object]:
    status = observed.deployment.status
    written = next((action.routing for action in actions if isinstance(action, ApplyRouting)), None)
    if written is None and wanted is not None and is_routed(observed, wanted):
        written = observed.routing if isinstance(observed.routing, Routing) else None
    if written is None:
        return {"routing_generation": status.routing_generation, "routing_written": status.routing_written}
    return {"routing_generation": written.generation, "routing_written": routing_digest(written)}
