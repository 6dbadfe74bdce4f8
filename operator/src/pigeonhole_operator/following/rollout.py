"""What is to be rolled out: a pure decision, and the body that says it to the API server."""

from collections.abc import Mapping
from dataclasses import dataclass
from urllib.parse import urlsplit

from pigeonhole_operator.cluster.kinds import Raw
from pigeonhole_operator.decision.observed import ModelVersion, Problem

_FETCHED = ("s3", "file", "")


@dataclass(frozen=True)
class Target:
    """The Deployment of the predictor and its init container, as they are named."""

    namespace: str
    deployment: str
    container: str


def wanted_variables(model: str, version: ModelVersion) -> Mapping[str, str]:
    """Return what tells the init container of the predictor which model to fetch, as it reads it."""
    return {
        "PIGEONHOLE_MODEL_URI": version.storage_uri,
        "PIGEONHOLE_MODEL_REGISTERED": model,
        "PIGEONHOLE_MODEL_VERSION": version.version,
        "PIGEONHOLE_MODEL_RUN_ID": version.run_id,
        "PIGEONHOLE_MODEL_DIGEST": version.digest,
    }


def next_rollout(
    target: Target, model: str, champion: ModelVersion | None, stored: Raw
) -> Mapping[str, str] | Problem | None:
    """Return the variables to roll out, None when nothing is to be done, or why it cannot be.

    Args:
        target: What is rolled out to.
        model: The registered model.
        champion: The version that is to serve, or None when there is none.
        stored: The Deployment as the cluster has it.
    """
    if champion is None:
        return None
    present = _present(target, stored)
    if present is None:
        return Problem("ContainerMissing", f"{target.deployment} has no init container {target.container}.")
    wanted = wanted_variables(model, champion)
    if all(present.get(name) == value for name, value in wanted.items()):
        return None
    if champion.status != "READY":
        return Problem("VersionNotReady", f"Version {champion.version} is {champion.status} in the registry.")
    if urlsplit(champion.storage_uri).scheme not in _FETCHED:
        return Problem(
            "ArtefactUnreachable", f"Version {champion.version} does not lie in S3, where pods could read it."
        )
    return wanted


def rollout_body(target: Target, variables: Mapping[str, str]) -> Raw:
    """Return what makes the Deployment start its pods anew with a model; everything else is somebody else's."""
    named = [{"name": name, "value": value} for name, value in variables.items()]
    return {
        "apiVersion": "apps/v1",
        "kind": "Deployment",
        "metadata": {"name": target.deployment, "namespace": target.namespace},
        "spec": {"template": {"spec": {"initContainers": [{"name": target.container, "env": named}]}}},
    }


def _present(target: Target, stored: Raw) -> dict[str, str] | None:
    containers = stored["spec"]["template"]["spec"].get("initContainers") or []
    named = next((item for item in containers if item["name"] == target.container), None)
    if named is None:
        return None
    return {item["name"]: item.get("value", "") for item in named.get("env") or []}
