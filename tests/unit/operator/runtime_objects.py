"""Objects as the API server gives them."""

from typing import Any

from pigeonhole_operator.cluster.parsing import parse_deployment
from pigeonhole_operator.decision.observed import Deployment
from pigeonhole_operator.resources.deployment_status import Release

NAMESPACE = "rt"
RELEASE = Release(version="2", run_id="run2", storage_uri="s3://models/2", digest="d2")


def deployment(
    name: str = "documents", target: str = "documents", version: int = 10, status: dict[str, Any] | None = None
) -> dict[str, Any]:
    return {
        "apiVersion": "pigeonhole.dev/v1alpha1",
        "kind": "ModelDeployment",
        "metadata": metadata(name, version),
        "spec": {"source": {"modelName": "classifier"}, "target": {"inferenceService": target}},
        **({"status": status} if status else {}),
    }


def parsed(raw: dict[str, Any]) -> Deployment:
    found = parse_deployment(raw)
    assert isinstance(found, Deployment)
    return found


def promotion(name: str = "documents-v2-1", phase: str = "", version: int = 20, **status: Any) -> dict[str, Any]:
    moment = "2026-11-28T10:00:00.000000Z"
    begun = {"phase": phase, "startedAt": moment, "phaseStartedAt": moment, **status}
    return {
        "apiVersion": "pigeonhole.dev/v1alpha1",
        "kind": "ModelPromotion",
        "metadata": metadata(name, version),
        "spec": {
            "deployment": "documents",
            "attempt": 1,
            "generation": 1,
            "trigger": "Alias",
            "release": RELEASE.to_json(),
        },
        **({"status": begun} if phase else {}),
    }


def service(name: str = "documents", version: int = 30, **changes: Any) -> dict[str, Any]:
    """Return an InferenceService like that of k8s/serving/kserve, with other variables beside the operator's."""
    return {
        "apiVersion": "serving.kserve.io/v1beta1",
        "kind": "InferenceService",
        "metadata": {
            **metadata(name, version),
            "annotations": {"serving.kserve.io/deploymentMode": "Standard", "example.com/team": "hiring"},
        },
        "spec": {
            "predictor": {
                "minReplicas": 3,
                "canaryTrafficPercent": 10,
                "model": {
                    "modelFormat": {"name": "pigeonhole-textclf"},
                    "storageUri": "s3://models/1",
                    "env": [
                        {"name": "FIRST", "value": "1"},
                        {"name": "PIGEONHOLE_SERVING_MODEL_VERSION", "value": "1"},
                        {"name": "LAST", "valueFrom": {"fieldRef": {"fieldPath": "metadata.name"}}},
                    ],
                },
            },
            "transformer": {"containers": [{"name": "kserve-container"}]},
        },
        **changes,
    }


def metadata(name: str, version: int) -> dict[str, Any]:
    return {
        "name": name,
        "namespace": NAMESPACE,
        "uid": f"uid-{name}",
        "generation": 1,
        "resourceVersion": str(version),
        "creationTimestamp": "2026-11-28T09:00:00Z",
    }
