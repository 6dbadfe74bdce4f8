"""Jobs, their documents, and what the model and people say about them."""

from typing import Literal

from pydantic import Field

from pigeonhole_api.models.wire import Moment, WireModel

JobState = Literal[
    "uploading", "queued", "running", "cancelling", "succeeded", "partially_failed", "failed", "cancelled"
]
DocumentState = Literal["waiting_upload", "queued", "leased", "classified", "needs_review", "failed", "cancelled"]
ReviewDecision = Literal["accepted", "corrected"]
ReviewFilter = Literal["none", "accepted", "corrected"]
DocumentOrder = Literal["upload", "confidence"]

FINAL_JOB_STATES = frozenset({"succeeded", "partially_failed", "failed", "cancelled"})
"""States in which nothing more happens to a job by itself."""


class JobCounts(WireModel):
    """How many of a job's documents are in each state; `reviewed` counts those that a person decided."""

    total: int
    waiting_upload: int = 0
    queued: int = 0
    leased: int = 0
    classified: int = 0
    needs_review: int = 0
    failed: int = 0
    cancelled: int = 0
    reviewed: int = 0


class Job(WireModel):
    """One upload under one reference; `eta_seconds` is a guess or None.

    `model_version` is that of its first result, `model_versions` counts the results of each: more than one when a model
    was promoted meanwhile, or stable has stepped in for a candidate.

    `retention_until` is when it is deleted by itself; None while it is at work, or for ever.
    """

    id: str
    reference: str
    state: JobState
    created_by: str
    created_at: Moment
    started_at: Moment | None = None
    finished_at: Moment | None = None
    manifest_sha256: str
    model_version: str | None = None
    model_versions: dict[str, int] = {}
    counts: JobCounts
    eta_seconds: float | None = None
    retention_until: Moment | None = None


class DocumentEvent(WireModel):
    """A document that has ended; `reason` is why it has no answer."""

    document_id: str
    state: DocumentState
    class_name: str | None = Field(None, alias="class")
    confidence: float | None = None
    reason: str | None = None


class JobDeletion(WireModel):
    """What was deleted; the contents leave the storage a while later, unless another job or example has them."""

    job_id: str
    documents: int
    examples_erased: int
    contents_removed_in_seconds: float


class DeclaredDocument(WireModel):
    """A file that is to be uploaded; what is said of its content is checked when it has come."""

    name: str = Field(
        min_length=1,
        max_length=255,
        description="Unique within the job; the address it is put to.",
        examples=["letter.pdf"],
    )
    size: int | None = Field(None, ge=0, strict=True, description="Bytes.", examples=[48_213])
    sha256: str | None = Field(
        None,
        pattern="^[0-9a-f]{64}$",
        description="Lower-case hexadecimal.",
        examples=["9f2c1e6a4b8d0357f1ce29a46b7d8e03c5a1f4927b6e8d0c3f5a192b7e4d6c80"],
    )


class JobDeclaration(WireModel):
    """A job whose files are uploaded one by one afterwards."""

    reference: str = Field(min_length=1, max_length=200, examples=["tuesday-batch"])
    documents: list[DeclaredDocument] = Field(min_length=1)


class JobPage(WireModel):
    """Jobs, the newest first."""

    jobs: list[Job]
    next_page_token: str | None = None


class ClassProbability(WireModel):
    """One class and its probability."""

    class_name: str = Field(alias="class")
    p: float


class WordBox(WireModel):
    """A word's place: the page, counted from 1, and pixels of that page's image."""

    page: int
    left: int
    top: int
    width: int
    height: int


class WordReason(WireModel):
    """A word that spoke for the class, and where the pages show it."""

    word: str
    weight: float
    boxes: list[WordBox] = []


class PagePrediction(WireModel):
    """What one page, counted from 1, says on its own; `failure` is why it could not be read."""

    page: int
    class_name: str | None = Field(None, alias="class")
    p: float | None = None
    language: str = ""
    failure: str | None = None


class PredictionModel(WireModel):
    """Which model answered."""

    name: str
    version: str
    run_id: str = ""
    digest: str = ""


class OcrSummary(WireModel):
    """How a document was read; `view` is `lines` when a first look at it was enough, else `full`."""

    engine: str
    engine_version: str
    seconds: float
    pages_read: int
    language: str
    confidence: float | None = None
    view: Literal["full", "lines"] = "full"


class Prediction(WireModel):
    """A model's answer: every class with its probability, the likeliest first; no confidence means not scored."""

    class_name: str | None = Field(None, alias="class")
    confidence: float | None = None
    probabilities: list[ClassProbability] = []
    margin: float | None = None
    abstained: bool
    threshold: float | None = None
    reasons: list[WordReason] = []
    pages: list[PagePrediction] = []
    model: PredictionModel
    role: str = "stable"
    ocr: OcrSummary | None = None


class Review(WireModel):
    """What a person decided about a document; `blind` when the model's answer was not shown for it."""

    decision: ReviewDecision
    class_name: str = Field(alias="class")
    by: str
    at: Moment
    blind: bool = False
    seconds_spent: float | None = None
    note: str | None = None


class DocumentError(WireModel):
    """Why a document has no answer: a RefusalReason, `processing-failed` or `interrupted`, and one sentence."""

    reason: str
    detail: str


class Document(WireModel):
    """One file of a job; `duplicate_of` is the earliest document with the same bytes, `etag` goes into If-Match.

    `size` and `sha256` of a document that waits for its upload are as declared, 0 and None when they were not.
    """

    id: str
    job_id: str
    name: str
    size: int
    sha256: str | None = None
    media_type: str | None = None
    pages: int | None = None
    language: str | None = None
    state: DocumentState
    attempts: int = 0
    created_at: Moment
    finished_at: Moment | None = None
    error: DocumentError | None = None
    prediction: Prediction | None = None
    review: Review | None = None
    duplicate_of: str | None = None
    thumbnail_url: str | None = None
    etag: str


class DocumentPage(WireModel):
    """Documents of a job in the order of their upload, or of the review queue, the least certain first."""

    documents: list[Document]
    next_page_token: str | None = None
