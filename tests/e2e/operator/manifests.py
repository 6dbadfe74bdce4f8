"""The objects of a case's namespace: the account of the operator, the models' claim, the runtime, the services."""

import copy
from pathlib import Path
from typing import Any

import yaml
from tests.e2e.stand_in import ROOT

from .cluster import Object

RBAC = ROOT / "k8s" / "operator" / "rbac.yaml"
ACCOUNT = "pigeonhole-operator"
RUNTIME = "pigeonhole-textclf"
SERVICE = "documents"
ROUTING = f"{SERVICE}-routing"
MODEL_FOLDER = "pvc://models/document-classifier"
# On the node: the kubelet makes the folder of each version when a pod mounts it.
NODE_FOLDER = "/tmp/pigeonhole-e2e-models"
PREDICTOR = Path(__file__).with_name("tiny_predictor.py").read_text()
SOURCE = "metadata.annotations['internal.serving.kserve.io/storage-initializer-sourceuri']"
SMALL = {"requests": {"cpu": "1m", "memory": "12Mi"}, "limits": {"memory": "48Mi"}}
# Polls, steps and pauses are as short as the CRD allows: a case shows an order of events, not their usual length. What
# only ends a case that goes wrong is long, since other tests may have the node's cores for minutes.
QUICK: Object = {
    "source": {"modelName": "set for each case", "pollInterval": "5s"},
    "target": {"inferenceService": SERVICE, "readyTimeout": "4m"},
    "gates": [
        {"name": "f1-floor", "metric": {"key": "macro_f1", "min": 0.85}},
        {"name": "f1-vs-champion", "metric": {"key": "macro_f1", "maxRegression": 0.01}},
    ],
    "canary": {
        "interval": "1s",
        "progressDeadline": "5m",
        "steps": [
            {"weight": 0, "mirror": True, "minSamples": 20, "duration": "1s"},
            {"weight": 50, "mirror": True, "minSamples": 20, "duration": "1s"},
        ],
    },
    "rollback": {"cooldown": "0s"},
}


def named(kind: str, name: str, namespace: str, api: str = "v1", **fields: Any) -> Object:
    return {"apiVersion": api, "kind": kind, "metadata": {"name": name, "namespace": namespace}, **fields}


def account(namespace: str) -> list[Object]:
    """Return the operator's account with the Role that the product ships."""
    items = [item for item in yaml.safe_load_all(RBAC.read_text()) if item]
    found = [item for item in items if item["kind"] in ("ServiceAccount", "Role", "RoleBinding")]
    assert {item["kind"] for item in found} == {"ServiceAccount", "Role", "RoleBinding"}, RBAC
    for item in found:
        item["metadata"]["namespace"] = namespace
        for subject in item.get("subjects", []):
            subject["namespace"] = namespace
    return found


def models(namespace: str, session_label: dict[str, str]) -> list[Object]:
    """Return a claim that is bound to its volume from the start, so that nothing has to provision one."""
    shared: Object = {"accessModes": ["ReadWriteMany"], "storageClassName": ""}
    volume: Object = {
        "apiVersion": "v1",
        "kind": "PersistentVolume",
        "metadata": {"name": namespace, "labels": session_label},
        "spec": {
            **shared,
            "capacity": {"storage": "1Mi"},
            "persistentVolumeReclaimPolicy": "Retain",
            "hostPath": {"path": NODE_FOLDER, "type": "DirectoryOrCreate"},
            "claimRef": {"namespace": namespace, "name": "models"},
        },
    }
    asked = {**shared, "volumeName": namespace, "resources": {"requests": {"storage": "1Mi"}}}
    return [volume, named("PersistentVolumeClaim", "models", namespace, spec=asked)]


def runtime(namespace: str, image: str) -> Object:
    """Return a runtime whose pods are predictors of a few megabytes, which are what their model's URI says."""
    container = {
        "name": "kserve-container",
        "image": image,
        "command": ["python3", "-I", "-S", "-c", PREDICTOR],
        "env": [{"name": "MODEL_URI", "valueFrom": {"fieldRef": {"fieldPath": SOURCE}}}],
        "ports": [{"containerPort": 8080, "protocol": "TCP"}],
        "readinessProbe": {"httpGet": {"path": "/readyz", "port": 8080}, "periodSeconds": 1, "failureThreshold": 1},
        "resources": SMALL,
    }
    spec = {
        "supportedModelFormats": [{"name": RUNTIME, "version": "1", "autoSelect": False}],
        "protocolVersions": ["v1", "v2"],
        "containers": [container],
    }
    return named("ServingRuntime", RUNTIME, namespace, "serving.kserve.io/v1alpha1", spec=spec)


def service(namespace: str, version: str, uri: str, run_id: str) -> Object:
    """Return the stable InferenceService as it is before an operator has anything to do with it."""
    environment = [
        {"name": "PIGEONHOLE_SERVING_MODEL_VERSION", "value": version},
        {"name": "PIGEONHOLE_SERVING_MODEL_RUN_ID", "value": run_id},
    ]
    predictor = {
        "minReplicas": 1,
        "terminationGracePeriodSeconds": 1,
        "automountServiceAccountToken": False,
        "enableServiceLinks": False,
        "deploymentStrategy": {"type": "RollingUpdate", "rollingUpdate": {"maxSurge": 1, "maxUnavailable": 0}},
        "model": {
            "modelFormat": {"name": RUNTIME},
            "protocolVersion": "v2",
            "runtime": RUNTIME,
            "storageUri": uri,
            "env": environment,
        },
    }
    made = named("InferenceService", SERVICE, namespace, "serving.kserve.io/v1beta1", spec={"predictor": predictor})
    made["metadata"]["labels"] = {"networking.kserve.io/visibility": "cluster-local"}
    made["metadata"]["annotations"] = {
        "serving.kserve.io/deploymentMode": "Standard",
        "serving.kserve.io/autoscalerClass": "none",
    }
    return made


def routing(namespace: str) -> Object:
    rules = f'{{"generation": 1, "stable": {{"host": "{SERVICE}-predictor"}}, "candidate": null}}'
    return named("ConfigMap", ROUTING, namespace, data={"routing.json": rules})


def deployment(namespace: str, changes: Object) -> Object:
    """Return the ModelDeployment: quick, with a case's changes laid over it."""
    spec = overlaid(copy.deepcopy(QUICK), {"source": {"modelName": namespace}})
    made = named("ModelDeployment", SERVICE, namespace, "pigeonhole.dev/v1alpha1")
    return {**made, "spec": overlaid(spec, changes)}


def overlaid(under: Object, over: Object) -> Object:
    """Return an object with another's fields laid over it; lists are replaced."""
    merged = dict(under)
    for field, value in over.items():
        present = merged.get(field)
        merged[field] = overlaid(present, value) if isinstance(present, dict) and isinstance(value, dict) else value
    return merged
