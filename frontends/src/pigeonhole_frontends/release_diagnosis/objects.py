"""Objects as the API server gives them, and what is asked of all of them."""

from collections.abc import Iterator, Mapping
from datetime import datetime
from typing import Any

Object = Mapping[str, Any]
"""An object as the API server gives it."""

PART_OF, INSTANCE = "app.kubernetes.io/part-of", "app.kubernetes.io/instance"
COMPONENT = "app.kubernetes.io/component"
SERVED_BY = "serving.kserve.io/inferenceservice"
PROJECT = "pigeonhole"


def name(item: Object) -> str:
    """Return its name."""
    return str(item["metadata"]["name"])


def labels(item: Object) -> Mapping[str, str]:
    """Return its labels."""
    return item["metadata"].get("labels") or {}


def component(item: Object) -> str:
    """Return the component that it belongs to: for what KServe makes, `transformer` or `predictor`."""
    found = labels(item)
    return found.get("component", "") if SERVED_BY in found else found.get(COMPONENT, "")


def spec(item: Object) -> Object:
    """Return what is asked for."""
    return item.get("spec") or {}


def status(item: Object) -> Object:
    """Return what was made of it."""
    return item.get("status") or {}


def conditions(item: Object) -> Mapping[str, Object]:
    """Return its conditions by type."""
    return {each["type"]: each for each in status(item).get("conditions") or ()}


def containers(pod_spec: Object) -> Iterator[Object]:
    """Yield a pod's containers, those that run before the others first."""
    yield from pod_spec.get("initContainers") or ()
    yield from pod_spec.get("containers") or ()


def variables(container: Object) -> Iterator[Object]:
    """Yield a container's environment variables."""
    yield from container.get("env") or ()


def moment(text: str | None) -> datetime | None:
    """Return a time as objects have it, or None."""
    return datetime.fromisoformat(text) if text else None


def sentence(text: str | None) -> str:
    """Return a message of the cluster as a part of a sentence, on one line."""
    return " ".join((text or "").split()).rstrip(".")
