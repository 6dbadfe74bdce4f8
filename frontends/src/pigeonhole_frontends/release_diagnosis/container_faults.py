"""Why a container does not run, or will not for long."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

from pigeonhole_frontends.release_diagnosis.chart_values import fix_of_missing, is_of_the_chart, resources_of
from pigeonhole_frontends.release_diagnosis.last_words import last_words
from pigeonhole_frontends.release_diagnosis.objects import (
    Object,
    component,
    containers,
    moment,
    name,
    sentence,
    spec,
    variables,
)
from pigeonhole_frontends.release_diagnosis.snapshot import Snapshot

_UNPULLED = {"ErrImagePull", "ImagePullBackOff", "InvalidImageName", "ErrImageNeverPull", "RegistryUnavailable"}
_UNMADE = {"CreateContainerConfigError", "CreateContainerError", "RunContainerError", "StartError"}
_STARTING = {"ContainerCreating", "PodInitializing"}
_RECENT = timedelta(days=1)
_DATABASE = "PIGEONHOLE_API_DATABASE_URL"


@dataclass(frozen=True)
class Cause:
    """Why something is not as it should be, and what to do."""

    found: str
    fix: str


def cause_of(snapshot: Snapshot, pod: Object, container_status: Object) -> Cause | None:
    """Return why a container does not run, or None when it runs, is done, or is still being started."""
    state = container_status.get("state") or {}
    waiting = state.get("waiting") or {}
    reason = waiting.get("reason", "")
    if reason in _UNPULLED:
        return _unpulled(container_status["image"], sentence(waiting.get("message")) or reason)
    if reason in _UNMADE:
        message = sentence(waiting.get("message"))
        fix = fix_of_missing(message, spec(pod)) or _describe(snapshot, pod)
        return Cause(f"{reason}: {message}", fix)
    ended = state.get("terminated") or (container_status.get("lastState") or {}).get("terminated") or {}
    if (
        reason == "CrashLoopBackOff"
        or (state.get("terminated") and ended.get("exitCode"))
        or has_restarted(container_status)
    ):
        return _crashed(snapshot, pod, container_status, ended)
    if "running" in state:
        return _awaited(pod, container_status["name"])
    return None if not reason or reason in _STARTING else Cause(reason, _describe(snapshot, pod))


def has_restarted(container_status: Object) -> bool:
    """Tell whether a container runs that is not ready and ended badly before."""
    before = (container_status.get("lastState") or {}).get("terminated") or {}
    is_up = "running" in (container_status.get("state") or {}) and not container_status.get("ready")
    return is_up and bool(before.get("exitCode"))


def killed_lately(pod: Object, container_status: Object, now: datetime) -> Cause | None:
    """Return the cause when a container that runs was out of memory within a day."""
    ended = (container_status.get("lastState") or {}).get("terminated") or {}
    finished = moment(ended.get("finishedAt"))
    if ended.get("reason") != "OOMKilled" or finished is None or now - finished > _RECENT:
        return None
    return _out_of_memory(pod, container_status)


def _unpulled(image: str, said: str) -> Cause:
    why = said.rpartition(": ")[2]
    fix = (
        "Check image.registry (global.imageRegistry wins), image.prefix and image.tag; if the registry asks for a "
        "sign-in, name its Secret in global.imagePullSecrets."
    )
    found = f"the image {image} cannot be pulled"
    return Cause(f"{found} ({why})" if why and image not in why else found, fix)


def _crashed(snapshot: Snapshot, pod: Object, container_status: Object, ended: Object) -> Cause:
    if ended.get("reason") == "OOMKilled":
        return _out_of_memory(pod, container_status)
    container = str(container_status["name"])
    said = snapshot.last_words.get((name(pod), container)) or last_words(ended.get("message") or "")
    times = container_status.get("restartCount", 0)
    found = f"{container} ends with exit code {ended.get('exitCode', '?')}, restarted {times} times"
    return Cause(f"{found}: {said}" if said else found, _fix_of_crash(snapshot, pod, container))


def _fix_of_crash(snapshot: Snapshot, pod: Object, container: str) -> str:
    if container == "migrate":
        return _fix_of_database(pod)
    if container in ("model", "storage-initializer"):
        return (
            "Check that the bucket holds the version's files and that its credentials are good: external.s3, and under "
            "KServe the Secret of serving.predictor.serviceAccountName."
        )
    return f"Read more: kubectl -n {snapshot.namespace} logs {name(pod)} -c {container} --previous"


def _awaited(pod: Object, container: str) -> Cause | None:
    if container == "migrate":
        return Cause("migrate waits for the database", _fix_of_database(pod))
    if container == "model":
        fix = "Train one: add examples in the admin app and press Train, or set seed.enabled=true."
        return Cause("model waits for the first champion", fix)
    return None


def _fix_of_database(pod: Object) -> str:
    secret = _database_secret(pod)
    if is_of_the_chart(secret):
        return "See to postgresql, the bundled database."
    return (
        f"Check the address and the password in the Secret {secret} (external.postgresql.existingSecret), that the "
        "database takes connections from the cluster, and that networkPolicy.external has its address and port."
    )


def _database_secret(pod: Object) -> str:
    for container in containers(spec(pod)):
        for variable in variables(container):
            if variable["name"] == _DATABASE:
                reference = (variable.get("valueFrom") or {}).get("secretKeyRef") or {}
                return str(reference.get("name", ""))
    return ""


def _out_of_memory(pod: Object, container_status: Object) -> Cause:
    container = str(container_status["name"])
    limits = next((_limits(each) for each in containers(spec(pod)) if each["name"] == container), {})
    limit = limits.get("memory", "no limit of its own")
    times = container_status.get("restartCount", 0)
    value = resources_of(component(pod))
    found = f"{container} was out of memory at its limit {limit}, restarted {times} times"
    return Cause(found, f"Raise {value}.limits.memory, or set size: medium.")


def _limits(container: Object) -> Mapping[str, str]:
    return (container.get("resources") or {}).get("limits") or {}


def _describe(snapshot: Snapshot, pod: Object) -> str:
    return f"Read more: kubectl -n {snapshot.namespace} describe pod {name(pod)}"
