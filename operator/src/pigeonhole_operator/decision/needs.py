"""What a look has to find out before a decision can be taken: whatever is not needed is not asked."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime

from pigeonhole_operator.decision.observed import Deployment, Problem, Promotion, Registry, Service
from pigeonhole_operator.decision.placing import carries
from pigeonhole_operator.decision.reconcile import under_way
from pigeonhole_operator.decision.routing import ON_TRIAL
from pigeonhole_operator.decision.trial import next_check
from pigeonhole_operator.resources.deployment_status import Release
from pigeonhole_operator.resources.promotion import Phase, PromotionStatus


@dataclass(frozen=True)
class Needs:
    """Questions to the sources; versions are those of the registry."""

    versions: frozenset[str] = frozenset()
    evaluations: frozenset[str] = frozenset()
    artefacts: frozenset[str] = frozenset()
    routing: bool = False
    served_stable: bool = False
    served_candidate: bool = False
    readings: bool = False
    replay: bool = False


def needs(
    deployment: Deployment,
    promotions: Sequence[Promotion],
    target: Service | None,
    candidate: Service | None,
    registry: Registry | Problem,
    now: datetime,
) -> Needs:
    """Return what has to be asked for the decision about one deployment."""
    promotion = under_way(tuple(promotions))
    status = promotion.status if promotion else None
    versions = frozenset(_versions(deployment, promotions, registry))
    if promotion is None or status is None:
        return Needs(versions=versions, routing=target is not None)
    release, previous = promotion.spec.release, promotion.spec.previous
    judged = _judged(promotion) if status.phase in (Phase.GATING, Phase.AWAITING_APPROVAL) else frozenset()
    due = status.phase in ON_TRIAL and now >= next_check(deployment, status)
    back = status.phase is Phase.ROLLING_BACK
    return Needs(
        versions=versions,
        evaluations=judged,
        artefacts=judged,
        routing=target is not None,
        served_stable=_answers(target, previous if back else release)
        and (back or status.phase in (Phase.PROMOTING, Phase.VERIFYING)),
        served_candidate=_answers(candidate, release) and (back or due or status.phase is Phase.DEPLOYING),
        readings=due,
        replay=deployment.spec.canary.golden is not None and _replays(status),
    )


def _versions(deployment: Deployment, promotions: Sequence[Promotion], registry: Registry | Problem) -> Iterator[str]:
    spec, status = deployment.spec, deployment.status
    if spec.pin is not None:
        yield spec.pin.version
    if spec.request is not None:
        yield spec.request.version
    if isinstance(registry, Registry):
        for alias in (spec.source.candidate_alias, spec.source.champion_alias):
            if alias in registry.aliases:
                yield registry.aliases[alias]
    if status.stable is not None and status.stable.version:
        yield status.stable.version
    for promotion in promotions:
        if promotion.status is None or not promotion.status.phase.ended or not promotion.status.reported:
            yield promotion.spec.release.version
            if promotion.spec.previous is not None and promotion.spec.previous.version:
                yield promotion.spec.previous.version


def _judged(promotion: Promotion) -> frozenset[str]:
    release, previous = promotion.spec.release, promotion.spec.previous
    if previous is None or not previous.version or promotion.spec.direct:
        return frozenset({release.version})
    return frozenset({release.version, previous.version})


def _answers(service: Service | None, release: Release | None) -> bool:
    """Tell whether it makes sense to ask a service's predictor which version it has."""
    return service is not None and release is not None and service.ready and carries(service, release)


def _replays(status: PromotionStatus) -> bool:
    return status.phase in ON_TRIAL and status.step_index == 0 and status.golden is None
