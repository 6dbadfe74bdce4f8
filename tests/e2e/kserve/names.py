"""The names, labels and annotations KServe gives what it makes."""

from typing import Any, Literal

Object = dict[str, Any]
Component = Literal["predictor", "transformer"]

API_VERSION = "serving.kserve.io/v1beta1"
CONTAINER = "kserve-container"
FINALIZER = "inferenceservice.finalizers"
SERVICE_LABEL = "serving.kserve.io/inferenceservice"
VISIBILITY_LABEL = "networking.kserve.io/visibility"
MODE_ANNOTATION = "serving.kserve.io/deploymentMode"
AUTOSCALER_ANNOTATION = "serving.kserve.io/autoscalerClass"
STOP_ANNOTATION = "serving.kserve.io/stop"
NO_UPDATE_ANNOTATION = "serving.kserve.io/disable-auto-update"
SOURCE_ANNOTATION = "internal.serving.kserve.io/storage-initializer-sourceuri"
FORMAT_ANNOTATION = "modelFormat"
KEPT_BACK = (FORMAT_ANNOTATION, SOURCE_ANNOTATION, "kubectl.kubernetes.io/last-applied-configuration")


def component_name(service: Object, component: Component) -> str:
    """Return the name that a component's Deployment, Service and autoscaler share."""
    name = str(service["metadata"]["name"])
    variant = service["spec"]["predictor"].get("name") if component == "predictor" else None
    return f"{name}-{variant}-{component}" if variant else f"{name}-{component}"


def components(service: Object) -> list[Component]:
    """Return the components an InferenceService asks for."""
    return ["predictor", "transformer"] if service["spec"].get("transformer") else ["predictor"]


def annotation(service: Object, name: str) -> str:
    """Return an annotation, or nothing."""
    return str((service["metadata"].get("annotations") or {}).get(name, ""))


def is_stopped(service: Object) -> bool:
    """Return whether the service is to run nothing."""
    return annotation(service, STOP_ANNOTATION).lower() == "true"


def is_cluster_local(service: Object) -> bool:
    """Return whether the service is not to be reached from outside."""
    return (service["metadata"].get("labels") or {}).get(VISIBILITY_LABEL) == "cluster-local"


def owner(service: Object) -> Object:
    """Return the reference by which the cluster deletes what belongs to a service."""
    metadata = service["metadata"]
    return {
        "apiVersion": API_VERSION,
        "kind": "InferenceService",
        "name": metadata["name"],
        "uid": metadata.get("uid", ""),
        "controller": True,
        "blockOwnerDeletion": True,
    }


def component_metadata(service: Object, component: Component, source: str, runtime: Object | None = None) -> Object:
    """Return the metadata of a component's objects: its own labels win over the service's, these over the runtime's."""
    name, metadata, own = component_name(service, component), service["metadata"], service["spec"][component]
    annotations = {**(metadata.get("annotations") or {}), **(own.get("annotations") or {})}
    annotations = {key: value for key, value in annotations.items() if key not in KEPT_BACK}
    return {
        "name": name,
        "namespace": metadata["namespace"],
        "labels": {
            **((runtime or {}).get("labels") or {}),
            **(metadata.get("labels") or {}),
            **(own.get("labels") or {}),
            SERVICE_LABEL: metadata["name"],
            "component": component,
            "app": f"isvc.{name}",
        },
        "annotations": {
            **((runtime or {}).get("annotations") or {}),
            **annotations,
            **({SOURCE_ANNOTATION: source} if source else {}),
        },
    }
