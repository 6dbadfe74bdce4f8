"""Who shall answer: the routing that a phase of an attempt asks for."""

import hashlib
from dataclasses import replace

from pigeonhole_operator.decision.names import (
    candidate_service,
    predictor_host,
    routing_config_map,
    stable_service,
)
from pigeonhole_operator.decision.observed import Deployment, Observed, Problem, Promotion, RoutedCandidate, Routing
from pigeonhole_operator.decision.plan import Action, ApplyRouting
from pigeonhole_operator.resources.deployment_spec import Step
from pigeonhole_operator.resources.deployment_status import Release
from pigeonhole_operator.resources.promotion import Phase, PromotionStatus

ON_TRIAL = frozenset({Phase.MIRRORING, Phase.CANARY})
"""The phases in which the candidate is in the routing."""
UNROUTED = frozenset({Phase.GATING, Phase.AWAITING_APPROVAL, Phase.DEPLOYING})
"""The phases before."""


def stable_alone(deployment: Deployment, version: str) -> Routing:
    """Return the routing without a candidate; its generation is set when it is written."""
    return Routing(0, predictor_host(stable_service(deployment)), version or None, None)


def shared(deployment: Deployment, version: str, candidate: str, *, weight: float, shadow: bool) -> Routing:
    """Return the routing that gives the candidate its share."""
    # As it is read back: the digest of a routing tells 10 from 10.0.
    routed = RoutedCandidate(predictor_host(candidate_service(deployment)), candidate, float(weight), shadow)
    return replace(stable_alone(deployment, version), candidate=routed)


def asked_for(
    deployment: Deployment, stable: Release | None, promotion: Promotion | None, status: PromotionStatus | None
) -> Routing | None:
    """Return the routing that goes with an attempt's phase, or with none; None where it is to stay as it is."""
    if promotion is None or status is None or status.phase in UNROUTED:
        return stable_alone(deployment, stable.version) if stable else None
    release, previous = promotion.spec.release, promotion.spec.previous
    before = previous.version if previous else ""
    if status.phase in ON_TRIAL:
        step = step_of(deployment, status)
        return shared(deployment, before, release.version, weight=step.weight, shadow=step.mirror)
    if status.phase is Phase.PROMOTING:
        return None
    return stable_alone(deployment, release.version if status.phase is Phase.VERIFYING else before)


def step_of(deployment: Deployment, status: PromotionStatus) -> Step:
    """Return the step that an attempt is in; rules may have become shorter meanwhile."""
    return deployment.spec.canary.steps[min(status.step_index, len(deployment.spec.canary.steps) - 1)]


def is_routed(observed: Observed, wanted: Routing) -> bool:
    """Tell whether the routing that is in force says what is wanted, whatever its generation."""
    return isinstance(observed.routing, Routing) and replace(observed.routing, generation=0) == wanted


def is_foreign(observed: Observed) -> bool:
    """Tell whether somebody else wrote the routing that is in force, since the operator last did."""
    written = observed.deployment.status.routing_written
    return isinstance(observed.routing, Routing) and written not in ("", routing_digest(observed.routing))


def routing_digest(routing: Routing) -> str:
    """Return a hash of a routing, by which the operator knows its own again."""
    return hashlib.sha256(repr(routing).encode()).hexdigest()[:16]


def route(observed: Observed, wanted: Routing, *, leaving: str | None = None) -> tuple[Action, ...]:
    """Return what brings the routing about: nothing when it is so, cannot be read, or is another's to keep.

    The ConfigMap is there for the operator to write, whoever made it. What somebody else wrote since is kept where the
    drift policy says so, unless it names `leaving`, a version whose predictor is about to go.
    """
    if not isinstance(observed.routing, Routing) or is_routed(observed, wanted):
        return ()
    if is_kept(observed) and not names(observed, leaving):
        return ()
    return (_written(observed.deployment, observed.routing, wanted),)


def let_go(deployment: Deployment, routing: Routing | Problem) -> tuple[Action, ...]:
    """Return what takes a candidate out of the routing whose ModelDeployment, and with it its predictor, is gone."""
    host = predictor_host(candidate_service(deployment))
    if isinstance(routing, Problem) or routing.candidate is None or routing.candidate.host != host:
        return ()
    return (_written(deployment, routing, replace(routing, candidate=None)),)


def _written(deployment: Deployment, before: Routing, wanted: Routing) -> ApplyRouting:
    # Readers tell by a generation that rises that they have the newest one, also after a change by hand.
    generation = max(before.generation, deployment.status.routing_generation) + 1
    return ApplyRouting(routing_config_map(deployment), replace(wanted, generation=generation))


def is_kept(observed: Observed) -> bool:
    """Tell whether the routing is somebody else's, and the drift policy leaves it to them."""
    return is_foreign(observed) and observed.deployment.spec.drift_policy != "Correct"


def names(observed: Observed, version: str | None) -> bool:
    """Tell whether the routing that is in force has a version as its candidate."""
    found = observed.routing.candidate if isinstance(observed.routing, Routing) else None
    return found is not None and found.version == version


def has_left(observed: Observed, wanted: Routing, version: str) -> bool:
    """Tell whether the routing is as wanted, or somebody else's to keep and without a version."""
    return is_routed(observed, wanted) or (is_kept(observed) and not names(observed, version))
