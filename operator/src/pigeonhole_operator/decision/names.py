"""The names of what belongs to a served model."""

from pigeonhole_operator.decision.observed import Deployment


def stable_service(deployment: Deployment) -> str:
    """Return the name of the InferenceService of the stable version."""
    return deployment.spec.target.inference_service


def candidate_service(deployment: Deployment) -> str:
    """Return the name of the InferenceService of the version on trial."""
    return f"{stable_service(deployment)}-candidate"


def routing_config_map(deployment: Deployment) -> str:
    """Return the name of the ConfigMap that the transformer follows."""
    return f"{stable_service(deployment)}-routing"


def predictor_host(service: str) -> str:
    """Return the host of a service's predictor, inside its namespace."""
    return f"{service}-predictor"


def transformer_host(deployment: Deployment) -> str:
    """Return the host of the transformer, inside its namespace."""
    return f"{stable_service(deployment)}-transformer"


def promotion_name(deployment: Deployment, version: str, attempt: int) -> str:
    """Return the name of an attempt."""
    return f"{deployment.name}-v{version}-{attempt}"
