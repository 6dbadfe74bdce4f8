"""How a model reaches its pod: KServe's pod webhook adds this to the pod, the stand-in to the Deployment's template."""

import base64
from collections.abc import Iterable
from dataclasses import dataclass

from .names import CONTAINER, Component, Object

FOLDER = "/mnt/models"
VOLUME = "kserve-provision-location"
CLAIM_VOLUME = "kserve-pvc-source"
INITIALIZER = "storage-initializer"
TRANSFER = {
    "HF_HUB_ENABLE_HF_TRANSFER": "1",
    "HF_XET_HIGH_PERFORMANCE": "1",
    "HF_XET_NUM_CONCURRENT_RANGE_GETS": "8",
}
# The secret's annotation, the variable it becomes, which is also the key of the secret's data that says the same.
S3_SETTINGS = (
    ("s3-verifyssl", "S3_VERIFY_SSL"),
    ("s3-useanoncredential", "awsAnonymousCredential"),
    ("s3-region", "AWS_DEFAULT_REGION"),
    ("s3-usevirtualbucket", "S3_USER_VIRTUAL_BUCKET"),
    ("s3-cabundle", "AWS_CA_BUNDLE"),
    ("s3-cabundle-configmap", "AWS_CA_BUNDLE_CONFIGMAP"),
)


@dataclass(frozen=True)
class Download:
    """What downloads a model: the initializer's image, and the secrets of the pod's service account in their order."""

    image: str
    secrets: tuple[Object, ...] = ()


def account_secrets(service: Object, accounts: Iterable[Object], secrets: Iterable[Object]) -> tuple[Object, ...]:
    """Return the secrets that the predictor's service account lists, as far as they exist, in its order."""
    name = service["spec"]["predictor"].get("serviceAccountName") or "default"
    listed = [
        item["name"]
        for account in accounts
        if account["metadata"]["name"] == name
        for item in account.get("secrets") or []
    ]
    found = {secret["metadata"]["name"]: secret for secret in secrets}
    return tuple(found[secret] for secret in listed if secret in found)


def source_of(service: Object, component: Component) -> str:
    """Return the URI of what a pod gets in its model folder: the model's, or its container's STORAGE_URI."""
    own = service["spec"][component]
    if model := own.get("model"):
        return str(model.get("storageUri") or "")
    named = [container for container in own["containers"] if container.get("name") == CONTAINER]
    variables = [item for container in named for item in container.get("env") or []]
    return next((str(item["value"]) for item in variables if item["name"] == "STORAGE_URI"), "")


def with_model(pod: Object, source: str, download: Download) -> Object:
    """Return a pod's spec with the model in its server's folder.

    Raises:
        ValueError: Nothing is known about that kind of source.
    """
    if not source:
        return pod
    scheme, _, place = source.partition("://")
    if scheme == "pvc":
        claim, _, path = place.partition("/")
        mount = {"name": CLAIM_VOLUME, "mountPath": FOLDER, "readOnly": True, **({"subPath": path} if path else {})}
        return _mounted(pod, {"name": CLAIM_VOLUME, "persistentVolumeClaim": {"claimName": claim}}, mount)
    if scheme != "s3":
        raise ValueError(f"StorageURI not supported: {source}")
    mount = {"name": VOLUME, "mountPath": FOLDER, "readOnly": True}
    downloaded = _mounted(pod, {"name": VOLUME, "emptyDir": {}}, mount)
    return {**downloaded, "initContainers": [*(pod.get("initContainers") or []), _initializer(source, download)]}


def _mounted(pod: Object, volume: Object, mount: Object) -> Object:
    containers = [
        {**item, "volumeMounts": [*(item.get("volumeMounts") or []), mount]} if item["name"] == CONTAINER else item
        for item in pod["containers"]
    ]
    return {**pod, "containers": containers, "volumes": [*(pod.get("volumes") or []), volume]}


def _initializer(source: str, download: Download) -> Object:
    return {
        "name": INITIALIZER,
        "image": download.image,
        "imagePullPolicy": "IfNotPresent",
        "args": [source, FOLDER],
        "env": [*_transfer_environment(), *s3_environment(download.secrets)],
        "resources": {"limits": {"cpu": "1", "memory": "1Gi"}, "requests": {"cpu": "100m", "memory": "100Mi"}},
        "terminationMessagePath": "/dev/termination-log",
        "terminationMessagePolicy": "FallbackToLogsOnError",
        "volumeMounts": [{"name": VOLUME, "mountPath": FOLDER}],
    }


def _transfer_environment() -> list[Object]:
    return [{"name": name, "value": value} for name, value in TRANSFER.items()]


def s3_environment(secrets: tuple[Object, ...]) -> list[Object]:
    """Return the variables by which the initializer reaches S3: those of the first secret with S3 keys."""
    secret = next((item for item in secrets if "AWS_SECRET_ACCESS_KEY" in (item.get("data") or {})), None)
    if secret is None:
        return []
    name = secret["metadata"]["name"]
    keys = [
        {"name": key, "valueFrom": {"secretKeyRef": {"name": name, "key": key}}}
        for key in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY")
    ]
    return [*keys, *({"name": key, "value": value} for key, value in _s3_settings(secret).items())]


def _s3_settings(secret: Object) -> dict[str, str]:
    settings: dict[str, str] = {}
    if endpoint := _setting(secret, "s3-endpoint", "S3_ENDPOINT"):
        https = _setting(secret, "s3-usehttps", "S3_USE_HTTPS")
        if https:
            settings["S3_USE_HTTPS"] = https
        settings["S3_ENDPOINT"] = endpoint
        settings["AWS_ENDPOINT_URL"] = f"{'http' if https == '0' else 'https'}://{endpoint}"
    found = {variable: _setting(secret, note, variable) for note, variable in S3_SETTINGS}
    return settings | {variable: value for variable, value in found.items() if value}


def _setting(secret: Object, annotation: str, key: str) -> str:
    annotations = secret["metadata"].get("annotations") or {}
    if (note := f"serving.kserve.io/{annotation}") in annotations:
        return str(annotations[note])
    return base64.b64decode((secret.get("data") or {}).get(key, "")).decode()
