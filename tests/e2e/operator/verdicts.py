"""What an attempt wrote down of itself, as the cases read it."""

import time
from typing import Any

from .cluster import Object
from .recorder import status_of
from .shop import Shop


def attempt(shop: Shop) -> dict[str, Any]:
    """Return the status of the attempt that began last."""
    return status_of(shop.promotions()[-1])


def outcome(shop: Shop) -> tuple[str, str]:
    """Return how it ended, or where it stands: phase and reason."""
    status = attempt(shop)
    return status["phase"], status.get("reason", "")


def ends(shop: Shop, phase: str, reason: str = "") -> None:
    """Wait until it has ended so; that is written down last, after the ModelDeployment's status and the aliases."""
    shop.waits(lambda: bool(shop.promotions()) and outcome(shop) == (phase, reason), f"the end {phase} {reason}")


def is_gone(shop: Shop, kind: str, name: str) -> None:
    shop.waits(lambda: shop.recorder.now(kind, name) is None, f"{kind} {name} to be gone")


def check(shop: Shop, name: str) -> tuple[str, str]:
    """Return what one of its checks found the last time: verdict and reason."""
    rows: list[Object] = attempt(shop).get("checks", []) if shop.promotions() else []
    return next(((row["verdict"], row["reason"]) for row in rows if row["name"] == name), ("", ""))


def finds(shop: Shop, name: str, verdict: str, reason: str) -> None:
    """Wait until a check finds something."""
    shop.waits(lambda: check(shop, name) == (verdict, reason), f"{name} to find {verdict} {reason}")


def lets_pass(shop: Shop, seconds: float) -> None:
    """Let time go by because a limit in time is what the case is about."""
    end = time.monotonic() + seconds
    shop.waits(lambda: time.monotonic() > end, f"{seconds:g} s", seconds + 30)


def polls(shop: Shop, times: int = 2) -> None:
    """Wait until the registry was read some more times, each of which is a look at everything."""
    before = len(shop.mlflow_proxy.exchanges)

    def read() -> bool:
        later = shop.mlflow_proxy.exchanges[before:]
        return sum(exchange.path.endswith("registered-models/get") for exchange in later) > times

    shop.waits(read, f"{times} polls")


def quarantined(shop: Shop) -> list[tuple[str, str]]:
    """Return the versions in quarantine, each with its reason."""
    return [(row["version"], row["reason"]) for row in shop.status.get("quarantined", [])]
