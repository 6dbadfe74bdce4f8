"""The restricted Pod Security Standard, read as a list of what a pod breaks, and a little more than it asks."""

from collections.abc import Iterator
from typing import Any

VOLUMES = {"configMap", "csi", "downwardAPI", "emptyDir", "ephemeral", "persistentVolumeClaim", "projected", "secret"}


def violations(spec: dict[str, Any]) -> list[str]:
    """Return what a pod's spec breaks, one sentence each."""
    return [*pod_violations(spec), *(f"{name}: {why}" for name, why in container_violations(spec))]


def pod_violations(spec: dict[str, Any]) -> Iterator[str]:
    for name in ("hostNetwork", "hostPID", "hostIPC"):
        if spec.get(name):
            yield name
    security = spec.get("securityContext", {})
    if security.get("runAsNonRoot") is not True:
        yield "runAsNonRoot"
    if not security.get("runAsUser"):
        yield "runAsUser names no user"
    if security.get("seccompProfile", {}).get("type") not in ("RuntimeDefault", "Localhost"):
        yield "seccompProfile"
    for volume in spec.get("volumes", []):
        if kinds := set(volume) - {"name"} - VOLUMES:
            yield f"volume {volume['name']} is a {kinds.pop()}"


def container_violations(spec: dict[str, Any]) -> Iterator[tuple[str, str]]:
    for container in [*spec.get("initContainers", []), *spec["containers"]]:
        security = container.get("securityContext", {})
        rules = {
            "privileged": not security.get("privileged"),
            "allowPrivilegeEscalation": security.get("allowPrivilegeEscalation") is False,
            "capabilities": security.get("capabilities", {}) == {"drop": ["ALL"]},
            "runAsNonRoot": security.get("runAsNonRoot", True) is True,
            "runAsUser": security.get("runAsUser", 1) != 0,
            "readOnlyRootFilesystem": security.get("readOnlyRootFilesystem") is True,
            "seccompProfile": security.get("seccompProfile", {}).get("type") in ("RuntimeDefault", "Localhost"),
            "hostPort": not any(port.get("hostPort") for port in container.get("ports", [])),
        }
        yield from ((container["name"], name) for name, is_kept in rules.items() if not is_kept)
