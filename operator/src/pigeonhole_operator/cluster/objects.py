"""The bodies of what the operator applies and creates: of other people's objects, the few fields that are its own."""

import copy
import hashlib
import json
from datetime import UTC, datetime
from typing import Any

from pigeonhole_operator.cluster.environment import environment
from pigeonhole_operator.cluster.kinds import API_VERSION, SERVING_API_VERSION, Raw
from pigeonhole_operator.cluster.kube import FIELD_MANAGER
from pigeonhole_operator.cluster.parsing import OWNER, ROUTING_KEY
from pigeonhole_operator.decision.observed import Deployment, Routing
from pigeonhole_operator.decision.plan import CreatePromotion, Emit
from pigeonhole_operator.resources.deployment_status import DeploymentStatus, Release
from pigeonhole_operator.resources.promotion import PromotionStatus

DEPLOYMENT_LABEL = "pigeonhole.dev/deployment"
_MANAGED_BY = {"app.kubernetes.io/managed-by": FIELD_MANAGER}
# KServe makes no address outside the cluster for it.
_CLUSTER_LOCAL = {"networking.kserve.io/visibility": "cluster-local"}
_KSERVE = "serving.kserve.io/"
# A share of KServe's own canary: of no use to a service that is one.
_NOT_COPIED = ("canaryTrafficPercent",)
_MESSAGE = 1024
"""Characters of an Event's message, as the API server allows them."""


def stable_body(stored: Raw, release: Release) -> Raw:
    """Return what makes the stable InferenceService serve a release.

    No annotation or label is written: KServe hands them on to the pods, and the transformer would be started anew.

    It holds for the stored version alone: a list of variables that cannot be merged is written as a whole.
    """
    metadata = stored["metadata"]
    model: dict[str, Any] = {"storageUri": release.storage_uri, "env": environment(stored, release)}
    return {
        "apiVersion": SERVING_API_VERSION,
        "kind": "InferenceService",
        "metadata": {
            "name": metadata["name"],
            "namespace": metadata["namespace"],
            "uid": metadata["uid"],
            "resourceVersion": metadata["resourceVersion"],
        },
        "spec": {"predictor": {"model": model}},
    }


def candidate_body(stable: Raw, deployment: Deployment, name: str, release: Release) -> Raw:
    """Return an InferenceService that serves a release by a predictor like the stable one's, and no transformer."""
    predictor = {key: value for key, value in stable["spec"]["predictor"].items() if key not in _NOT_COPIED}
    predictor = copy.deepcopy(predictor)
    predictor["minReplicas"] = 1
    predictor["model"] = {
        **predictor.get("model", {}),
        "storageUri": release.storage_uri,
        "env": environment(stable, release, whole=True),
    }
    annotations = stable["metadata"].get("annotations") or {}
    return {
        "apiVersion": SERVING_API_VERSION,
        "kind": "InferenceService",
        "metadata": {
            "name": name,
            "namespace": deployment.namespace,
            "labels": {**_MANAGED_BY, **_CLUSTER_LOCAL, DEPLOYMENT_LABEL: deployment.name},
            "annotations": {
                **{key: value for key, value in annotations.items() if key.startswith(_KSERVE)},
                OWNER: deployment.name,
            },
            "ownerReferences": [_owner(deployment)],
        },
        "spec": {"predictor": predictor},
    }


def routing_body(namespace: str, name: str, routing: Routing) -> Raw:
    """Return the ConfigMap that the transformer follows, as serving/src/pigeonhole_serving/routing.py reads it."""
    candidate = routing.candidate
    content = {
        "generation": routing.generation,
        "stable": {"host": routing.stable_host, "version": routing.stable_version},
        "candidate": candidate
        and {
            "host": candidate.host,
            "version": candidate.version,
            "weight": candidate.weight,
            "shadow": candidate.shadow,
        },
    }
    return {
        "apiVersion": "v1",
        "kind": "ConfigMap",
        "metadata": {"name": name, "namespace": namespace},
        "data": {ROUTING_KEY: json.dumps(content)},
    }


def promotion_body(deployment: Deployment, action: CreatePromotion) -> Raw:
    """Return a ModelPromotion of a ModelDeployment."""
    return {
        "apiVersion": API_VERSION,
        "kind": "ModelPromotion",
        "metadata": {
            "name": action.name,
            "namespace": deployment.namespace,
            "labels": {**_MANAGED_BY, DEPLOYMENT_LABEL: deployment.name},
            "ownerReferences": [_owner(deployment)],
        },
        "spec": action.spec.to_json(),
    }


def deployment_status_body(deployment: Deployment, resource_version: str, status: DeploymentStatus) -> Raw:
    """Return a ModelDeployment's status, which holds for one stored version."""
    metadata = {"name": deployment.name, "namespace": deployment.namespace, "resourceVersion": resource_version}
    return {"apiVersion": API_VERSION, "kind": "ModelDeployment", "metadata": metadata, "status": status.to_json()}


def promotion_status_body(namespace: str, name: str, resource_version: str, status: PromotionStatus) -> Raw:
    """Return a ModelPromotion's status, which holds for one stored version."""
    metadata = {"name": name, "namespace": namespace, "resourceVersion": resource_version}
    return {"apiVersion": API_VERSION, "kind": "ModelPromotion", "metadata": metadata, "status": status.to_json()}


def event_body(about: Raw, event: Emit, now: datetime) -> Raw:
    """Return an Event of a ModelDeployment; the same key of the same object is an Event of the same name."""
    metadata = about["metadata"]
    digest = hashlib.sha256(f"{metadata['uid']}\n{event.key}".encode()).hexdigest()[:16]
    moment = now.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
    return {
        "apiVersion": "v1",
        "kind": "Event",
        "metadata": {"name": f"{metadata['name']}.{digest}", "namespace": metadata["namespace"]},
        "involvedObject": {
            "apiVersion": API_VERSION,
            "kind": "ModelDeployment",
            "name": metadata["name"],
            "namespace": metadata["namespace"],
            "uid": metadata["uid"],
            "resourceVersion": metadata["resourceVersion"],
        },
        "type": event.kind,
        "reason": event.reason,
        "message": event.message[:_MESSAGE],
        "count": 1,
        "firstTimestamp": moment,
        "lastTimestamp": moment,
        "source": {"component": FIELD_MANAGER},
        "reportingComponent": FIELD_MANAGER,
    }


def _owner(deployment: Deployment) -> dict[str, Any]:
    return {
        "apiVersion": API_VERSION,
        "kind": "ModelDeployment",
        "name": deployment.name,
        "uid": deployment.uid,
        "controller": True,
        "blockOwnerDeletion": False,
    }
