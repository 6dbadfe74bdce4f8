"""What a ModelDeployment says of itself; machines read the conditions, people the rest."""

from typing import Annotated, Literal

from pydantic import Field

from pigeonhole_operator.resources.schema import Moment, Part

_Short = Annotated[str, Field(max_length=250)]
_Message = Annotated[str, Field(max_length=1024)]
_Uri = Annotated[str, Field(max_length=2048)]

ConditionType = Literal[
    "Ready",
    "Progressing",
    "GatesPassed",
    "AnalysisHealthy",
    "RegistryReachable",
    "MetricsReachable",
    "TargetReady",
    "Drifted",
    "Stalled",
    "Suspended",
]


class Condition(Part):
    """A condition as KEP-1623 has it."""

    type: Annotated[str, Field(max_length=40)]
    status: Literal["True", "False", "Unknown"]
    reason: Annotated[str, Field(max_length=100, pattern=r"^[A-Z][A-Za-z]*$")]
    message: _Message = ""
    observed_generation: int = 0
    last_transition_time: Moment


class Release(Part):
    """A version as it is served: where it lies and what it must contain."""

    version: _Short
    run_id: _Short = ""
    storage_uri: _Uri = ""
    digest: _Short = ""
    since: Moment | None = None


class Quarantined(Part):
    """A version that failed in use and is not tried again; another value of its tag `promotion_retry` frees it."""

    version: _Short
    reason: _Short
    at: Moment
    retry_tag: _Short = ""


class PendingCandidate(Part):
    """A version that a poll found under the candidate's alias; it counts once a later poll finds it again."""

    version: _Short
    seen_at: Moment


class PromotionRef(Part):
    """The attempt under way, or the last one."""

    name: _Short
    attempt: int


class DeploymentStatus(Part):
    """The state of one served model."""

    observed_generation: int = 0
    state: _Short = "Idle"
    canary_weight: int = 0
    step_index: int | None = None
    step_started_at: Moment | None = None
    failed_checks: int = 0
    promotion_ref: PromotionRef | None = None
    stable: Release | None = None
    candidate: Release | None = None
    last_known_good: Release | None = None
    recent: Annotated[tuple[Release, ...], Field(max_length=21)] = Field(
        (), description="Versions that served before, the latest first."
    )
    pending: PendingCandidate | None = None
    quarantined: Annotated[tuple[Quarantined, ...], Field(max_length=50)] = ()
    corrected_at: Moment | None = Field(None, description="When a drift was last set right.")
    routing_generation: int = Field(0, description="The generation of the routing that was written last.")
    routing_written: _Short = Field("", description="A hash of the routing that was written last.")
    conditions: Annotated[
        tuple[Condition, ...],
        Field(
            max_length=20,
            json_schema_extra={"x-kubernetes-list-type": "map", "x-kubernetes-list-map-keys": ["type"]},
        ),
    ] = ()

    def condition(self, kind: ConditionType) -> Condition | None:
        """Return the condition of a type, if it is there."""
        return next((found for found in self.conditions if found.type == kind), None)
