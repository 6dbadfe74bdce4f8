"""Trainings, and the models that came of them."""

from typing import Literal

from pydantic import Field

from pigeonhole_api.models.wire import Moment, WireModel

TrainingState = Literal["queued", "running", "succeeded", "rejected", "failed"]

FINAL_TRAINING_STATES = frozenset({"succeeded", "rejected", "failed"})
"""States in which nothing more happens to a training."""


class Gate(WireModel):
    """One condition: the value found, the limit, and whether it was met."""

    name: str
    value: float
    limit: float
    passed: bool


class Gates(WireModel):
    """All conditions on a model."""

    passed: bool
    gates: list[Gate]


class PerClassScores(WireModel):
    """Scores of one class; `support` counts its documents."""

    class_name: str = Field(alias="class")
    precision: float
    recall: float
    f1: float
    support: int


class StartTrainingRequest(WireModel):
    """Which dataset version to train on."""

    dataset_version: str = Field(pattern=r"^[0-9a-f]{64}$")


class Training(WireModel):
    """One training; `rejected` means that its model is registered but did not pass a gate.

    `stage` is the step at work or the last one that was; `stage_done` of `stage_total` documents are done in it.
    `confusion[i][j]` counts documents of class `labels[i]` that were answered `labels[j]`.
    """

    id: str
    state: TrainingState
    dataset_version: str
    stage: str | None = None
    stage_done: int | None = None
    stage_total: int | None = None
    attempts: int = 0
    created_by: str
    created_at: Moment
    started_at: Moment | None = None
    finished_at: Moment | None = None
    model_version: str | None = None
    promoted: bool = False
    metrics: dict[str, float] = {}
    labels: list[str] = []
    confusion: list[list[int]] = []
    per_class: list[PerClassScores] = []
    gates: Gates | None = None
    error: str | None = None


class TrainingPage(WireModel):
    """Trainings, the newest first."""

    trainings: list[Training]
    next_page_token: str | None = None


class Promotion(WireModel):
    """How the promotion operator's last attempt with a version ended."""

    result: str = Field(description="`Succeeded`, `Rejected`, `RolledBack` or `Superseded`.")
    reason: str = Field("", description="A word for it, such as `GatesFailed`.")
    message: str = Field("", description="What was found.")

    @property
    def is_refusal(self) -> bool:
        """Tell whether the version was not taken, or was taken back."""
        return self.result in ("Rejected", "RolledBack")


class Model(WireModel):
    """A registered model version; `gates_passed` is None when none was judged, `promotion` when none was tried."""

    version: str
    aliases: list[str] = []
    created_at: Moment
    dataset_version: str = ""
    run_id: str = ""
    digest: str = ""
    classes: list[str] = []
    metrics: dict[str, float] = {}
    gates_passed: bool | None = None
    promotion: Promotion | None = None


class ChosenModel(Model):
    """The version that was chosen to serve; `requested` says that an operator was asked, and that it decides when."""

    requested: bool = False


class ModelList(WireModel):
    """Every registered version, the newest first."""

    models: list[Model]


class ModelDetail(Model):
    """A model version with its evaluation."""

    labels: list[str] = []
    confusion: list[list[int]] = []
    per_class: list[PerClassScores] = []
    gates: Gates | None = None


class ProductionRequest(WireModel):
    """Which version shall serve, and why."""

    version: str = Field(pattern=r"^[0-9]{1,9}$")
    reason: str = Field(min_length=1, max_length=500)
