"""A component's Deployment, Service and autoscaler."""

import copy

from .names import (
    AUTOSCALER_ANNOTATION,
    CONTAINER,
    Component,
    Object,
    annotation,
    component_metadata,
    component_name,
    owner,
)
from .runtimes import POD_FIELDS, Runtime, merged, model_container
from .storage import Download, source_of, with_model

# What of a component is not of its pod.
COMPONENT_FIELDS = (
    *("minReplicas", "maxReplicas", "scaleTarget", "scaleMetric", "scaleMetricType", "autoScaling"),
    *("containerConcurrency", "timeout", "canaryTrafficPercent", "logger", "batcher"),
    *("labels", "annotations", "deploymentStrategy", "model", "name", "workerSpec"),
)
PORT = 8080
AGENT_PORT = 9081


def predictor_pod(service: Object, runtime: Runtime | None) -> Object:
    """Return the predictor's pod: a runtime's container for a model, or the service's own.

    Raises:
        InvalidSpec: The runtime has no container for a model.
    """
    own = _pod_fields(service["spec"]["predictor"])
    if runtime is None:
        pod = copy.deepcopy(own)
    else:
        shared = {key: runtime.spec[key] for key in POD_FIELDS if runtime.spec.get(key)}
        beside = [item for item in runtime.spec["containers"] if item["name"] != CONTAINER]
        pod = merged(shared, {key: value for key, value in own.items() if key != "containers"})
        pod["containers"] = [model_container(service, runtime), *beside, *(own.get("containers") or [])]
    return _named(service, pod)


def transformer_pod(service: Object) -> Object:
    """Return the transformer's pod, told what it transforms for."""
    transformer, metadata = service["spec"]["transformer"], service["metadata"]
    pod = copy.deepcopy(_pod_fields(transformer))
    first = pod["containers"][0]
    first["args"] = list(first.get("args") or [])
    concurrency = transformer.get("containerConcurrency")
    for name, value in (
        ("--model_name", metadata["name"]),
        ("--predictor_host", f"{component_name(service, 'predictor')}.{metadata['namespace']}"),
        ("--http_port", str(PORT)),
        ("--workers", concurrency),
    ):
        if value is not None and not any(str(given).startswith(name) for given in first["args"]):
            first["args"] += [name, str(value)]
    return _named(service, pod)


def _pod_fields(component: Object) -> Object:
    return {key: value for key, value in component.items() if key not in COMPONENT_FIELDS}


def _named(service: Object, pod: Object) -> Object:
    first = pod["containers"][0]
    named = {"name": "INFERENCE_SERVICE_NAME", "value": service["metadata"]["name"]}
    first["env"] = [*(item for item in first.get("env") or [] if item["name"] != named["name"]), named]
    return pod


def component_objects(
    service: Object, component: Component, pod: Object, runtime: Runtime | None, download: Download
) -> list[Object]:
    """Return what KServe makes for one component.

    Raises:
        ValueError: The model's source is of an unknown kind.
    """
    source = source_of(service, component)
    metadata = component_metadata(service, component, source, runtime.spec if runtime else None)
    metadata["ownerReferences"] = [owner(service)]
    own = service["spec"][component]
    objects = [_deployment(metadata, own, with_model(pod, source, download)), _service(metadata, own, pod)]
    if annotation(service, AUTOSCALER_ANNOTATION) in ("", "hpa"):
        objects.append(_autoscaler(metadata, own))
    return objects


def _deployment(metadata: Object, component: Object, pod: Object) -> Object:
    strategy = component.get("deploymentStrategy")
    shares = {"maxSurge": "25%", "maxUnavailable": "25%"}
    spec: Object = {
        "selector": {"matchLabels": {"app": metadata["labels"]["app"]}},
        "strategy": strategy or {"type": "RollingUpdate", "rollingUpdate": shares},
        "template": {
            "metadata": {key: metadata[key] for key in ("name", "namespace", "labels", "annotations")},
            "spec": _filled_pod(pod),
        },
    }
    if not strategy:
        spec |= {"revisionHistoryLimit": 10, "progressDeadlineSeconds": 600}
    if metadata["annotations"].get(AUTOSCALER_ANNOTATION) == "none" and "minReplicas" in component:
        spec["replicas"] = component["minReplicas"]
    return {"apiVersion": "apps/v1", "kind": "Deployment", "metadata": metadata, "spec": spec}


def _filled_pod(pod: Object) -> Object:
    defaults = {
        "dnsPolicy": "ClusterFirst",
        "restartPolicy": "Always",
        "schedulerName": "default-scheduler",
        "securityContext": {},
        "terminationGracePeriodSeconds": 30,
    }
    return {**defaults, **pod, "containers": [_filled_container(container) for container in pod["containers"]]}


def _filled_container(container: Object) -> Object:
    filled = {
        "terminationMessagePath": "/dev/termination-log",
        "terminationMessagePolicy": "File",
        "imagePullPolicy": "IfNotPresent",
        **container,
    }
    if filled["name"] == CONTAINER and not filled.get("readinessProbe"):
        ports = filled.get("ports") or []
        filled["readinessProbe"] = {
            "tcpSocket": {"port": ports[0]["containerPort"] if ports else PORT},
            "timeoutSeconds": 1,
            "periodSeconds": 10,
            "successThreshold": 1,
            "failureThreshold": 3,
        }
    return filled


def _service(metadata: Object, component: Object, pod: Object) -> Object:
    declared = pod["containers"][0].get("ports") or []
    first = declared[0] if declared else {"name": metadata["name"], "containerPort": PORT}
    ports = [_service_port(first, 80), *(_service_port(port, port["containerPort"]) for port in declared[1:])]
    if component.get("logger") is not None or component.get("batcher") is not None:
        ports[0]["targetPort"] = AGENT_PORT
    spec = {"ports": ports, "selector": {"app": metadata["labels"]["app"]}}
    return {"apiVersion": "v1", "kind": "Service", "metadata": metadata, "spec": spec}


def _service_port(port: Object, number: int) -> Object:
    named = {"name": port["name"]} if port.get("name") else {}
    return {**named, "port": number, "targetPort": port["containerPort"], "protocol": port.get("protocol", "TCP")}


def _autoscaler(metadata: Object, component: Object) -> Object:
    least = max(component.get("minReplicas", 1), 1)
    target = {"type": "Utilization", "averageUtilization": component.get("scaleTarget") or 80}
    resource = {"name": component.get("scaleMetric") or "cpu", "target": target}
    metrics = (component.get("autoScaling") or {}).get("metrics") or [{"type": "Resource", "resource": resource}]
    spec = {
        "scaleTargetRef": {"apiVersion": "apps/v1", "kind": "Deployment", "name": metadata["name"]},
        "minReplicas": least,
        "maxReplicas": max(component.get("maxReplicas", 0), least),
        "metrics": metrics,
        "behavior": (component.get("autoScaling") or {}).get("behavior") or {},
    }
    return {"apiVersion": "autoscaling/v2", "kind": "HorizontalPodAutoscaler", "metadata": metadata, "spec": spec}
