"""The kinds of objects that the operator reads or writes, as lightkube addresses them.

All of them are plain dicts: a typed model would drop the fields that it does not know, and its modules cost memory.
"""

from typing import Any

from lightkube.core.resource import ApiInfo, ResourceDef
from lightkube.generic_resource import GenericNamespacedResource, create_api_info, create_namespaced_resource

Raw = dict[str, Any]
"""An object as the API server gives it."""

GROUP = "pigeonhole.dev"
VERSION = "v1alpha1"
API_VERSION = f"{GROUP}/{VERSION}"
SERVING_GROUP = "serving.kserve.io"
SERVING_VERSION = "v1beta1"
SERVING_API_VERSION = f"{SERVING_GROUP}/{SERVING_VERSION}"

ModelDeployment = create_namespaced_resource(GROUP, VERSION, "ModelDeployment", "modeldeployments")
ModelPromotion = create_namespaced_resource(GROUP, VERSION, "ModelPromotion", "modelpromotions")
InferenceService = create_namespaced_resource(SERVING_GROUP, SERVING_VERSION, "InferenceService", "inferenceservices")

Kind = type[GenericNamespacedResource]

WATCHED: tuple[Kind, ...] = (ModelDeployment, ModelPromotion, InferenceService)
"""The kinds of which all objects are held in memory."""


class ConfigMap(GenericNamespacedResource):
    """A ConfigMap as a dict."""

    _api_info: ApiInfo = create_api_info("", "v1", "ConfigMap", "configmaps")


class Deployment(GenericNamespacedResource):
    """A Deployment as a dict."""

    _api_info: ApiInfo = create_api_info("apps", "v1", "Deployment", "deployments")


class Event(GenericNamespacedResource):
    """An Event as a dict."""

    _api_info: ApiInfo = create_api_info("", "v1", "Event", "events")


class Lease(GenericNamespacedResource):
    """A Lease as a dict."""

    _api_info: ApiInfo = create_api_info("coordination.k8s.io", "v1", "Lease", "leases")


def named(kind: Kind) -> str:
    """Return the name of a kind, such as `ModelDeployment`."""
    definition: ResourceDef = kind._api_info.resource
    return definition.kind
