"""What a ModelDeployment asks for; its CRD is generated from these classes."""

from datetime import timedelta
from typing import Annotated, Any, Literal

from pydantic import Field

from pigeonhole_operator.resources.durations import Duration
from pigeonhole_operator.resources.schema import Part, VersionNumber, named_list, rules

_RESERVED = rules(
    (r"!self.lowerAscii().matches('^(latest|v[0-9]+)$')", "'latest' and v<number> are reserved MLflow aliases")
)
_Alias = Annotated[str, Field(min_length=1, max_length=64, json_schema_extra=_RESERVED)]
_Key = Annotated[str, Field(min_length=1, max_length=250)]
_Name = Annotated[str, Field(max_length=63, pattern=r"^[a-z0-9]([-a-z0-9]*[a-z0-9])?$")]
_Reason = Annotated[str, Field(min_length=3, max_length=256)]
_PollInterval = Annotated[
    Duration,
    Field(
        json_schema_extra=rules(
            ("duration(self) >= duration('5s') && duration(self) <= duration('1h')", "pollInterval must be 5s..1h")
        )
    ),
]
_Positive = Annotated[Duration, Field(json_schema_extra=rules(("duration(self) > duration('0s')", "must be positive")))]
_AtLeastASecond = Annotated[
    Duration, Field(json_schema_extra=rules(("duration(self) >= duration('1s')", "must be at least 1s")))
]


class Source(Part):
    """Where versions come from."""

    model_config = {
        "json_schema_extra": rules(
            ("self.candidateAlias != self.championAlias", "candidateAlias and championAlias must differ"),
            (
                "self.previousAlias != self.championAlias && self.previousAlias != self.candidateAlias",
                "previousAlias must differ from the other aliases",
            ),
            ("self.modelName == oldSelf.modelName", "modelName is immutable"),
        )
    }

    model_name: Annotated[str, Field(min_length=1, max_length=250, description="The registered model in MLflow.")]
    candidate_alias: _Alias = Field("candidate", description="Alias of the version that wants to serve.")
    champion_alias: _Alias = Field("champion", description="Alias that the serving version gets.")
    previous_alias: _Alias = Field("previous", description="Alias of the version that served before.")
    poll_interval: _PollInterval = Field(timedelta(seconds=30), description="How often the aliases are read.")


class Target(Part):
    """What serves them."""

    model_config = {
        "json_schema_extra": rules(
            (
                "self.inferenceService == oldSelf.inferenceService",
                "inferenceService is immutable; create a new ModelDeployment",
            )
        )
    }

    inference_service: Annotated[
        str,
        Field(
            max_length=40,
            pattern=r"^[a-z]([-a-z0-9]*[a-z0-9])?$",
            description="The InferenceService of the stable version; `-candidate` is the one on trial, "
            "`-routing` the ConfigMap that the transformer follows.",
        ),
    ]
    routing: Literal["Transformer"] = Field("Transformer", description="Who splits the traffic.")
    ready_timeout: _Positive = Field(timedelta(minutes=10), description="Time for a predictor to become ready.")


class MetricGate(Part):
    """A score of the evaluation: a floor, a ceiling, or how much worse than the champion's it may be."""

    model_config = {
        "json_schema_extra": rules(
            (
                "has(self.min) || has(self.max) || has(self.maxRegression)",
                "a metric gate needs min, max or maxRegression",
            ),
            ("!has(self.min) || !has(self.max) || self.min <= self.max", "min must not exceed max"),
        )
    }

    key: _Key
    min: float | None = None
    max: float | None = None
    max_regression: float | None = Field(None, ge=0)
    higher_is_better: bool = True


class PerClassGate(Part):
    """A score of each class with enough documents, as it stands in the evaluation report."""

    model_config = {
        "json_schema_extra": rules(
            ("has(self.min) || has(self.maxRegression)", "a perClass gate needs min or maxRegression")
        )
    }

    score: Literal["f1", "precision", "recall"] = "recall"
    min: float | None = Field(None, ge=0, le=1)
    max_regression: float | None = Field(None, ge=0, le=1)
    min_support: int = Field(10, ge=1, le=1_000_000, description="Documents from which on a class counts.")
    confidence: float = Field(
        0.95,
        ge=0.5,
        le=0.999,
        description="A loss within the interval of this confidence counts as chance.",
        # The API server compares a whole number with these limits' whole part alone, and would take 0.
        json_schema_extra=rules(("self >= 0.5 && self <= 0.999", "confidence must be 0.5..0.999")),
    )


class TagGate(Part):
    """A tag of the version."""

    key: _Key
    value: Annotated[str, Field(max_length=500)]


class Gate(Part):
    """One condition before anything moves."""

    model_config = {
        "json_schema_extra": rules(
            (
                "[has(self.metric), has(self.perClass), has(self.tag), has(self.signature)].filter(x, x).size() == 1",
                "exactly one of metric, perClass, tag, signature",
            )
        )
    }

    name: _Name
    metric: MetricGate | None = None
    per_class: PerClassGate | None = None
    tag: TagGate | None = None
    signature: Literal["MustMatchStable", "MustExist"] | None = None


class Step(Part):
    """A share of the documents for the candidate, and what has to be seen before the next one."""

    weight: Annotated[int, Field(ge=0, le=100, description="Per cent of the documents that the candidate answers.")]
    mirror: bool = Field(False, description="Have the model that does not answer score the text too.")
    min_samples: int = Field(0, ge=0, le=1_000_000, description="Documents that both models scored in this step.")
    duration: _AtLeastASecond = Field(timedelta(minutes=5), description="The least time in this step.")


class Golden(Part):
    """A labelled set that is sent through the transformer before live documents count."""

    dataset: Annotated[
        str, Field(pattern=r"^[0-9a-f]{64}$", max_length=64, description="Id of a dataset version in the storage.")
    ]
    max_documents: int = Field(200, ge=1, le=10_000)
    min_accuracy: float = Field(0.0, ge=0, le=1, description="Least share of right answers of the candidate.")
    max_loss: float = Field(0.02, ge=0, le=1, description="How much the share may be below stable's on the same set.")


class Analysis(Part):
    """One check of a step: ours by name, or a PromQL query."""

    model_config = {
        "json_schema_extra": rules(
            ("[has(self.check), has(self.query)].filter(x, x).size() == 1", "exactly one of check, query"),
            ("has(self.min) || has(self.max)", "an analysis needs min or max"),
            ("!has(self.min) || !has(self.max) || self.min <= self.max", "min must not exceed max"),
            ("!has(self.check) || has(self.max)", "a check needs max"),
        )
    }

    name: _Name
    check: Literal["Errors", "Disagreement", "FeedbackLoss"] | None = Field(
        None,
        description="Errors: share of the candidate's documents that stable had to answer. Disagreement: share of the "
        "documents that both scored with another class. FeedbackLoss: by how much people's verdicts are worse.",
    )
    query: Annotated[str, Field(min_length=1, max_length=4096)] | None = Field(
        None, description="PromQL; $namespace, $model, $candidate, $stable and $window stand for those of the step."
    )
    min: float | None = None
    max: float | None = None
    samples_query: Annotated[str, Field(max_length=4096)] | None = None
    min_samples: int = Field(20, ge=0, le=1_000_000)
    proportion: bool = Field(False, description="The query is a share of its samples: its interval decides.")
    on_no_data: Literal["Hold", "Fail", "Pass"] = "Hold"
    dry_run: bool = Field(False, description="Reported, and without consequence.")


_DEFAULT_ANALYSIS = (
    Analysis(name="errors", check="Errors", max=0.01, on_no_data="Pass"),
    Analysis(name="disagreement", check="Disagreement", max=0.2),
)
_DEFAULT_STEPS = (
    Step(weight=0, mirror=True, min_samples=200, duration=timedelta(minutes=5)),
    Step(weight=10, mirror=True, min_samples=30, duration=timedelta(hours=1)),
    Step(weight=50, mirror=True, min_samples=100, duration=timedelta(hours=2)),
)


class Canary(Part):
    """The way from nothing to everything."""

    model_config = {
        "json_schema_extra": rules(
            (
                "self.steps.map(s, s.weight).isSorted() && "
                "self.steps.all(s, self.steps.exists_one(t, t.weight == s.weight))",
                "step weights must strictly increase",
            ),
            (
                "duration(self.progressDeadline) >= self.steps.map(s, duration(s.duration)).sum()",
                "progressDeadline must cover all steps",
            ),
        )
    }

    steps: Annotated[
        tuple[Step, ...], Field(min_length=1, max_length=10, json_schema_extra={"x-kubernetes-list-type": "atomic"})
    ] = _DEFAULT_STEPS
    interval: _AtLeastASecond = Field(timedelta(seconds=30), description="Time between two checks.")
    progress_deadline: _Positive = Field(timedelta(hours=24), description="Time for the whole attempt.")
    failure_limit: int = Field(2, ge=0, le=20, description="Failed checks that are borne.")
    error_limit: int = Field(
        4, ge=0, le=100, description="Times in a row that metrics could not be read before the attempt is held."
    )
    golden: Golden | None = None
    analysis: Annotated[tuple[Analysis, ...], Field(max_length=20, json_schema_extra=named_list())] = _DEFAULT_ANALYSIS


class Rollback(Part):
    """What follows a candidate that fails."""

    automatic: bool = Field(True, description="Take a failing candidate back by itself, else hold it.")
    quarantine: bool = Field(True, description="Do not try a version again that was taken back.")
    cooldown: Duration = Field(timedelta(minutes=10), description="Pause after an attempt that failed.")
    window: int = Field(3, ge=0, le=20, description="Versions that served before and may be pinned at once.")


class Pin(Part):
    """A version that shall serve, whatever the aliases say."""

    version: VersionNumber
    reason: _Reason
    skip_gates: bool = False


class Request(Part):
    """A version that shall be tried once, as if it had the candidate's alias."""

    version: VersionNumber
    reason: _Reason


class DeploymentSpec(Part):
    """One model that serves, where its versions come from, and by which rules they change."""

    suspend: bool = Field(
        False, description="Start nothing and raise nothing; a failing candidate is still taken back."
    )
    approval: Literal["Automatic", "Manual"] = Field(
        "Automatic", description="Manual waits after the gates until approvedVersion names the candidate."
    )
    approved_version: VersionNumber | None = None
    drift_policy: Literal["Correct", "Report", "Ignore"] = Field(
        "Correct", description="What follows a change by hand of what the operator decides."
    )
    history_limit: int = Field(20, ge=1, le=100, description="Ended promotions that are kept.")
    pin: Pin | None = None
    request: Request | None = None
    source: Source
    target: Target
    gates: Annotated[tuple[Gate, ...], Field(max_length=20, json_schema_extra=named_list())] = ()
    canary: Canary = Canary()
    rollback: Rollback = Rollback()


def parse_deployment_spec(raw: dict[str, Any]) -> DeploymentSpec:
    """Return the spec of a ModelDeployment.

    Raises:
        pydantic.ValidationError: It is not of the CRD's shape.
    """
    return DeploymentSpec.model_validate(raw)
