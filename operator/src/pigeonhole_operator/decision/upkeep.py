"""Whether the world still is as the operator left it, and what follows when it is not."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import timedelta

from pigeonhole_operator.decision.observed import Observed, Problem, Routing
from pigeonhole_operator.decision.placing import apply_stable, carries, is_kept_off, remove_candidate
from pigeonhole_operator.decision.plan import Action, SetAlias
from pigeonhole_operator.decision.routing import ON_TRIAL, UNROUTED, is_foreign, is_routed, route
from pigeonhole_operator.resources.deployment_status import Release
from pigeonhole_operator.resources.promotion import Phase

PAUSE = timedelta(minutes=1)
"""Between two corrections: who changes things faster than that is only reported."""
_WITHOUT_CANDIDATE = (None, Phase.GATING, Phase.AWAITING_APPROVAL)


@dataclass(frozen=True)
class Drift:
    """Something that somebody else changed, and what sets it right."""

    reason: str
    message: str
    remedy: tuple[Action, ...]


@dataclass(frozen=True)
class Upkeep:
    """The first drift, if any, the actions against it, and whether they are a correction.

    `actions` are for the cluster, `reports` for the registry.
    """

    drift: Drift | None = None
    actions: tuple[Action, ...] = ()
    reports: tuple[Action, ...] = ()
    corrected: bool = False


def keep_up(observed: Observed, stable: Release | None, phase: Phase | None, wanted: Routing | None) -> Upkeep:
    """Return what is not as it was left while an attempt is in a phase, or while there is none.

    `wanted` is the routing of that phase, or None where any will do.
    """
    if stable is None or observed.target is None:
        return Upkeep()
    tidied = _tidied(observed, phase, wanted)
    policy, last = observed.deployment.spec.drift_policy, observed.deployment.status.corrected_at
    drifts = list(_drifts(observed, stable, phase, wanted)) if policy != "Ignore" else []
    if not drifts:
        return Upkeep(actions=tidied)
    if policy == "Report" or (last is not None and observed.now - last < PAUSE):
        return Upkeep(drifts[0], tidied)
    remedies = tuple(action for drift in drifts for action in drift.remedy)
    told = tuple(action for action in remedies if isinstance(action, SetAlias))
    done = tuple(action for action in remedies if action not in told)
    return Upkeep(drifts[0], (*tidied, *done), told, corrected=bool(remedies))


def _drifts(observed: Observed, stable: Release, phase: Phase | None, wanted: Routing | None) -> Iterator[Drift]:
    spec = observed.deployment.spec
    if is_kept_off(observed):
        yield Drift("FieldConflict", f"{observed.field_conflict} owns fields that the operator is to write.", ())
    untouched = phase is None or phase in UNROUTED or phase in ON_TRIAL
    if untouched and not carries(observed.target, stable):
        yield Drift("TargetChanged", _changed_target(observed, stable), apply_stable(observed, stable))
    if wanted is not None and is_foreign(observed) and not is_routed(observed, wanted):
        # Later on the attempt itself writes its routing again.
        remedy = route(observed, wanted) if phase is None or phase in UNROUTED else ()
        yield Drift("RoutingChanged", "Somebody else wrote the routing.", remedy)
    if phase is None and not isinstance(observed.registry, Problem):
        named = observed.registry.aliases.get(spec.source.champion_alias)
        # A version that is not in the registry any more can have no name there.
        if named != stable.version and observed.registry.versions.get(stable.version) is not None:
            message = f"The alias {spec.source.champion_alias} names {named or 'no version'}."
            yield Drift("AliasChanged", message, (SetAlias(spec.source.champion_alias, stable.version),))


def _changed_target(observed: Observed, stable: Release) -> str:
    service = observed.deployment.spec.target.inference_service
    found = observed.target.version if observed.target else ""
    if found in ("", stable.version):
        return f"{service} asks for other files than those of version {stable.version}."
    return f"{service} asks for version {found} instead of {stable.version}."


def _tidied(observed: Observed, phase: Phase | None, wanted: Routing | None) -> tuple[Action, ...]:
    """Return what removes the operator's own leavings."""
    actions: tuple[Action, ...] = ()
    if wanted is not None and (phase is None or phase in UNROUTED) and not is_foreign(observed):
        actions = route(observed, wanted)
    leftover = observed.candidate
    if phase in _WITHOUT_CANDIDATE and leftover is not None and leftover.owner == observed.deployment.name:
        actions += remove_candidate(observed)
    return actions
