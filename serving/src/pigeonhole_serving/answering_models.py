"""Show in the metrics which models answer and by which routing."""

from pigeonhole.artefact import ModelIdentity
from pigeonhole_serving.metrics import MODEL_INFO, ROUTING_GENERATION, ROUTING_WEIGHT
from pigeonhole_serving.routing import Role, Routing

_MODELS: dict[str, tuple[str, str, str, str]] = {}
"""The labels that `pigeonhole_model_info` shows for each role."""


def publish_model(model: ModelIdentity, role: str) -> None:
    """Show the model that plays a role now as `pigeonhole_model_info`, instead of the one that did before."""
    labels = (model.name, model.version, model.digest, role)
    if _MODELS.get(role) != labels:
        retire_model(role)
        _MODELS[role] = labels
        MODEL_INFO.labels(*labels).set(1)


def retire_model(role: str) -> None:
    """Show no model in a role any more."""
    if role in _MODELS:
        MODEL_INFO.remove(*_MODELS.pop(role))


def publish_routing(routing: Routing) -> None:
    """Show the routing in force."""
    ROUTING_GENERATION.set(routing.generation)
    ROUTING_WEIGHT.set(routing.candidate.weight if routing.candidate else 0)
    if routing.candidate is None:
        retire_model(Role.CANDIDATE)
