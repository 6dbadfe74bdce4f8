"""What KServe's webhook makes of an InferenceService before it is stored."""

import copy

from .names import CONTAINER, FORMAT_ANNOTATION, MODE_ANNOTATION, Object

RESOURCES = {"cpu": "1", "memory": "2Gi"}
MODES = {"RawDeployment": "Standard", "Serverless": "Knative", "": "Standard"}


def admitted(service: Object) -> Object:
    """Return the InferenceService with what the webhook fills in."""
    filled = copy.deepcopy(service)
    annotations = filled["metadata"].setdefault("annotations", {})
    mode = annotations.get(MODE_ANNOTATION, "")
    annotations[MODE_ANNOTATION] = MODES.get(mode, mode)
    predictor = filled["spec"]["predictor"]
    if model := predictor.get("model"):
        model.setdefault("name", "")
        model.setdefault("resources", {})
        annotations[FORMAT_ANNOTATION] = model["modelFormat"]["name"]
    else:
        _admit_container(predictor["containers"], renamed=len(predictor["containers"]) == 1)
    if transformer := filled["spec"].get("transformer"):
        _admit_container(transformer["containers"], renamed=True)
    return filled


def _admit_container(containers: list[Object], *, renamed: bool) -> None:
    first = containers[0]
    if renamed or not first.get("name"):
        first["name"] = CONTAINER
    resources = first.setdefault("resources", {})
    for bound in ("limits", "requests"):
        resources[bound] = {**RESOURCES, **(resources.get(bound) or {})}
