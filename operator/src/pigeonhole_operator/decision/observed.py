"""Everything that a decision looks at: what the cluster, the registry and the metrics said, and what time it is."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from pigeonhole_operator.resources.deployment_spec import DeploymentSpec
from pigeonhole_operator.resources.deployment_status import DeploymentStatus
from pigeonhole_operator.resources.promotion import GoldenResult, PromotionSpec, PromotionStatus


@dataclass(frozen=True)
class Problem:
    """A source that did not give what it was asked for: a CamelCase reason and a sentence."""

    reason: str
    message: str


@dataclass(frozen=True)
class Deployment:
    """A ModelDeployment as it is stored."""

    namespace: str
    name: str
    uid: str
    generation: int
    resource_version: str
    created_at: str
    spec: DeploymentSpec
    status: DeploymentStatus


@dataclass(frozen=True)
class Promotion:
    """A ModelPromotion as it is stored; `status` is None until the first one is written."""

    name: str
    uid: str
    resource_version: str
    created_at: str
    spec: PromotionSpec
    status: PromotionStatus | None


@dataclass(frozen=True)
class ModelVersion:
    """A registered version; `status` is MLflow's, READY for one that is whole."""

    version: str
    run_id: str
    storage_uri: str
    digest: str
    status: str = "READY"
    tags: Mapping[str, str] = field(default_factory=dict)
    classes: tuple[str, ...] = ()


@dataclass(frozen=True)
class Registry:
    """The aliases at the last poll, and the versions that were asked for; None stands for one that there is not."""

    polled_at: datetime
    aliases: Mapping[str, str]
    versions: Mapping[str, ModelVersion | None] = field(default_factory=dict)


@dataclass(frozen=True)
class ClassScore:
    """How a class did in the evaluation, in shares from 0 to 1, over `support` documents."""

    precision: float
    recall: float
    f1: float
    support: int


@dataclass(frozen=True)
class Evaluation:
    """A version's evaluation report.

    `champion_metrics` are those of `champion_version` on the same documents, where it was judged beside.
    """

    metrics: Mapping[str, float]
    per_class: Mapping[str, ClassScore] = field(default_factory=dict)
    champion_version: str | None = None
    champion_metrics: Mapping[str, float] | None = None


@dataclass(frozen=True)
class Artefact:
    """A model's files as they lie in the store; digest and signature are None where they could not be looked at."""

    digest: str | None
    signature: str | None


@dataclass(frozen=True)
class Service:
    """An InferenceService: what it asks for, and what its controller says of it."""

    name: str
    uid: str
    generation: int
    ready: bool
    message: str
    storage_uri: str
    version: str
    owner: str
    spec: Mapping[str, Any]
    annotations: Mapping[str, str] = field(default_factory=dict)
    deleting: bool = False

    @property
    def settled(self) -> bool:
        """Tell whether something of it is ready.

        Which version that is only its predictor can say: the status's observedGeneration is that of one of its
        Deployments, and Ready stays True while new pods do not start.
        """
        return self.ready and not self.deleting


@dataclass(frozen=True)
class RoutedCandidate:
    """The candidate in the routing."""

    host: str
    version: str
    weight: float
    shadow: bool


@dataclass(frozen=True)
class Routing:
    """The content of the transformer's routing ConfigMap."""

    generation: int
    stable_host: str
    stable_version: str | None
    candidate: RoutedCandidate | None


@dataclass(frozen=True)
class Served:
    """The model that a predictor says it serves."""

    version: str
    digest: str


@dataclass(frozen=True)
class Replay:
    """A replay of the golden set: how far it is, and its result once it is done."""

    sent: int
    total: int
    result: GoldenResult | None


Reading = float | None
"""What a query found: None when there is no data, or none that is a number."""


@dataclass(frozen=True)
class Observed:
    """One look at everything; what was not asked for is None."""

    now: datetime
    deployment: Deployment
    conflict: str | None = None
    """The name of another ModelDeployment that has the target."""
    field_conflict: str | None = None
    """Who else wrote the fields that the last action was to write, where it was not allowed to force them."""
    failure: Problem | None = None
    """Why the last plan could not be carried out to its end."""
    promotions: tuple[Promotion, ...] = ()
    registry: Registry | Problem = Problem("NotAsked", "The registry was not asked.")
    target: Service | None = None
    candidate: Service | None = None
    routing: Routing | Problem | None = None
    served_stable: Served | Problem | None = None
    served_candidate: Served | Problem | None = None
    evaluations: Mapping[str, Evaluation | Problem] = field(default_factory=dict)
    artefacts: Mapping[str, Artefact | Problem] = field(default_factory=dict)
    readings: Mapping[str, Mapping[str, Reading] | Problem] | None = None
    replay: Replay | Problem | None = None
