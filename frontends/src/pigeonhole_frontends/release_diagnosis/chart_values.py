"""Which of the chart's values decides what, as fixes name them."""

import re

from pigeonhole_frontends.release_diagnosis.objects import Object, containers, variables

_RESOURCES = {
    "user-app": "userApp.resources",
    "admin-app": "adminApp.resources",
    "transformer": "serving.transformer.resources",
    "predictor": "serving.predictor.resources",
    "postgresql": "bundled.postgresql.resources",
    "s3": "bundled.s3.resources",
}
_PLACED = {
    **{each: each for each in ("api", "worker", "trainer", "operator", "mlflow")},
    "user-app": "userApp",
    "admin-app": "adminApp",
}
_BY_VARIABLE = {
    "PIGEONHOLE_API_DATABASE_URL": ("external.postgresql.existingSecret", "external.postgresql.urlKey"),
    "PIGEONHOLE_API_SIGNING_KEY": ("auth.existingSecret", ""),
    "PIGEONHOLE_API_TOKEN": ("auth.existingSecret", ""),
    "PIGEONHOLE_APP_TOKEN": ("auth.existingSecret", ""),
    "STREAMLIT_SERVER_COOKIE_SECRET": ("auth.existingSecret", ""),
    "AWS_ACCESS_KEY_ID": ("external.s3.existingSecret", "external.s3.accessKeyIdKey"),
    "AWS_SECRET_ACCESS_KEY": ("external.s3.existingSecret", "external.s3.secretAccessKeyKey"),
    "MLFLOW_TRACKING_TOKEN": ("external.mlflow.existingSecret", ""),
    "MLFLOW_TRACKING_USERNAME": ("external.mlflow.existingSecret", ""),
    "MLFLOW_TRACKING_PASSWORD": ("external.mlflow.existingSecret", ""),
    "MLFLOW_BACKEND_STORE_URI": ("mlflow.existingSecret", ""),
}
_BY_VOLUME = {"sign-in": "auth.apps.existingSecret", "mlflow": "external.mlflow.existingSecret"}
_OF_THE_CHART = re.compile(r"-(secrets|bundled)$")
_MISSING_SECRET = re.compile(r'secrets? "([^"]+)" not found')
_MISSING_KEY = re.compile(r"couldn't find key (\S+) in Secret (?:[^/\s]+/)?([^\s/]+)")
_MISSING_IN_VOLUME = re.compile(r'volume "([^"]+)" ?: references non-existent secret key: (\S+)')
_MISSING_MAP = re.compile(r'configmaps? "([^"]+)" not found')


def resources_of(component: str) -> str:
    """Return the value with a component's requests and limits."""
    return _RESOURCES.get(component, f"{component}.resources")


def placement_of(component: str) -> tuple[str, ...]:
    """Return the values that say on which nodes a component may run; none where the chart has no such values."""
    if component not in _PLACED:
        return ()
    return tuple(f"{_PLACED[component]}.{each}" for each in ("nodeSelector", "tolerations", "affinity"))


def is_of_the_chart(secret: str) -> bool:
    """Tell whether a Secret's name is one that the chart gives its own."""
    return _OF_THE_CHART.search(secret) is not None


def fix_of_missing(message: str, pod_spec: Object) -> str | None:
    """Return the fix for what a pod refers to and is not there, or None when the message says nothing of that kind."""
    if found := _MISSING_KEY.search(message):
        key, secret = found.group(1), found.group(2).rstrip(".")
        return _fix(secret, key.strip('"'), pod_spec)
    if found := _MISSING_SECRET.search(message):
        return _fix(found.group(1), None, pod_spec)
    if found := _MISSING_IN_VOLUME.search(message):
        return _fix(_secret_of(found.group(1), pod_spec), found.group(2), pod_spec)
    if found := _MISSING_MAP.search(message):
        return f"The chart makes the ConfigMap {found.group(1)}: run helm upgrade again."
    return None


def _fix(secret: str, key: str | None, pod_spec: Object) -> str:
    if is_of_the_chart(secret):
        return f"The chart makes the Secret {secret}: run helm upgrade again with the same values."
    value, key_value = _values(secret, key, pod_spec)
    keyed = f" with the key {key}" if key else ""
    named = f", which {value} names" if value else ""
    other = f", or name its key by {key_value}" if key and key_value else ""
    return f"Make the Secret {secret}{keyed} in this namespace{named}{other}."


def _secret_of(volume: str, pod_spec: Object) -> str:
    found = (each for each in pod_spec.get("volumes") or () if each["name"] == volume)
    return next((str(each["secret"]["secretName"]) for each in found if "secret" in each), "")


def _values(secret: str, key: str | None, pod_spec: Object) -> tuple[str, str]:
    for container in containers(pod_spec):
        for variable in variables(container):
            reference = (variable.get("valueFrom") or {}).get("secretKeyRef") or {}
            if reference.get("name") == secret and key in (None, reference.get("key")):
                return _BY_VARIABLE.get(variable["name"], ("", ""))
    for volume in pod_spec.get("volumes") or ():
        if (volume.get("secret") or {}).get("secretName") == secret:
            return _BY_VOLUME.get(volume["name"], ""), ""
    return "", ""
