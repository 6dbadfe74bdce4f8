"""What the cache holds of a ModelDeployment, parsed; the rest of a look begins with it."""

from dataclasses import dataclass

from pigeonhole_operator.cluster.cache import Cache, Key, key_of
from pigeonhole_operator.cluster.kinds import Raw
from pigeonhole_operator.cluster.parsing import Invalid, parse_deployment, parse_promotion, parse_service
from pigeonhole_operator.decision.names import candidate_service, stable_service
from pigeonhole_operator.decision.observed import Deployment, Promotion, Service


@dataclass(frozen=True)
class Known:
    """A ModelDeployment, its attempts and its InferenceServices."""

    deployment: Deployment
    promotions: tuple[Promotion, ...]
    target: Service | None
    candidate: Service | None
    conflict: str | None
    """The name of another ModelDeployment that has the target."""


def know(cache: Cache, key: Key) -> Known | Invalid | None:
    """Return what is known of a ModelDeployment; nothing of one that is not there or being deleted.

    One whose journal cannot be read is not to be decided on: an attempt under way might be overlooked.
    """
    raw = cache.get("ModelDeployment", *key)
    if raw is None or "deletionTimestamp" in raw["metadata"]:
        return None
    deployment = parse_deployment(raw)
    if isinstance(deployment, Invalid):
        return deployment
    promotions: list[Promotion] = []
    for found in cache.promotions_of(*key):
        promotion = parse_promotion(found)
        if isinstance(promotion, Invalid):
            return promotion
        promotions.append(promotion)
    target = _service(cache, deployment, stable_service(deployment))
    candidate = _service(cache, deployment, candidate_service(deployment))
    if isinstance(target, Invalid):
        return target
    if isinstance(candidate, Invalid):
        return candidate
    return Known(deployment, tuple(promotions), target, candidate, _rival(cache, deployment, target))


def _service(cache: Cache, deployment: Deployment, name: str) -> Service | Invalid | None:
    raw = cache.get("InferenceService", deployment.namespace, name)
    return None if raw is None else parse_service(raw)


def _rival(cache: Cache, deployment: Deployment, target: Service | None) -> str | None:
    """Return who has the target instead: its owner by annotation, while there is one, else the oldest that wants it."""
    others = cache.deployments_of(deployment.namespace, stable_service(deployment))
    wanting = [raw for raw in others if "deletionTimestamp" not in raw["metadata"]]
    names = [key_of(raw)[1] for raw in sorted(wanting, key=_age)]
    has = target.owner if target is not None and target.owner in names else names[0]
    return None if has == deployment.name else has


def _age(raw: Raw) -> tuple[str, str]:
    metadata = raw["metadata"]
    return metadata["creationTimestamp"], metadata["uid"]
