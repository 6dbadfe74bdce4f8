"""The conditions of an InferenceService's status, and how `Ready` follows from two of them."""

from collections.abc import Mapping
from typing import Literal

from .names import Object

Verdict = Literal["True", "False", "Unknown"]
Conditions = Mapping[str, Object]
# `Ready` is both of these, and nothing else: a transformer that is down only shows in its own condition.
DEPENDENTS = ("PredictorReady", "IngressReady")
READY = "Ready"


def initial(now: str) -> Conditions:
    """Return the conditions of a service that nothing is known of."""
    return {name: _condition(name, "Unknown", "", "", now) for name in (*DEPENDENTS, READY)}


def is_true(conditions: Conditions, name: str) -> bool:
    """Return whether a condition is there and true."""
    return conditions.get(name, {}).get("status") == "True"


def marked(
    conditions: Conditions, name: str, verdict: Verdict, reason: str = "", message: str = "", *, now: str
) -> Conditions:
    """Return the conditions with one of them set, and `Ready` following it."""
    changed = _with(conditions, _condition(name, verdict, reason, message, now))
    if verdict == "False":
        return _with(changed, _condition(READY, "False", reason, message, now)) if name in DEPENDENTS else changed
    if verdict == "Unknown" and name in DEPENDENTS and not _failed(changed):
        return _with(changed, _condition(READY, "Unknown", reason, message, now))
    return _with(changed, _ready(changed, now))


def _condition(name: str, verdict: Verdict, reason: str, message: str, now: str) -> Object:
    severity = {} if name in (*DEPENDENTS, READY) else {"severity": "Info"}
    said = {key: value for key, value in (("reason", reason), ("message", message)) if value}
    return {"type": name, "status": verdict, **severity, **said, "lastTransitionTime": now}


def _with(conditions: Conditions, condition: Object) -> Conditions:
    name = condition["type"]
    before = {**conditions.get(name, {}), "lastTransitionTime": condition["lastTransitionTime"]}
    return conditions if before == condition else {**conditions, name: condition}


def _failed(conditions: Conditions) -> list[Object]:
    present = [conditions[name] for name in DEPENDENTS if name in conditions]
    newest_first = sorted(present, key=lambda item: str(item["lastTransitionTime"]), reverse=True)
    return [item for item in newest_first if item["status"] == "False"]


def _ready(conditions: Conditions, now: str) -> Object:
    unknown = [conditions[name] for name in DEPENDENTS if conditions.get(name, {}).get("status") == "Unknown"]
    if unhappy := [*_failed(conditions), *unknown]:
        worst = unhappy[0]
        return _condition(READY, worst["status"], worst.get("reason", ""), worst.get("message", ""), now)
    complete = all(name in conditions for name in DEPENDENTS)
    return _condition(READY, "True" if complete else "Unknown", "", "", now)


def deployment_verdict(deployment: Object | None) -> tuple[Verdict, str, str]:
    """Return what a Deployment's conditions say of its component: verdict, reason, message."""
    found = {item["type"]: item for item in ((deployment or {}).get("status") or {}).get("conditions") or []}
    available, progressing, failure = (found.get(name, {}) for name in ("Available", "Progressing", "ReplicaFailure"))
    verdict: tuple[Verdict, str, str] = ("False", "", "")
    if available.get("status") == "True":
        verdict = ("True", *_said(available))
    if progressing.get("status") == "False" and progressing.get("message"):
        verdict = ("False", *_said(progressing))
    elif progressing.get("status") == "True" and progressing.get("reason") == "NewReplicaSetAvailable":
        verdict = ("True", *_said(progressing))
    elif progressing.get("status") == "True" and available.get("status") != "True":
        verdict = ("Unknown", *_said(progressing))
    if available.get("status") == "False":
        verdict = ("False", *_said(available))
    if failure.get("status") == "True":
        verdict = ("False", *_said(failure))
    return verdict


def _said(condition: Object) -> tuple[str, str]:
    return condition.get("reason", ""), condition.get("message", "")
