"""Which version a service carries, and what gives it another one."""

from pigeonhole_operator.decision.names import candidate_service, stable_service
from pigeonhole_operator.decision.observed import Observed, Problem, Served, Service
from pigeonhole_operator.decision.plan import Action, ApplyCandidate, ApplyStable, DeleteCandidate
from pigeonhole_operator.resources.deployment_status import Release


def carries(service: Service | None, release: Release) -> bool:
    """Tell whether a service is to serve a release; a release of unknown version goes by its files alone."""
    if service is None or service.deleting or service.storage_uri != release.storage_uri:
        return False
    return release.version in ("", service.version)


def serves(service: Service | None, served: Served | Problem | None, release: Release) -> bool:
    """Tell whether a service is ready with a release and its predictor has said so itself."""
    if service is None or not service.settled or not carries(service, release):
        return False
    if not release.version:
        return True
    return isinstance(served, Served) and served.version == release.version and is_digest(served, release)


def is_digest(served: Served, release: Release) -> bool:
    """Tell whether a predictor has loaded what was registered."""
    return not release.digest or served.digest == release.digest


def apply_stable(observed: Observed, release: Release) -> tuple[Action, ...]:
    """Return what has the stable service carry a release: nothing where it does, is missing or is not ours to write."""
    if observed.target is None or carries(observed.target, release) or is_kept_off(observed):
        return ()
    force = observed.field_conflict is not None
    return (ApplyStable(stable_service(observed.deployment), release, force=force),)


def is_kept_off(observed: Observed) -> bool:
    """Tell whether somebody else has the fields that the operator writes, and may keep them."""
    return observed.field_conflict is not None and observed.deployment.spec.drift_policy != "Correct"


def deploy_candidate(observed: Observed, release: Release) -> tuple[Action, ...]:
    """Return what has the candidate's service carry a release."""
    if observed.candidate is not None and (observed.candidate.deleting or carries(observed.candidate, release)):
        return ()
    return (ApplyCandidate(candidate_service(observed.deployment), release),)


def remove_candidate(observed: Observed) -> tuple[Action, ...]:
    """Return what removes the candidate's service."""
    found = observed.candidate
    if found is None or found.deleting:
        return ()
    return (DeleteCandidate(found.name, found.uid),)
