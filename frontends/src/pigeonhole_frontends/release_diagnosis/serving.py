"""What serves the model: KServe's objects, the operator's, and the operator itself."""

from collections.abc import Iterable, Iterator
from datetime import timedelta

from pigeonhole_frontends.finding import Finding
from pigeonhole_frontends.release_diagnosis.objects import (
    Object,
    component,
    conditions,
    containers,
    moment,
    name,
    sentence,
    spec,
    status,
    variables,
)
from pigeonhole_frontends.release_diagnosis.snapshot import Snapshot

_FOLLOWER = "pigeonhole_operator.following"
_LEASE_NAME = "PIGEONHOLE_OPERATOR_LEASE_NAME"
_CLOCKS_DIFFER = timedelta(minutes=1)
_GOOD = {
    "Ready": "True",
    "RegistryReachable": "True",
    "MetricsReachable": "True",
    "Stalled": "False",
    "Drifted": "False",
}
_TO_TRAIN = "Train one: add examples in the admin app and press Train, or give a version in MLflow the alias candidate."
_DOCS = 'docs/operator.md, "Conditions, and what to do"'


def look_at_serving(snapshot: Snapshot, workloads: Iterable[Object], services: Iterable[Object]) -> Iterator[Finding]:
    """Yield what is found of a release's model servers and of who brings models to them.

    Args:
        snapshot: What was read.
        workloads: The release's Deployments and StatefulSets.
        services: Its InferenceServices.
    """
    operator = next((each for each in workloads if component(each) == "operator"), None)
    if operator is not None and _follows(operator):
        yield Finding("serving", True, "plain Deployments, which follow the registry's champion")
        return
    yield from _kinds(snapshot)
    if operator is not None:
        yield from _leadership(snapshot, operator)
    deployments = [each for each in snapshot.of("ModelDeployment") if _is_of(each, services, snapshot)]
    for deployment in deployments:
        yield from _look_at_deployment(deployment)
    awaits_model = any(_reason(each, "Ready") == "NoStableVersion" for each in deployments)
    yield from _look_at_services(snapshot, services, awaits_model=awaits_model)


def services_of(snapshot: Snapshot, own: Iterable[Object]) -> list[Object]:
    """Return a release's InferenceServices: its own, those that its ModelDeployments name, and their candidates."""
    names = {name(each) for each in own if each.get("kind") == "InferenceService"}
    names |= {spec(each)["target"]["inferenceService"] for each in own if each.get("kind") == "ModelDeployment"}
    names |= {f"{each}-candidate" for each in names}
    return [each for each in snapshot.of("InferenceService") if name(each) in names]


def _follows(operator: Object) -> bool:
    return any(_FOLLOWER in (each.get("command") or ()) for each in containers(spec(operator)["template"]["spec"]))


def _kinds(snapshot: Snapshot) -> Iterator[Finding]:
    if "InferenceService" in snapshot.absent:
        fix = "Install KServe, or set serving.mode=deployments."
        yield Finding("KServe", False, "the cluster knows no InferenceServices", fix)
    if "ModelDeployment" in snapshot.absent:
        fix = "Set crds.enabled=true, or ask who runs the cluster to apply k8s/operator/crds.yaml."
        yield Finding("operator's CRDs", False, "the cluster knows no ModelDeployments", fix)


def _leadership(snapshot: Snapshot, operator: Object) -> Iterator[Finding]:
    if not snapshot.knows("Lease"):
        return
    lease_name = _lease_name(operator)
    lease = next((each for each in snapshot.of("Lease") if name(each) == lease_name), None)
    fix = (
        f"Read why: kubectl -n {snapshot.namespace} logs deployment/{name(operator)}; its rights: "
        "python -m pigeonhole_operator.rights in its pod."
    )
    if lease is None or not spec(lease).get("holderIdentity"):
        yield Finding("operator's lead", False, f"nobody holds the Lease {lease_name}", fix)
        return
    renewed, lasts = (
        moment(spec(lease).get("renewTime")),
        timedelta(seconds=spec(lease).get("leaseDurationSeconds", 15)),
    )
    if renewed is None or snapshot.now - renewed > lasts + _CLOCKS_DIFFER:
        since = renewed.isoformat(timespec="seconds") if renewed else "ever"
        yield Finding("operator's lead", False, f"the Lease {lease_name} was not renewed since {since}", fix)
        return
    yield Finding("operator's lead", True, f"{spec(lease)['holderIdentity'].partition('_')[0]} leads")


def _lease_name(operator: Object) -> str:
    for container in containers(spec(operator)["template"]["spec"]):
        for variable in variables(container):
            if variable["name"] == _LEASE_NAME:
                return str(variable.get("value", ""))
    return "pigeonhole-operator"


def _is_of(deployment: Object, services: Iterable[Object], snapshot: Snapshot) -> bool:
    target = spec(deployment)["target"]["inferenceService"]
    return any(name(each) == target for each in services) or not snapshot.of("InferenceService")


def _look_at_deployment(deployment: Object) -> Iterator[Finding]:
    what, known = f"ModelDeployment {name(deployment)}", conditions(deployment)
    if not known:
        found = "the operator has not looked at it yet"
        yield Finding(what, False, found, "Look at the operator: it does this within seconds of its start.")
        return
    faults = [kind for kind, good in _GOOD.items() if kind in known and known[kind].get("status") != good]
    for kind in faults:
        yield Finding(what, False, _told(kind, known[kind]), _fix_of_condition(known[kind]))
    if not faults:
        stable = (status(deployment).get("stable") or {}).get("version", "?")
        if _reason(deployment, "Ready") == "StableVersionDeleted":
            yield Finding(what, False, _told("Ready", known["Ready"]), _fix_of_condition(known["Ready"]))
        else:
            yield Finding(what, True, f"version {stable} serves; {status(deployment).get('state') or 'Idle'}")


def _told(kind: str, condition: Object) -> str:
    message = sentence(condition.get("message"))
    found = f"{kind} is {condition.get('status')}, {condition.get('reason')}"
    return f"{found}: {message}" if message else found


def _fix_of_condition(condition: Object) -> str:
    if condition.get("reason") == "NoStableVersion":
        return _TO_TRAIN
    return f"See {condition.get('reason')} in {_DOCS}."


def _reason(item: Object, kind: str) -> str:
    return str(conditions(item).get(kind, {}).get("reason", ""))


def _look_at_services(snapshot: Snapshot, services: Iterable[Object], *, awaits_model: bool) -> Iterator[Finding]:
    for service in services:
        what, ready = f"InferenceService {name(service)}", conditions(service).get("Ready", {})
        if ready.get("status") == "True":
            yield Finding(what, True, "ready")
            continue
        fix = f"Read more: kubectl -n {snapshot.namespace} describe inferenceservice {name(service)}"
        yield Finding(what, False, f"not ready: {_unready(service)}", _TO_TRAIN if awaits_model else fix)
    if not services and snapshot.knows("InferenceService"):
        fix = "The operator makes it at its start: look at the operator."
        yield Finding("InferenceService", False, "there is none of this release", fix)


def _unready(service: Object) -> str:
    failure = ((status(service).get("modelStatus") or {}).get("lastFailureInfo") or {}).get("message")
    if failure:
        return sentence(failure)
    known = conditions(service)
    # Ready repeats what one of the others says, with less of it.
    for kind in sorted(known, key=lambda kind: kind == "Ready"):
        if (
            known[kind].get("status") == "False"
            and known[kind].get("severity") != "Info"
            and known[kind].get("message")
        ):
            return f"{kind}: {sentence(known[kind]['message'])}"
    return "KServe has not looked at it yet" if not known else "it is still being started"
