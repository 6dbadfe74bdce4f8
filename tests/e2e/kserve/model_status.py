"""`status.modelStatus`: what the predictor's pods say of the model."""

from collections.abc import Sequence

from .names import CONTAINER, Object
from .runtimes import InvalidSpec
from .storage import INITIALIZER

TRANSITIONS = {
    "Pending": "InProgress",
    "Loading": "InProgress",
    "Loaded": "UpToDate",
    "FailedToLoad": "BlockedByFailedLoad",
}


def refused(previous: Object, refusal: InvalidSpec) -> Object:
    """Return the status of a model that no runtime serves."""
    failure = {"reason": refusal.reason, "message": refusal.message}
    return {**_in_state(previous, "FailedToLoad"), "transitionStatus": "InvalidSpec", "lastFailureInfo": failure}


def model_status(previous: Object, pods: Sequence[Object], *, ready: bool) -> Object | None:
    """Return the model's status by the first of the predictor's pods, whichever version that one has.

    Args:
        previous: The status until now.
        pods: The predictor's pods.
        ready: Whether the service is Ready, so far.

    Returns:
        The new status, or None while a download that failed before runs again: then nothing is written.
    """
    copies = sum(map(_serves, pods))
    status = {
        "transitionStatus": "",
        **previous,
        "copies": {"failedCopies": 0, **({"totalCopies": copies} if copies else {})},
    }
    if not pods:
        return _in_state(status, "Pending")
    found = pods[0].get("status") or {}
    download = _container(found.get("initContainerStatuses"), INITIALIZER)
    if "running" in _state(download):
        return None if (download.get("lastState") or {}).get("terminated") else _in_state(status, "Loading")
    if failure := _failure(download):
        return _in_state(status, "FailedToLoad", failure)
    if ready:
        return _in_state(status, "Loaded")
    server = _container(found.get("containerStatuses"), CONTAINER)
    if failure := _failure(server):
        return _in_state(status, "FailedToLoad", failure)
    return _in_state(status, "Pending") if server else status


def _in_state(status: Object, state: str, failure: Object | None = None) -> Object:
    before = (status.get("states") or {}).get("activeModelState", "")
    states = {"activeModelState": "Loaded" if state == "Loaded" else before, "targetModelState": state}
    failed = {"lastFailureInfo": failure} if failure else {}
    return {**status, "transitionStatus": TRANSITIONS[state], "states": states, **failed}


def _serves(pod: Object) -> bool:
    status = pod.get("status") or {}
    conditions = {item["type"]: item["status"] for item in status.get("conditions") or []}
    return status.get("phase") == "Running" and conditions.get("Ready") == "True"


def _container(statuses: Sequence[Object] | None, name: str) -> Object:
    return next((item for item in statuses or () if item["name"] == name), {})


def _state(container: Object) -> Object:
    state: Object = container.get("state") or {}
    return state


def _failure(container: Object) -> Object | None:
    state = _state(container)
    ended = state.get("terminated") or {}
    if (state.get("waiting") or {}).get("reason") == "CrashLoopBackOff":
        ended = (container.get("lastState") or {}).get("terminated") or {}
    elif ended.get("reason") != "Error":
        return None
    told = {key: ended[key] for key in ("message", "exitCode") if ended.get(key)}
    return {"reason": "ModelLoadFailed", **told}
