"""Who of several operators leads: read off the Lease and asked of themselves."""

from typing import Any

from .asking import identities, leads, measured, probe
from .operator_process import OperatorProcess
from .shop import Shop

LEASE = "pigeonhole-operator"
LEASE_SECONDS = 10
# The pause between two looks at the Lease, and what a loaded machine needs.
SLACK_SECONDS = 10
LONG = {"PIGEONHOLE_OPERATOR_LEASE_SECONDS": "300", "PIGEONHOLE_OPERATOR_LEASE_RENEW_SECONDS": "200"}
ONCE = [
    *(("POST", "alias"), ("POST", "alias"), ("DELETE", "alias")),
    *(("POST", "set-tag"), ("POST", "set-tag"), ("POST", "set-tag")),
]


def lease(shop: Shop) -> dict[str, Any]:
    spec: dict[str, Any] = shop.cluster.get("Lease", LEASE, shop.namespace)["spec"]
    return spec


def hands(shop: Shop, **spec: Any) -> None:
    """Write fields of the Lease, as somebody else does."""
    shop.cluster.merge("Lease", LEASE, shop.namespace, {"spec": spec}, manager="somebody-else")


def standby(shop: Shop, **settings: str) -> OperatorProcess:
    """Start another operator, and return it once it has a full picture."""
    made = shop.another_operator()
    made.start(**settings)
    shop.waits(lambda: probe(made, "/readyz")[0] == 200, "the standby to be ready")
    return made


def led_by(shop: Shop, operator: OperatorProcess, seconds: float = LEASE_SECONDS + SLACK_SECONDS) -> None:
    """Wait until an operator leads and the Lease names it, for no longer than that may take."""

    def holds() -> bool:
        return leads(operator) and lease(shop).get("holderIdentity") in identities(operator)[-1:]

    shop.waits(holds, f"{operator.log.name} to lead", seconds)


def is_idle(operator: OperatorProcess) -> bool:
    """Tell whether an operator has looked at nothing and so has written nothing."""
    return measured(operator, "pigeonhole_operator_reconcile_total") is None and not leads(operator)


def latest(shop: Shop) -> int:
    return shop.recorder.changes[-1].revision
