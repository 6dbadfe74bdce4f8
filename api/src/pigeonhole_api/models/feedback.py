"""What people decide about answers, openly and blind, and what the models' figures say."""

from typing import Annotated, Literal

from pydantic import Field

from pigeonhole_api.models.jobs import Review, ReviewDecision
from pigeonhole_api.models.wire import Moment, WireModel
from pigeonhole_api.quality.figures import NoDriftReason, NoShareReason, Verdict

Feature = Literal["class", "confidence", "language", "engine", "pages", "ocr_confidence"]
Signal = Literal["class_mix", "confidence", "input"]

# The database of some installations takes no NUL in a text.
_DecidedClass = Annotated[str, Field(min_length=1, max_length=64, pattern=r"^[^\x00]+$", examples=["invoice"])]
_SecondsSpent = Annotated[
    float, Field(ge=0, le=86_400, description="How long the person took.", examples=[4.2], allow_inf_nan=False)
]
_Note = Annotated[str, Field(max_length=500, pattern=r"^[^\x00]*$", examples=["The second page is a payslip."])]


class ReviewRequest(WireModel):
    """A decision to be made about a document."""

    decision: ReviewDecision
    class_name: _DecidedClass = Field(alias="class")
    seconds_spent: _SecondsSpent | None = None
    note: _Note | None = None


class ReviewHistory(WireModel):
    """All decisions about a document, the oldest first."""

    reviews: list[Review]


class SampledDocument(WireModel):
    """A document to be looked at blind: without its answer, and without what others have said of it."""

    id: str
    job_id: str
    name: str
    size: int
    media_type: str | None = None
    pages: int | None = None
    created_at: Moment
    thumbnail_url: str | None = None
    etag: str


class AuditSamplePage(WireModel):
    """Documents of the audit sample that nobody has decided blind, in the order of their upload."""

    documents: list[SampledDocument]
    next_page_token: str | None = None


class AuditDecision(WireModel):
    """The class that a person gives a document without having seen the model's."""

    class_name: _DecidedClass = Field(alias="class")
    seconds_spent: _SecondsSpent | None = None


class AccuracyFigure(WireModel):
    """A share of n decisions within its 95 % interval (Wilson); None without any, and `reason` says so.

    `audit_accuracy` is the share of blind decisions that were for the model, about answers that it was sure of.
    `uncertain_confirmed` is the share of uncertain answers that people, who saw them, let stand: it is no accuracy.
    """

    name: Literal["audit_accuracy", "uncertain_confirmed"]
    value: float | None = None
    low: float | None = None
    high: float | None = None
    n: int
    reason: NoShareReason | None = None


class DriftScore(WireModel):
    """How far n documents are from the model's first ones: the population stability index of one feature.

    `chance` is what it exceeds in 5 % of cases without any shift; `verdict` asks for both, a limit and more than that.
    """

    signal: Signal
    feature: Feature
    value: float | None = None
    chance: float | None = None
    verdict: Verdict | None = None
    n: int
    reference_n: int
    reason: NoDriftReason | None = None


class ModelQuality(WireModel):
    """What is known of a version since it serves, over all tenants; `computed_at` is None before anything is.

    Decisions are those of the last `accuracy_days`; documents those of the last `drift_days`, compared with those of
    the first `reference_days` that the version answered.
    """

    version: str
    computed_at: Moment | None = None
    accuracy_days: float | None = None
    drift_days: float | None = None
    reference_days: float | None = None
    accuracy: list[AccuracyFigure] = []
    drift: list[DriftScore] = []
