"""One look at everything, and what follows: the operator's whole decision, without any effect of its own."""

from collections.abc import Iterator
from datetime import timedelta

from pigeonhole_operator.decision.choice import Choice, choose, ended_of, is_registered, release_of
from pigeonhole_operator.decision.conditions import Situation
from pigeonhole_operator.decision.observed import Observed, Problem, Promotion, Routing
from pigeonhole_operator.decision.placing import carries
from pigeonhole_operator.decision.plan import Action, DeletePromotion, Move, Plan, WritePromotion, WriteStatus
from pigeonhole_operator.decision.rollout import advance, result_tags
from pigeonhole_operator.decision.routing import asked_for
from pigeonhole_operator.decision.summary import events, summarise
from pigeonhole_operator.decision.upkeep import Upkeep, keep_up
from pigeonhole_operator.resources.deployment_status import Release
from pigeonhole_operator.resources.promotion import Phase, PromotionStatus

_CONFLICT_PAUSE = timedelta(minutes=1)


def reconcile(observed: Observed) -> Plan:
    """Return what is to be done, in its order, and when to look again."""
    if observed.conflict is not None:
        return _keep_away(observed)
    promotion = under_way(observed.promotions)
    stable = stable_of(observed, promotion)
    move = advance(observed, promotion) if promotion else None
    choice = Choice() if promotion else _next(observed, stable)
    before = promotion.status if promotion else None
    phase = before.phase if before else (Phase.GATING if promotion else None)
    wanted = asked_for(observed.deployment, stable, promotion, before)
    kept = keep_up(observed, stable, phase, wanted)
    actions = (*kept.actions, *(move.actions if move else ()))
    return Plan(
        (*actions, *_record(observed, stable, promotion, move, choice, kept, actions, wanted)),
        _look_again(observed, promotion, move, choice),
    )


def stable_of(observed: Observed, promotion: Promotion | None) -> Release | None:
    """Return what serves: as it was last recorded, else the champion where the target asks for its files already.

    While an attempt is under way the target may ask for files that have never been ready.
    """
    recorded = observed.deployment.status.stable
    if recorded is not None or promotion is not None or isinstance(observed.registry, Problem):
        return recorded
    champion = observed.registry.aliases.get(observed.deployment.spec.source.champion_alias, "")
    version = observed.registry.versions.get(champion)
    if version is None or observed.target is None:
        return None
    release = release_of(version).model_copy(update={"since": observed.now})
    return release if carries(observed.target, release.model_copy(update={"version": ""})) else None


def under_way(promotions: tuple[Promotion, ...]) -> Promotion | None:
    """Return the attempt that has not ended; of several, which no one operator makes, the oldest."""
    going_on = [found for found in promotions if found.status is None or not found.status.phase.ended]
    return min(going_on, key=lambda found: (found.created_at, found.name), default=None)


def _next(observed: Observed, stable: Release | None) -> Choice:
    if observed.target is None or observed.target.deleting:
        return Choice(reason="TargetMissing", message="Nothing is tried without the target.")
    return choose(observed, stable)


def _record(
    observed: Observed,
    stable: Release | None,
    promotion: Promotion | None,
    move: Move | None,
    choice: Choice,
    kept: Upkeep,
    actions: tuple[Action, ...],
    wanted: Routing | None,
) -> Iterator[Action]:
    """Yield what is written down: the attempt that begins, Events, the status, and last the attempt's journal."""
    last = move.status if move else _last(observed.promotions)
    situation = Situation(observed, stable, last, choice, kept.drift)
    if choice.start is not None:
        yield choice.start
    status = summarise(situation, promotion, actions, wanted, corrected=kept.corrected)
    yield from events(situation, promotion, status)
    if status != observed.deployment.status:
        yield WriteStatus(status)
    # A registry that refuses to be written must not keep the cluster from being put right: it comes last.
    yield from kept.reports
    if promotion is not None and move is not None:
        yield from move.reports
        if move.status != promotion.status:
            yield WritePromotion(promotion.name, promotion.resource_version, move.status)
    yield from _housekeeping(observed)


def _last(promotions: tuple[Promotion, ...]) -> PromotionStatus | None:
    ended = ended_of(promotions)
    return ended[-1].status if ended else None


def _housekeeping(observed: Observed) -> Iterator[Action]:
    """Yield what is left to say of attempts that have ended, and which of them are forgotten."""
    ended = ended_of(observed.promotions)
    for promotion in ended:
        if promotion.status is not None and not promotion.status.reported and _may_report(observed, promotion):
            if is_registered(observed, promotion.spec.release.version):
                yield result_tags(promotion, promotion.status)
            reported = promotion.status.model_copy(update={"reported": True})
            yield WritePromotion(promotion.name, promotion.resource_version, reported)
    told = [found for found in ended if found.status is not None and found.status.reported]
    surplus = len(ended) - observed.deployment.spec.history_limit
    for promotion in told[: max(surplus, 0)]:
        yield DeletePromotion(promotion.name, promotion.uid)


def _may_report(observed: Observed, promotion: Promotion) -> bool:
    registry = observed.registry
    return not isinstance(registry, Problem) and promotion.spec.release.version in registry.versions


def _keep_away(observed: Observed) -> Plan:
    """Return the plan for a target that another ModelDeployment has: to say so, and to touch nothing."""
    choice = Choice(reason="TargetConflict", message=f"{observed.conflict} has the target.")
    situation = Situation(observed, observed.deployment.status.stable, None, choice, None)
    status = summarise(situation, None, (), None, corrected=False)
    written = (WriteStatus(status),) if status != observed.deployment.status else ()
    return Plan((*events(situation, None, status), *written), _CONFLICT_PAUSE)


def _look_again(observed: Observed, promotion: Promotion | None, move: Move | None, choice: Choice) -> timedelta:
    """Return the time until the next look; what the watches bring makes it come sooner."""
    waits = [observed.deployment.spec.source.poll_interval]
    if choice.start is not None:
        waits.append(timedelta(0))
    if choice.until is not None:
        waits.append(choice.until - observed.now)
    if move is not None and promotion is not None:
        known = promotion.status.journal if promotion.status else ()
        if move.status.journal != known:
            waits.append(timedelta(0))
        if move.wait is not None:
            waits.append(move.wait)
    return max(min(waits), timedelta(0))
