"""What a ModelDeployment can say: a part of it, all that the limits allow, and a status that is none."""

from .operator_limits import analysis, gate, steps
from .operator_objects import Json

MOMENT = "2026-11-28T10:00:00.000001Z"
READY: Json = {"type": "Ready", "status": "True", "reason": "ServingStable", "lastTransitionTime": MOMENT}
PARTIAL: dict[str, Json] = {
    "minimal": {},
    "pin": {"pin": {"version": "1", "reason": "incident 42"}},
    "canary": {"canary": {"interval": "10s"}},
    "steps": {"canary": steps(5, 50)},
    "golden": {"canary": {"golden": {"dataset": "a" * 64}}},
    "analysis": {"canary": {"analysis": [{"name": "errors", "check": "Errors", "max": 0.01}, analysis("up")]}},
    "gates": {"gates": [gate("a"), {"name": "b", "metric": {"key": "f1", "min": 0.9}}]},
    "gate of classes": {"gates": [{"name": "a", "perClass": {"maxRegression": 0.05}}]},
    "rollback": {"rollback": {"window": 0}},
}
# Values that are just within their limits.
ACCEPTED: dict[str, Json] = {
    "everything": {"suspend": True, "approval": "Manual", "approvedVersion": "1234567890", "driftPolicy": "Ignore"},
    "history": {"historyLimit": 1},
    "pin": {"pin": {"version": "9", "reason": "r" * 256, "skipGates": True}},
    "request": {"request": {"version": "9", "reason": "why"}},
    "aliases": {"source": {"modelName": "m" * 250, "candidateAlias": "v1x", "championAlias": "latest-one"}},
    "aliases in turn": {"source": {"modelName": "m", "candidateAlias": "champion", "championAlias": "candidate"}},
    "shortest poll": {"source": {"modelName": "m", "pollInterval": "5s"}},
    "longest poll": {"source": {"modelName": "m", "pollInterval": "59m60s"}},
    "target": {"target": {"inferenceService": "d" * 40, "routing": "Transformer", "readyTimeout": "1ms"}},
    "one step": {"canary": {"steps": [{"weight": 100, "duration": "1s"}]}},
    "ten steps that just fit": {"canary": {**steps(*range(10), duration="6m"), "progressDeadline": "1h"}},
    "gates": {"gates": [gate(f"g{number}") for number in range(20)]},
    "equal limits": {"gates": [{"name": "a", "metric": {"key": "f1", "min": -1, "max": -1, "maxRegression": 0}}]},
    "confidence": {"gates": [{"name": "a", "perClass": {"min": 1, "confidence": 0.999, "minSupport": 1}}]},
    "analysis": {"canary": {"analysis": [analysis(f"a{number}") for number in range(20)]}},
    "no analysis": {"canary": {"analysis": []}},
    "check with both": {"canary": {"analysis": [{"name": "a", "check": "FeedbackLoss", "min": -1, "max": 0}]}},
    "rollback": {"rollback": {"automatic": False, "quarantine": False, "cooldown": "0s", "window": 20}},
}
BAD_STATUS: dict[str, tuple[Json, str, str]] = {
    "condition's status": (
        {"conditions": [{**READY, "status": "Yes"}]},
        "status.conditions[0].status",
        'Unsupported value: "Yes": supported values: "True", "False", "Unknown"',
    ),
    "condition's reason": (
        {"conditions": [{**READY, "reason": "serving stable"}]},
        "status.conditions[0].reason",
        "Invalid value: \"serving stable\": conditions[0].reason in body should match '^[A-Z][A-Za-z]*$'",
    ),
    "one type twice": ({"conditions": [READY, READY]}, "status.conditions[1]", 'Duplicate value: {"type":"Ready"}'),
    "too many quarantined": (
        {"quarantined": [{"version": str(number), "reason": "Errors", "at": MOMENT} for number in range(51)]},
        "status.quarantined",
        "Too many: 51: must have at most 50 items",
    ),
    "weight": (
        {"canaryWeight": 10.5},
        "status.canaryWeight",
        'Invalid value: "number": canaryWeight in body must be of type integer: "number"',
    ),
}
