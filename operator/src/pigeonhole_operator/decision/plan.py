"""What a decision leads to: actions in their order, and when to look again."""

from dataclasses import dataclass
from datetime import timedelta
from typing import Literal

from pigeonhole_operator.decision.observed import Routing
from pigeonhole_operator.resources.deployment_status import DeploymentStatus, Release
from pigeonhole_operator.resources.promotion import PromotionSpec, PromotionStatus


@dataclass(frozen=True)
class CreatePromotion:
    """Begin an attempt; one of that name and the same spec is the same attempt."""

    name: str
    spec: PromotionSpec


@dataclass(frozen=True)
class WritePromotion:
    """Write an attempt's journal."""

    name: str
    resource_version: str
    status: PromotionStatus


@dataclass(frozen=True)
class DeletePromotion:
    """Forget an old attempt."""

    name: str
    uid: str


@dataclass(frozen=True)
class ApplyStable:
    """Have the stable InferenceService serve a release; `force` takes fields that somebody else wrote."""

    service: str
    release: Release
    force: bool


@dataclass(frozen=True)
class ApplyCandidate:
    """Have a predictor of its own serve a release, made like the stable one."""

    service: str
    release: Release


@dataclass(frozen=True)
class DeleteCandidate:
    """Remove that predictor, if it is still the one that was seen."""

    service: str
    uid: str


@dataclass(frozen=True)
class ApplyRouting:
    """Write the transformer's routing."""

    config_map: str
    routing: Routing


@dataclass(frozen=True)
class SetAlias:
    """Name a version in the registry."""

    alias: str
    version: str


@dataclass(frozen=True)
class DeleteAlias:
    """Take a name away, if it still names that version."""

    alias: str
    version: str


@dataclass(frozen=True)
class TagVersion:
    """Say at the version in the registry how it went."""

    version: str
    tags: tuple[tuple[str, str], ...]


@dataclass(frozen=True)
class WriteStatus:
    """Write the ModelDeployment's status."""

    status: DeploymentStatus


@dataclass(frozen=True)
class Emit:
    """Record a Kubernetes Event at the ModelDeployment; the same `key` is the same event."""

    key: str
    kind: Literal["Normal", "Warning"]
    reason: str
    message: str


Action = (
    CreatePromotion
    | WritePromotion
    | DeletePromotion
    | ApplyStable
    | ApplyCandidate
    | DeleteCandidate
    | ApplyRouting
    | SetAlias
    | DeleteAlias
    | TagVersion
    | WriteStatus
    | Emit
)


@dataclass(frozen=True)
class Move:
    """What a phase leads to: the journal as it is to be written, and what comes before that.

    `actions` come before the deployment's status is written, `reports` to the registry after it.
    """

    status: PromotionStatus
    actions: tuple[Action, ...] = ()
    reports: tuple[Action, ...] = ()
    wait: timedelta | None = None


@dataclass(frozen=True)
class Plan:
    """Actions, to be done one after another up to the first that fails, and the time until the next look."""

    actions: tuple[Action, ...] = ()
    requeue_after: timedelta | None = None
