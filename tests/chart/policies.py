"""Network policies as a network reads them: who may open a connection to whom."""

from collections.abc import Mapping
from typing import Any

from .rendering import Json, Pod, Rendered

PORTS = {
    "api": 8000, "user-app": 8501, "admin-app": 8501, "worker": 9090, "trainer": 9090, "operator": 8081,
    "transformer": 8080, "predictor": 8080, "mlflow": 5000, "postgresql": 5432, "s3": 9000,
}  # fmt: skip
CALLERS: dict[str, set[str]] = {
    "api": {"user-app", "admin-app", "seed"},
    "user-app": set(), "admin-app": set(), "worker": set(), "trainer": set(), "operator": set(),
    "transformer": {"worker", "operator"},
    "predictor": {"transformer", "operator"},
    "mlflow": {"api", "worker", "trainer", "operator"},
    "postgresql": {"api", "worker", "trainer", "mlflow", "migrations"},
    "s3": {"api", "worker", "trainer", "mlflow", "operator", "transformer", "predictor"},
}  # fmt: skip


def matches(selector: Json, labels: Mapping[str, str]) -> bool:
    for rule in selector.get("matchExpressions", []):
        assert rule["operator"] == "In", rule
        if labels.get(rule["key"]) not in rule["values"]:
            return False
    return bool(selector.get("matchLabels", {}).items() <= labels.items())


def is_peer(peer: Json, labels: Mapping[str, str], namespace: Mapping[str, str] | None) -> bool:
    """Whether a peer of a rule is this pod; `namespace` has the labels of another namespace, None is the same one.

    A block of addresses is for what is outside the cluster.
    """
    if "ipBlock" in peer:
        return False
    if namespace is not None and "namespaceSelector" not in peer:
        return False
    if "namespaceSelector" in peer and not matches(peer["namespaceSelector"], namespace or {}):
        return False
    return matches(peer.get("podSelector", {}), labels)


def allows(rule: Json, side: str, labels: Mapping[str, str], namespace: Mapping[str, str] | None, port: int) -> bool:
    ports = [each["port"] for each in rule.get("ports", []) if each.get("protocol", "TCP") == "TCP"]
    if "ports" in rule and port not in ports:
        return False
    return side not in rule or any(is_peer(peer, labels, namespace) for peer in rule[side])


def is_open(
    policies: list[Any], direction: str, pod: Pod, labels: Mapping[str, str], port: int, *,
    namespace: Mapping[str, str] | None = None,
) -> bool:  # fmt: skip
    """Whether a pod's side of a connection is open: by one policy that chooses it, or since none does."""
    side = {"Ingress": "from", "Egress": "to"}[direction]
    choosing = [
        policy["spec"] for policy in policies
        if direction in policy["spec"]["policyTypes"] and matches(policy["spec"]["podSelector"], pod.labels)
    ]  # fmt: skip
    rules = [rule for spec in choosing for rule in spec.get(direction.lower()) or []]
    return not choosing or any(allows(rule, side, labels, namespace, port) for rule in rules)


def may_connect(rendered: Rendered, source: Pod, target: Pod, port: int) -> bool:
    """Whether one pod of the release reaches another one, for which both sides have to be open."""
    policies = list(rendered.of("NetworkPolicy").values())
    leaves = is_open(policies, "Egress", source, target.labels, port)
    return leaves and is_open(policies, "Ingress", target, source.labels, port)
