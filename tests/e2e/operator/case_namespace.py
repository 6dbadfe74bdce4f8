"""A namespace for one case, and the operator's account in it."""

import base64
from pathlib import Path

import yaml

from . import manifests
from .cluster import Cluster
from .commons import SESSION_LABEL, Commons


def make(cluster: Cluster, namespace: str, commons: Commons, folder: Path) -> Path:
    """Make the namespace with all that an operator finds in it; return a kubeconfig of the operator's account."""
    label = {SESSION_LABEL: commons.session}
    cluster.create(
        {"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": namespace, "labels": label}},
        *manifests.account(namespace),
        *manifests.models(namespace, label),
        manifests.runtime(namespace, commons.image),
        manifests.routing(namespace),
    )
    return _kubeconfig(cluster, namespace, folder / "kubeconfig")


def remove(cluster: Cluster, namespace: str) -> None:
    """Begin to delete the namespace; the cluster ends it while other cases run."""
    # The services first, since their controller would have to find out by itself otherwise.
    for service in cluster.listed("InferenceService", namespace):
        cluster.delete("InferenceService", service["metadata"]["name"], namespace)
    cluster.delete("Namespace", namespace)
    cluster.delete("PersistentVolume", namespace)


def _kubeconfig(cluster: Cluster, namespace: str, file: Path) -> Path:
    server, authority = cluster.address
    certificate = authority if b"BEGIN CERTIFICATE" not in authority else base64.b64encode(authority)
    entry = {"server": server, "certificate-authority-data": certificate.decode()}
    context = {"cluster": "case", "user": manifests.ACCOUNT, "namespace": namespace}
    user = {"name": manifests.ACCOUNT, "user": {"token": cluster.token(manifests.ACCOUNT, namespace)}}
    whole = {
        "apiVersion": "v1",
        "kind": "Config",
        "clusters": [{"name": "case", "cluster": entry}],
        "users": [user],
        "contexts": [{"name": "case", "context": context}],
        "current-context": "case",
    }
    file.write_text(yaml.safe_dump(whole))
    return file
