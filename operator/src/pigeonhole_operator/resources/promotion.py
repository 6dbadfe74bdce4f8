"""ModelPromotion: one attempt to let a version serve; its spec never changes, its status is the journal."""

from enum import StrEnum
from typing import Annotated, Literal

from pydantic import Field

from pigeonhole_operator.resources.deployment_status import Release
from pigeonhole_operator.resources.schema import Moment, Part

_Short = Annotated[str, Field(max_length=250)]
_Message = Annotated[str, Field(max_length=1024)]


class Phase(StrEnum):
    """Where an attempt stands; the last four are its ends."""

    GATING = "Gating"
    AWAITING_APPROVAL = "AwaitingApproval"
    DEPLOYING = "DeployingCanary"
    MIRRORING = "Mirroring"
    CANARY = "Canary"
    PROMOTING = "Promoting"
    VERIFYING = "Verifying"
    ROLLING_BACK = "RollingBack"
    SUCCEEDED = "Succeeded"
    REJECTED = "Rejected"
    ROLLED_BACK = "RolledBack"
    SUPERSEDED = "Superseded"

    @property
    def ended(self) -> bool:
        """Tell whether nothing follows."""
        return self in ENDS


ENDS = frozenset({Phase.SUCCEEDED, Phase.REJECTED, Phase.ROLLED_BACK, Phase.SUPERSEDED})


class Trigger(StrEnum):
    """What an attempt comes from, which says which part of the way it takes."""

    ALIAS = "Alias"
    REQUEST = "Request"
    PIN = "Pin"
    RESTORE = "Restore"
    FORCED_PIN = "ForcedPin"
    ADOPTION = "Adoption"


class PromotionSpec(Part):
    """What is tried; nothing of it changes."""

    model_config = {
        "json_schema_extra": {
            "x-kubernetes-validations": [{"rule": "self == oldSelf", "message": "a promotion is immutable"}]
        }
    }

    deployment: _Short
    attempt: int = Field(ge=1)
    generation: int = Field(description="The ModelDeployment's generation at the start.")
    trigger: Trigger
    reason: _Message = Field("", description="Why somebody asked for it.")
    direct: bool = Field(False, description="Without a canary: nothing serves yet, it served before, or it is forced.")
    release: Release
    previous: Release | None = Field(None, description="What serves if the attempt fails.")


class GateResult(Part):
    """What a gate found."""

    name: _Short
    passed: bool
    message: _Message


class CheckResult(Part):
    """What a check of the canary found, the last time."""

    name: _Short
    verdict: Literal["Pass", "Fail", "Hold", "Error"]
    reason: _Short
    message: _Message = ""
    value: float | None = None
    samples: float | None = None
    dry_run: bool = False


class GoldenResult(Part):
    """How a replay of the golden set went."""

    documents: int
    candidate_right: int
    stable_right: int
    failed: int


class Passage(Part):
    """An entry of the journal."""

    phase: Phase
    at: Moment
    reason: _Short = ""


class PromotionStatus(Part):
    """The journal of an attempt: whatever it needs to go on after a crash."""

    phase: Phase = Phase.GATING
    reason: _Short = ""
    message: _Message = ""
    started_at: Moment
    phase_started_at: Moment
    trial_started_at: Moment | None = Field(None, description="When a predictor of its own was first asked for.")
    policy: _Short = Field("", description="A hash of the rules it was judged by last.")
    version_tags: _Short = Field("", description="A hash of the version's tags as the gates saw them.")
    step_index: int = 0
    step_started_at: Moment | None = None
    weight: int = 0
    checked_at: Moment | None = None
    failed_checks: int = 0
    error_checks: int = 0
    suspended_at: Moment | None = None
    held: bool = Field(False, description="It failed, and is not to be taken back automatically.")
    samples: float | None = Field(None, description="Documents of the step, as far as they are known.")
    from_phase: Phase | None = Field(None, description="The phase that a roll-back began in.")
    outcome: Phase | None = Field(None, description="The end that a roll-back leads to.")
    gates: Annotated[tuple[GateResult, ...], Field(max_length=100)] = ()
    checks: Annotated[tuple[CheckResult, ...], Field(max_length=20)] = ()
    golden: GoldenResult | None = None
    finished_at: Moment | None = None
    reported: bool = Field(False, description="The registry's tags say how it ended.")
    journal: Annotated[tuple[Passage, ...], Field(max_length=60)] = ()
