"""Which runtime serves a model, and the container that comes of both."""

import copy
import json
import re
from collections.abc import Mapping
from dataclasses import dataclass

from .names import CONTAINER, Object

# What of a runtime's pod reaches the predictor's.
POD_FIELDS = (
    "nodeSelector",
    "affinity",
    "tolerations",
    "volumes",
    "imagePullSecrets",
    "schedulerName",
    "resourceClaims",
)
MODEL_FIELDS = ("modelFormat", "protocolVersion", "runtime", "runtimeVersion", "storage", "storageUri", "storageUris")
# The field that tells the items of a list apart when two lists are merged.
MERGE_KEYS = {"env": "name", "ports": "containerPort", "volumeMounts": "mountPath", "volumes": "name"}
PLACEHOLDER = re.compile(r"\{\{\s*\.(Name|Namespace|(?:Labels|Annotations)\.([A-Za-z0-9_]+))\s*\}\}")


class InvalidSpec(Exception):
    """No runtime serves the model: a reason for `status.modelStatus.lastFailureInfo`, what to show, what went wrong."""

    def __init__(self, reason: str, message: str, error: str) -> None:
        super().__init__(error)
        self.reason = reason
        self.message = message


@dataclass(frozen=True)
class Runtimes:
    """The ServingRuntimes of a namespace and those of the cluster, by name."""

    namespaced: Mapping[str, Object]
    cluster: Mapping[str, Object]


@dataclass(frozen=True)
class Runtime:
    """The runtime that serves a model, and under which field of the status its name stands."""

    name: str
    spec: Object
    status_field: str


def choose_runtime(model: Object, runtimes: Runtimes) -> Runtime:
    """Return the runtime a model names, or the first that takes it.

    Raises:
        InvalidSpec: There is none, or it is disabled or does not take the model.
    """
    if not (name := model.get("runtime")):
        return _select(model, runtimes)
    runtime = _named(name, runtimes)
    if runtime is None:
        raise InvalidSpec(
            "RuntimeNotRecognized",
            "Waiting for runtime to become available",
            f"No ServingRuntimes or ClusterServingRuntimes with the name: {name}",
        )
    if runtime.spec.get("disabled"):
        raise InvalidSpec("RuntimeDisabled", "Specified runtime is disabled", f"specified runtime {name} is disabled")
    for supported, what in (
        (_speaks(runtime.spec, model.get("protocolVersion")), "protocol version"),
        (_takes(runtime.spec, model, chosen=False), "framework/version"),
    ):
        if not supported:
            raise InvalidSpec(
                "NoSupportingRuntime",
                f"Specified runtime does not support specified {what}",
                f"specified runtime {name} does not support specified {what}",
            )
    return runtime


def _named(name: str, runtimes: Runtimes) -> Runtime | None:
    if found := runtimes.namespaced.get(name):
        return Runtime(name, found["spec"], "servingRuntimeName")
    if found := runtimes.cluster.get(name):
        return Runtime(name, found["spec"], "clusterServingRuntimeName")
    return None


def _select(model: Object, runtimes: Runtimes) -> Runtime:
    for group, field in ((runtimes.namespaced, "servingRuntimeName"), (runtimes.cluster, "clusterServingRuntimeName")):
        fitting = [
            Runtime(name, runtime["spec"], field)
            for name, runtime in sorted(group.items())
            if not runtime["spec"].get("disabled")
            and _speaks(runtime["spec"], model.get("protocolVersion", "v1"))
            and _takes(runtime["spec"], model, chosen=True)
        ]
        if fitting:
            return max(fitting, key=lambda runtime: _priority(runtime.spec, model))
    wanted = model["modelFormat"]
    raise InvalidSpec(
        "NoSupportingRuntime",
        "No runtime found to support specified framework/version",
        f"no runtime found to support predictor with model type: {wanted}",
    )


def _speaks(spec: Object, protocol: str | None) -> bool:
    return protocol is None or protocol in (spec.get("protocolVersions") or ["v1"])


def _formats(spec: Object, model: Object) -> list[Object]:
    wanted = model["modelFormat"]
    return [
        offered
        for offered in spec.get("supportedModelFormats") or []
        if offered["name"] == wanted["name"] and wanted.get("version") in (None, offered.get("version"))
    ]


def _takes(spec: Object, model: Object, *, chosen: bool) -> bool:
    return any(offered.get("autoSelect") or not chosen for offered in _formats(spec, model))


def _priority(spec: Object, model: Object) -> int:
    return max((int(offered.get("priority") or 0) for offered in _formats(spec, model)), default=0)


def model_container(service: Object, runtime: Runtime) -> Object:
    """Return the runtime's container with what the model adds: arguments follow, other fields win.

    Raises:
        InvalidSpec: The runtime has no container of KServe's name.
    """
    offered = [item for item in runtime.spec["containers"] if item["name"] == CONTAINER]
    if not offered:
        raise InvalidSpec(
            "InvalidPredictorSpec", "No container found in spec", f"runtime {runtime.name} has no {CONTAINER}"
        )
    model = service["spec"]["predictor"]["model"]
    own = {key: value for key, value in model.items() if key not in (*MODEL_FIELDS, "name")}
    arguments = [*(offered[0].get("args") or []), *(own.pop("args", None) or [])]
    container = merged(offered[0], own)
    if arguments:
        container["args"] = arguments
    return replace_placeholders(container, service["metadata"])


def merged(under: Object, over: Object) -> Object:
    """Return an object with another's fields laid over it, lists of named things item by item."""
    result = copy.deepcopy(under)
    for field, value in over.items():
        present = result.get(field)
        if isinstance(present, dict) and isinstance(value, dict):
            result[field] = merged(present, value)
        elif (key := MERGE_KEYS.get(field)) and isinstance(present, list):
            result[field] = _merged_list(present, value or [], key)
        else:
            result[field] = copy.deepcopy(value)
    return result


def _merged_list(under: list[Object], over: list[Object], key: str) -> list[Object]:
    # An item takes the place of its namesake whole: a variable's value and where it comes from exclude each other.
    return copy.deepcopy(list({**{item[key]: item for item in under}, **{item[key]: item for item in over}}.values()))


def replace_placeholders(container: Object, metadata: Object) -> Object:
    """Return a container with the service's name, labels and annotations in place of `{{.Name}}` and the like."""

    def value(match: re.Match[str]) -> str:
        field, key = match.group(1), match.group(2)
        holder = metadata if key is None else metadata.get(field.split(".")[0].lower()) or {}
        return json.dumps(str(holder.get(key or field.lower(), "<no value>")))[1:-1]

    replaced: Object = json.loads(PLACEHOLDER.sub(value, json.dumps(container)))
    return replaced
