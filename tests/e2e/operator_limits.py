"""Every limit of the operator's two kinds, each with a value just beyond it."""

from typing import Any

from .operator_refusals import ABSENT, Refusal

DURATION = r"^([0-9]+(\.[0-9]+)?(ms|h|m|s))+$"
NAME = r"^[a-z0-9]([-a-z0-9]*[a-z0-9])?$"
NUMBER = "^[1-9][0-9]*$"
RESERVED = "'latest' and v<number> are reserved MLflow aliases"
ONE_GATE = "exactly one of metric, perClass, tag, signature"
UNEQUAL = "previousAlias must differ from the other aliases"
MIN_MAX = "min must not exceed max"
RISING = "step weights must strictly increase"
COVERED = "progressDeadline must cover all steps"
TRIGGERS = ["Alias", "Request", "Pin", "Restore", "ForcedPin", "Adoption"]
TAG, METRIC = {"key": "k", "value": "v"}, {"key": "f1", "min": 0.5}
Row = tuple[str, str, Any, Any]


def gate(name: str) -> dict[str, str]:
    return {"name": name, "signature": "MustExist"}


def analysis(name: str) -> dict[str, Any]:
    return {"name": name, "query": "up", "max": 1}


def steps(*weights: int, duration: str = "1m") -> dict[str, Any]:
    return {"steps": [{"weight": weight, "duration": duration} for weight in weights]}


_WHOLE: list[Row] = [
    ("source", "required", None, ABSENT),
    ("target", "required", None, ABSENT),
    ("approval", "enum", ["Automatic", "Manual"], "Later"),
    ("approvedVersion", "pattern", NUMBER, "v2"),
    ("approvedVersion", "maxLength", 10, "1" * 11),
    ("driftPolicy", "enum", ["Correct", "Report", "Ignore"], "Fix"),
    ("historyLimit", "minimum", 1, 0),
    ("historyLimit", "maximum", 100, 101),
    ("pin.version", "required", None, ABSENT),
    ("pin.version", "pattern", NUMBER, "0"),
    ("pin.version", "maxLength", 10, "1" * 11),
    ("pin.reason", "required", None, ABSENT),
    ("pin.reason", "minLength", 3, "no"),
    ("pin.reason", "maxLength", 256, "r" * 257),
    ("request.version", "required", None, ABSENT),
    ("request.version", "pattern", NUMBER, "01"),
    ("request.version", "maxLength", 10, "1" * 11),
    ("request.reason", "required", None, ABSENT),
    ("request.reason", "minLength", 3, "no"),
    ("request.reason", "maxLength", 256, "r" * 257),
    ("rollback.cooldown", "pattern", DURATION, "-5s"),
    ("rollback.cooldown", "maxLength", 10, "1000000000s"),
    ("rollback.window", "minimum", 0, -1),
    ("rollback.window", "maximum", 20, 21),
]
_SOURCE_AND_TARGET: list[Row] = [
    ("source.modelName", "required", None, ABSENT),
    ("source.modelName", "minLength", 1, ""),
    ("source.modelName", "maxLength", 250, "m" * 251),
    ("source.candidateAlias", "minLength", 1, ""),
    ("source.candidateAlias", "maxLength", 64, "a" * 65),
    ("source.candidateAlias", "rule", RESERVED, "latest"),
    ("source.championAlias", "minLength", 1, ""),
    ("source.championAlias", "maxLength", 64, "a" * 65),
    ("source.championAlias", "rule", RESERVED, "V12"),
    ("source.previousAlias", "minLength", 1, ""),
    ("source.previousAlias", "maxLength", 64, "a" * 65),
    ("source.previousAlias", "rule", RESERVED, "v1"),
    # Only one of the two is given: the rules see the other's default.
    ("source", "rule", "candidateAlias and championAlias must differ", {"candidateAlias": "champion"}),
    ("source", "rule", UNEQUAL, {"championAlias": "previous"}),
    ("source", "rule", UNEQUAL, {"previousAlias": "candidate"}),
    ("source.pollInterval", "pattern", DURATION, "soon"),
    ("source.pollInterval", "maxLength", 10, "30000000000ms"),
    ("source.pollInterval", "rule", "pollInterval must be 5s..1h", "4s"),
    ("source.pollInterval", "rule", "pollInterval must be 5s..1h", "1h1s"),
    ("target.inferenceService", "required", None, ABSENT),
    ("target.inferenceService", "pattern", r"^[a-z]([-a-z0-9]*[a-z0-9])?$", "Documents"),
    ("target.inferenceService", "maxLength", 40, "d" * 41),
    ("target.routing", "enum", ["Transformer"], "Auto"),
    ("target.readyTimeout", "pattern", DURATION, "100us"),
    ("target.readyTimeout", "maxLength", 10, "1000000000s"),
    ("target.readyTimeout", "rule", "must be positive", "0s"),
]
_GATES: list[Row] = [
    ("gates", "maxItems", 20, [gate(f"g{number}") for number in range(21)]),
    ("gates", "unique", "name", [gate("a"), gate("a")]),
    ("gates[0]", "rule", ONE_GATE, {"signature": ABSENT}),
    ("gates[0]", "rule", ONE_GATE, {"tag": TAG}),
    ("gates[0]", "rule", ONE_GATE, {"metric": METRIC}),
    ("gates[0]", "rule", ONE_GATE, {"perClass": {"min": 0.5}}),
    ("gates[0].name", "required", None, ABSENT),
    ("gates[0].name", "pattern", NAME, "a_b"),
    ("gates[0].name", "maxLength", 63, "a" * 64),
    ("gates[0].signature", "enum", ["MustMatchStable", "MustExist"], "Some"),
    ("gates[0].metric", "rule", "a metric gate needs min, max or maxRegression", {"min": ABSENT}),
    ("gates[0].metric", "rule", MIN_MAX, {"min": 0.9, "max": 0.8}),
    ("gates[0].metric.key", "required", None, ABSENT),
    ("gates[0].metric.key", "minLength", 1, ""),
    ("gates[0].metric.key", "maxLength", 250, "k" * 251),
    ("gates[0].metric.maxRegression", "minimum", 0, -0.1),
    ("gates[0].perClass", "rule", "a perClass gate needs min or maxRegression", {"min": ABSENT}),
    ("gates[0].perClass.score", "enum", ["f1", "precision", "recall"], "auc"),
    ("gates[0].perClass.min", "minimum", 0, -0.1),
    ("gates[0].perClass.min", "maximum", 1, 1.1),
    ("gates[0].perClass.maxRegression", "minimum", 0, -0.1),
    ("gates[0].perClass.maxRegression", "maximum", 1, 1.1),
    ("gates[0].perClass.minSupport", "minimum", 1, 0),
    ("gates[0].perClass.minSupport", "maximum", 1_000_000, 1_000_001),
    ("gates[0].perClass.confidence", "minimum", 0.5, 0.4),
    ("gates[0].perClass.confidence", "maximum", 0.999, 0.9999),
    # The server by itself compares a whole number with a limit's whole part.
    ("gates[0].perClass.confidence", "rule", "confidence must be 0.5..0.999", 0),
    ("gates[0].tag.key", "required", None, ABSENT),
    ("gates[0].tag.key", "minLength", 1, ""),
    ("gates[0].tag.key", "maxLength", 250, "k" * 251),
    ("gates[0].tag.value", "required", None, ABSENT),
    ("gates[0].tag.value", "maxLength", 500, "v" * 501),
]
_CANARY: list[Row] = [
    ("canary", "rule", RISING, steps(10, 10)),
    ("canary", "rule", RISING, steps(10, 20, 15)),
    ("canary", "rule", COVERED, steps(10, 20, duration="12.1h")),
    # The steps are the default's: 3 hours and 5 minutes.
    ("canary", "rule", COVERED, {"progressDeadline": "3h4m"}),
    ("canary.steps", "minItems", 1, []),
    ("canary.steps", "maxItems", 10, steps(*range(11))["steps"]),
    ("canary.steps[0].weight", "required", None, ABSENT),
    ("canary.steps[0].weight", "minimum", 0, -1),
    ("canary.steps[0].weight", "maximum", 100, 101),
    ("canary.steps[0].minSamples", "minimum", 0, -1),
    ("canary.steps[0].minSamples", "maximum", 1_000_000, 1_000_001),
    ("canary.steps[0].duration", "pattern", DURATION, "5 min"),
    ("canary.steps[0].duration", "maxLength", 10, "1000000000s"),
    ("canary.steps[0].duration", "rule", "must be at least 1s", "999ms"),
    ("canary.interval", "pattern", DURATION, "+5s"),
    ("canary.interval", "maxLength", 10, "1000000000s"),
    ("canary.interval", "rule", "must be at least 1s", "0.5s"),
    ("canary.progressDeadline", "pattern", DURATION, "1d"),
    ("canary.progressDeadline", "maxLength", 10, "1000000000s"),
    ("canary.progressDeadline", "rule", "must be positive", "0s"),
    ("canary.failureLimit", "minimum", 0, -1),
    ("canary.failureLimit", "maximum", 20, 21),
    ("canary.errorLimit", "minimum", 0, -1),
    ("canary.errorLimit", "maximum", 100, 101),
    ("canary.golden.dataset", "required", None, ABSENT),
    ("canary.golden.dataset", "pattern", "^[0-9a-f]{64}$", "A" * 64),
    ("canary.golden.dataset", "maxLength", 64, "a" * 65),
    ("canary.golden.maxDocuments", "minimum", 1, 0),
    ("canary.golden.maxDocuments", "maximum", 10_000, 10_001),
    ("canary.golden.minAccuracy", "minimum", 0, -0.1),
    ("canary.golden.minAccuracy", "maximum", 1, 1.1),
    ("canary.golden.maxLoss", "minimum", 0, -0.1),
    ("canary.golden.maxLoss", "maximum", 1, 1.1),
]
_ANALYSIS: list[Row] = [
    ("canary.analysis", "maxItems", 20, [analysis(f"a{number}") for number in range(21)]),
    ("canary.analysis", "unique", "name", [analysis("a"), analysis("a")]),
    ("canary.analysis[0]", "rule", "exactly one of check, query", {"query": ABSENT}),
    ("canary.analysis[0]", "rule", "exactly one of check, query", {"check": "Errors"}),
    ("canary.analysis[0]", "rule", "an analysis needs min or max", {"max": ABSENT}),
    ("canary.analysis[0]", "rule", MIN_MAX, {"min": 2}),
    ("canary.analysis[0]", "rule", "a check needs max", {"query": ABSENT, "check": "Errors", "max": ABSENT, "min": 0}),
    ("canary.analysis[0].name", "required", None, ABSENT),
    ("canary.analysis[0].name", "pattern", NAME, "-a"),
    ("canary.analysis[0].name", "maxLength", 63, "a" * 64),
    ("canary.analysis[0].check", "enum", ["Errors", "Disagreement", "FeedbackLoss"], "Latency"),
    ("canary.analysis[0].query", "minLength", 1, ""),
    ("canary.analysis[0].query", "maxLength", 4096, "q" * 4097),
    ("canary.analysis[0].samplesQuery", "maxLength", 4096, "q" * 4097),
    ("canary.analysis[0].minSamples", "minimum", 0, -1),
    ("canary.analysis[0].minSamples", "maximum", 1_000_000, 1_000_001),
    ("canary.analysis[0].onNoData", "enum", ["Hold", "Fail", "Pass"], "Wait"),
]
_PROMOTION: list[Row] = [
    ("deployment", "required", None, ABSENT),
    ("deployment", "maxLength", 250, "d" * 251),
    ("attempt", "required", None, ABSENT),
    ("attempt", "minimum", 1, 0),
    ("generation", "required", None, ABSENT),
    ("trigger", "required", None, ABSENT),
    ("trigger", "enum", TRIGGERS, "Cron"),
    ("reason", "maxLength", 1024, "r" * 1025),
    ("release", "required", None, ABSENT),
]
_RELEASE: list[Row] = [
    ("version", "required", None, ABSENT),
    ("version", "maxLength", 250, "1" * 251),
    ("runId", "maxLength", 250, "r" * 251),
    ("storageUri", "maxLength", 2048, "u" * 2049),
    ("digest", "maxLength", 250, "d" * 251),
    ("since", "format", "date-time", "today"),
]
DEPLOYMENT_REFUSALS = [Refusal(*row) for row in (*_WHOLE, *_SOURCE_AND_TARGET, *_GATES, *_CANARY, *_ANALYSIS)]
PROMOTION_REFUSALS = [Refusal(*row) for row in _PROMOTION] + [
    Refusal(f"{part}.{path}", *rest) for part in ("release", "previous") for path, *rest in _RELEASE
]
