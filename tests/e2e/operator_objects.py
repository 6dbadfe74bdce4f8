"""ModelDeployments and ModelPromotions as the API server is asked for them in the tests, and what it refuses."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from uuid import uuid4

from lightkube import ApiError, Client
from lightkube.generic_resource import create_namespaced_resource

from .kubectl import Kubectl, cluster_address
from .stand_in import apply_crds

Json = dict[str, Any]
Deployment = create_namespaced_resource("pigeonhole.dev", "v1alpha1", "ModelDeployment", "modeldeployments")
Promotion = create_namespaced_resource("pigeonhole.dev", "v1alpha1", "ModelPromotion", "modelpromotions")
MINIMAL_DEPLOYMENT: Json = {"source": {"modelName": "classifier"}, "target": {"inferenceService": "documents"}}
MINIMAL_PROMOTION: Json = {
    "deployment": "documents",
    "attempt": 1,
    "generation": 1,
    "trigger": "Alias",
    "release": {"version": "2"},
}
MANIFESTS = Path(__file__).parents[2] / "k8s" / "operator"
_FOR_ALL = ("user-roles.yaml", "policies.yaml")


def deployment(name: str, spec: Json | None = None) -> Any:
    """Return a ModelDeployment to create."""
    return Deployment(metadata={"name": name}, spec=MINIMAL_DEPLOYMENT if spec is None else spec)


def promotion(name: str, spec: Json | None = None) -> Any:
    """Return a ModelPromotion to create."""
    return Promotion(metadata={"name": name}, spec=MINIMAL_PROMOTION if spec is None else spec)


def causes(error: ApiError) -> set[tuple[str, str]]:
    """Return why an object was refused: pairs of a field and a message."""
    details = error.status.details
    assert details is not None, error
    return {(str(cause.field), str(cause.message)) for cause in details.causes or ()}


@contextmanager
def operator_namespace() -> Iterator[Kubectl]:
    """kubectl in a namespace of its own, which is deleted in the end."""
    cluster_address("KUBECONFIG")
    kubectl = Kubectl(f"crd-{uuid4().hex[:8]}")
    kubectl("create", "namespace", kubectl.namespace)
    try:
        yield kubectl
    finally:
        kubectl("delete", "namespace", kubectl.namespace, "--wait=false")


def install_crds(kubectl: Kubectl) -> None:
    """Bring the operator's kinds to the cluster, as they are in this source tree."""
    apply_crds(kubectl, MANIFESTS / "crds.yaml")


def install_operator_access(kubectl: Kubectl) -> None:
    """Bring the kinds, the operator's account with its role in this namespace, people's roles and the policies."""
    install_crds(kubectl)
    kubectl("apply", "--server-side", "--force-conflicts", *(f"-f={MANIFESTS / name}" for name in _FOR_ALL))
    rights = (
        (MANIFESTS / "rbac.yaml").read_text().replace("namespace: pigeonhole\n", f"namespace: {kubectl.namespace}\n")
    )
    kubectl.apply(rights)


def api_client(namespace: str, *, dry_run: bool = False) -> Client:
    """Return a client of the API server as the cluster's administrator; a dry run stores nothing."""
    return Client(namespace=namespace, dry_run=dry_run)
