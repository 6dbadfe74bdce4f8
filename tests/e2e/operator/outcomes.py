"""How a story of two versions has to end, whatever befell the operator on the way: everything once."""

from typing import Any

from .cluster import Object
from .invariants import CANDIDATE, routing_of
from .manifests import ROUTING
from .recorder import status_of
from .shop import Shop

WHOLE_WAY = ["Gating", "DeployingCanary", "Mirroring", "Canary", "Promoting", "Verifying", "Succeeded"]
WAY_BACK = ["Gating", "DeployingCanary", "Mirroring", "Canary", "RollingBack", "RolledBack"]
FINE = {
    ("Ready", "True", "ServingStable"),
    ("Progressing", "False", "Succeeded"),
    ("GatesPassed", "True", "GatesPassed"),
    ("RegistryReachable", "True", "RegistryAnswers"),
    ("MetricsReachable", "True", "MetricsAnswer"),
    ("TargetReady", "True", "TargetReady"),
    ("Drifted", "False", "AsWritten"),
    ("Stalled", "False", "NotStalled"),
    ("Suspended", "False", "Active"),
}
AGREES, DISAGREES = (100, 2), (0, 900)
TAKEN_BACK: Object = {
    "canary": {
        "failureLimit": 0,
        "steps": [
            {"weight": 0, "mirror": True, "minSamples": 20, "duration": "1s"},
            {"weight": 50, "mirror": True, "minSamples": 50_000, "duration": "1s"},
        ],
    }
}
"""A second step that lasts until the candidate fails in it."""


def begins(shop: Shop, spec: Object | None = None) -> None:
    """Let version 1 serve and a better version 2 be the candidate, which is in every way as it should be."""
    shop.serving("1", spec=spec)
    shop.candidate("2", macro_f1=0.95)
    shop.metrics(agreement=AGREES, answered=50)


def fails(shop: Shop) -> None:
    """Let the candidate, once it has a share of the documents, be of another opinion than stable."""
    shop.waits(lambda: shop.weights() == [0, 50], "the candidate's share")
    shop.metrics(agreement=DISAGREES)


def is_promoted(shop: Shop) -> None:
    """Wait until version 2 serves, and see that all that leads there was done once."""
    shop.settles("Idle", stable="2")
    told = {"promotion_result": "Succeeded", "promotion_reason": "Succeeded"}
    shop.waits(lambda: shop.registry.tags("2").items() >= told.items(), "the tags of version 2")
    shop.waits(lambda: _attempt(shop).get("reported") is True, "the attempt to be reported")
    assert shop.journal() == WHOLE_WAY
    assert shop.conditions() >= FINE
    assert _passages(shop) == [("Normal", phase) for phase in WHOLE_WAY]
    assert shop.weights() == [0, 50, 0]
    assert shop.uris() == [shop.uri("1"), shop.uri("2")]
    assert shop.registry.aliases() == {"champion": "2", "previous": "1"}
    assert [row["version"] for row in shop.status["recent"]] == ["1"]
    assert shop.status["canaryWeight"] == 0
    _nothing_twice(shop)
    shop.answers_as("2")


def is_taken_back(shop: Shop) -> None:
    """Wait until version 2 is gone and in quarantine, and see that all that leads there was done once."""
    shop.reaches("RolledBack")
    shop.settles("Idle", stable="1")
    told = {"promotion_result": "RolledBack", "promotion_reason": "AnalysisFailed"}
    shop.waits(lambda: shop.registry.tags("2").items() >= told.items(), "the tags of version 2")
    shop.waits(lambda: _attempt(shop).get("reported") is True, "the attempt to be reported")
    assert shop.journal() == WAY_BACK
    assert shop.conditions() >= {
        ("Ready", "True", "ServingStable"),
        ("Progressing", "False", "CandidateQuarantined"),
        ("AnalysisHealthy", "False", "AboveMax"),
        ("Stalled", "False", "NotStalled"),
    }
    ends = [("Warning", phase) for phase in WAY_BACK[-2:]]
    assert _passages(shop) == [("Normal", phase) for phase in WAY_BACK[:-2]] + ends
    assert [(row["version"], row["reason"]) for row in shop.status["quarantined"]] == [("2", "AnalysisFailed")]
    assert shop.weights() == [0, 50, 0]
    assert shop.uris() == [shop.uri("1")]
    assert shop.registry.aliases() == {"champion": "1", "candidate": "2"}
    _nothing_twice(shop)
    shop.answers_as("1")


def _nothing_twice(shop: Shop) -> None:
    assert [item["metadata"]["name"] for item in shop.promotions()] == ["documents-v2-1"]
    assert shop.uris(CANDIDATE) == [shop.uri("2"), ""]
    generations = [routing_of(change.item)["generation"] for change in shop.recorder.of("ConfigMap", ROUTING)]
    assert generations == sorted(set(generations)), "a routing was written twice"
    events = [change for change in shop.recorder.of("Event") if change.verb == "ADDED"]
    created = [change.item for change in events if change.item["involvedObject"]["kind"] == "ModelDeployment"]
    told = [(event["reason"], event["message"]) for event in created]
    assert len(told) == len(set(told)), f"an Event was told twice: {told}"
    assert all(event["count"] == 1 for event in created)


def registry_writes(shop: Shop) -> list[tuple[str, str]]:
    """Return what was written to the registry and taken: method, the last part of the path."""
    seen = [exchange for exchange in shop.mlflow_proxy.exchanges if exchange.method != "GET"]
    return [(exchange.method, exchange.path.rpartition("/")[2]) for exchange in seen]


def _attempt(shop: Shop) -> dict[str, Any]:
    return status_of(shop.promotions()[-1]) if shop.promotions() else {}


def _passages(shop: Shop) -> list[tuple[str, str]]:
    return [(kind, reason) for kind, reason in shop.events() if reason in {*WHOLE_WAY, *WAY_BACK}]
