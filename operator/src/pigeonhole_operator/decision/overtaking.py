"""Whether an attempt is still what somebody wants."""

from collections.abc import Iterator

from pigeonhole_operator.decision.choice import PINS, is_settled
from pigeonhole_operator.decision.observed import Observed, Problem, Promotion
from pigeonhole_operator.resources.promotion import Phase, PromotionStatus, Trigger

_FIRST_HALF = frozenset({Phase.GATING, Phase.AWAITING_APPROVAL, Phase.DEPLOYING, Phase.MIRRORING, Phase.CANARY})


def overtaken(observed: Observed, promotion: Promotion, status: PromotionStatus) -> tuple[str, str] | None:
    """Return the reason and the sentence why an attempt is to be given up, or None.

    From the moment that stable changes only another pin counts: a change half made is worse than either end.
    """
    if status.phase not in _FIRST_HALF and status.phase is not Phase.PROMOTING:
        return None
    return next(_reasons(observed, promotion, status), None)


def _reasons(observed: Observed, promotion: Promotion, status: PromotionStatus) -> Iterator[tuple[str, str]]:
    spec, version = observed.deployment.spec, promotion.spec.release.version
    trigger = promotion.spec.trigger
    if spec.pin is not None and spec.pin.version != version:
        yield "SupersededByPin", f"Version {spec.pin.version} was pinned."
    if status.phase is Phase.PROMOTING:
        return
    if trigger in PINS and spec.pin is None:
        yield "PinRemoved", f"Version {version} is not pinned any more."
    if trigger is Trigger.REQUEST and (spec.request is None or spec.request.version != version):
        yield "RequestWithdrawn", f"Version {version} is not asked for any more."
    if isinstance(observed.registry, Problem):
        return
    if version in observed.registry.versions and observed.registry.versions[version] is None:
        yield "VersionDeleted", f"Version {version} is not in the registry any more."
    if trigger is Trigger.ALIAS and is_settled(observed):
        found = observed.registry.aliases.get(spec.source.candidate_alias)
        if found is None:
            yield "CandidateWithdrawn", f"The alias {spec.source.candidate_alias} was taken away."
        elif found != version:
            yield "SupersededByCandidate", f"Version {found} is the candidate now."
