"""One example of each thing that is asked or answered, all from one story: a letter is read, judged and corrected."""

import base64
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta

from pigeonhole_api.auth.callers import HOME_TENANT, Role
from pigeonhole_api.models import (
    AccuracyFigure,
    ApiKeyPage,
    ApiKeyRequest,
    ApiKeySummary,
    Arrivals,
    ArrivalsRequest,
    AuditDecision,
    AuditEvent,
    AuditEventPage,
    AuditSamplePage,
    CallerSummary,
    ChosenModel,
    ClassList,
    ClassProbability,
    ClassSummary,
    CorrectionsImported,
    DatasetVersion,
    DatasetVersionPage,
    Delivery,
    DeliveryPage,
    Document,
    DocumentPage,
    DriftScore,
    Example,
    ExamplePage,
    ExamplesAdded,
    Gate,
    Gates,
    ImportCorrectionsRequest,
    Job,
    JobCounts,
    JobDeletion,
    JobPage,
    Model,
    ModelDetail,
    ModelList,
    ModelQuality,
    NewApiKey,
    NewWebhook,
    OcrSummary,
    PerClassScores,
    Prediction,
    PredictionModel,
    ProductionRequest,
    Promotion,
    RefusedArrival,
    RefusedFile,
    Review,
    ReviewHistory,
    ReviewRequest,
    SampledDocument,
    StartTrainingRequest,
    Training,
    TrainingPage,
    UploadUrl,
    UploadUrls,
    UploadUrlsRequest,
    Webhook,
    WebhookPage,
    WebhookRequest,
    WordBox,
    WordReason,
)
from pigeonhole_api.models.wire import WireModel

_ACCOUNT, _CLERK, _PROGRAM = "claire.martin@example.org", "paul.roux@example.org", "nightly-import"
_MONDAY = datetime(2026, 3, 2, 8, 30, tzinfo=UTC)
_SHA256 = "9f2c1e6a4b8d0357f1ce29a46b7d8e03c5a1f4927b6e8d0c3f5a192b7e4d6c80"
_CHECKSUM = base64.b64encode(bytes.fromhex(_SHA256)).decode()
_DATASET = "4d1b7c9e2f60a8354c9d1e7b3a5f6028d4c9b1e7f3a5602841c9d7e3b5f0a628"
_JOB, _DOCUMENT = "job_019cadd8f1c07b3e9a4d5f6071829304", "doc_019cadd8f1c47d1fa2b3c4d5e6f70819"
_REVIEW_TEXT = "The second page is a payslip."
_NEXT = "eyJhZnRlciI6WyJkb2NfMDE5Y2FkZDgiXX0.c2lnbmF0dXJl"
_SIGNS_WITH = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"
_RUN, _DIGEST = "3f9d2a7c1b8e4f60a5d7c9e1b3f50826", "sha256:71d0c2"


def _after(seconds: float) -> datetime:
    return _MONDAY + timedelta(seconds=seconds)


_REVIEW = Review(
    decision="corrected",
    class_name="payslip",
    by=_CLERK,
    at=_after(600),
    seconds_spent=4.2,
    note=_REVIEW_TEXT,
)
_ANSWER = Prediction(
    class_name="invoice",
    confidence=0.93,
    probabilities=[ClassProbability(class_name="invoice", p=0.93), ClassProbability(class_name="payslip", p=0.07)],
    margin=0.86,
    abstained=False,
    threshold=0.6,
    reasons=[WordReason(word="facture", weight=1.7, boxes=[WordBox(page=1, left=412, top=96, width=188, height=41)])],
    model=PredictionModel(name="documents", version="7", run_id=_RUN, digest=_DIGEST),
    ocr=OcrSummary(
        engine="tesserocr", engine_version="5.3.0", seconds=0.4, pages_read=1, language="fr", confidence=0.91
    ),
)
_LETTER = Document(
    id=_DOCUMENT,
    job_id=_JOB,
    name="letter.pdf",
    size=48_213,
    sha256=_SHA256,
    media_type="application/pdf",
    pages=2,
    language="fr",
    state="classified",
    attempts=1,
    created_at=_MONDAY,
    finished_at=_after(2.5),
    prediction=_ANSWER,
    review=_REVIEW,
    thumbnail_url=f"/v1/documents/{_DOCUMENT}/thumbnail?tenant={HOME_TENANT}&expires=1772445600&signature=Zm9v",
    etag='"4"',
)
_BATCH = Job(
    id=_JOB,
    reference="monday-batch",
    state="succeeded",
    created_by=_PROGRAM,
    created_at=_MONDAY,
    started_at=_after(1),
    finished_at=_after(2.5),
    manifest_sha256="c07d5a91e3b24f6881d0c3e5a7f9b2146d8c0e3f5a7192b4d6e8f0a1c3b5d7e9",
    model_version="7",
    model_versions={"7": 2},
    counts=JobCounts(total=2, classified=2, reviewed=1),
    retention_until=_after(90 * 86_400),
)
_EXAMPLE = Example(
    id="ex_019cadd8f2a07c5d8e9fa0b1c2d3e4f5",
    class_name="invoice",
    document_sha256=_SHA256,
    source="upload",
    added_by=_ACCOUNT,
    added_at=_MONDAY,
)
_FROZEN = DatasetVersion(
    id=_DATASET,
    classes={"invoice": 240, "payslip": 198},
    examples=438,
    added=12,
    created_by=_ACCOUNT,
    created_at=_MONDAY,
)
_GATES = Gates(passed=True, gates=[Gate(name="macro_f1", value=0.94, limit=0.7, passed=True)])
_SCORES = [
    PerClassScores(class_name="invoice", precision=0.95, recall=0.96, f1=0.95, support=48),
    PerClassScores(class_name="payslip", precision=0.94, recall=0.92, f1=0.93, support=40),
]
_EVALUATION = {"labels": ["invoice", "payslip"], "confusion": [[46, 2], [3, 37]], "per_class": _SCORES, "gates": _GATES}
_TRAINING = Training(
    id="trn_019cadd90ac07e21b3c4d5e6f7081920",
    state="succeeded",
    dataset_version=_DATASET,
    stage="evaluate",
    stage_done=438,
    stage_total=438,
    attempts=1,
    created_by=_ACCOUNT,
    created_at=_MONDAY,
    started_at=_after(2),
    finished_at=_after(95),
    model_version="7",
    promoted=True,
    metrics={"macro_f1": 0.94, "accuracy": 0.94},
    **_EVALUATION,
)
_JUDGED = ModelDetail(
    version="7",
    aliases=["champion"],
    created_at=_after(90),
    dataset_version=_DATASET,
    run_id=_RUN,
    digest=_DIGEST,
    classes=["invoice", "payslip"],
    metrics={"macro_f1": 0.94, "accuracy": 0.94},
    gates_passed=True,
    promotion=Promotion(result="Succeeded", reason="Succeeded", message="Succeeded"),
    **_EVALUATION,
)
_MODEL = Model.model_validate(_JUDGED.model_dump())
_KEY = ApiKeySummary(
    id="5e8f3c1a9b7d4e20",
    name=_PROGRAM,
    roles=[Role.USER],
    created_by=_ACCOUNT,
    created_at=_MONDAY,
    expires_at=_after(365 * 86_400),
)
_WEBHOOK = Webhook(
    id="whk_019cadd91f307a4bc5d6e7f809112233",
    url="https://receiver.example/pigeonhole",
    events=["job.finished"],
    created_by=_ACCOUNT,
    created_at=_MONDAY,
)
_DELIVERY = Delivery(
    id="msg_019cadd92b807f1c8d9eafb0c1d2e3f4",
    event="job.finished",
    resource=_JOB,
    state="delivered",
    attempts=1,
    status=200,
    created_at=_after(2.5),
    finished_at=_after(2.9),
)
_SAMPLED = SampledDocument(
    id=_DOCUMENT,
    job_id=_JOB,
    name="letter.pdf",
    size=48_213,
    media_type="application/pdf",
    pages=2,
    created_at=_MONDAY,
    thumbnail_url=_LETTER.thumbnail_url,
    etag='"3"',
)
_FILES = ["letter.pdf", "scan.jpg"]

EXAMPLES: Sequence[WireModel] = (
    *(_BATCH, JobPage(jobs=[_BATCH], next_page_token=_NEXT)),
    JobDeletion(job_id=_JOB, documents=2, examples_erased=0, contents_removed_in_seconds=3600),
    *(_LETTER, DocumentPage(documents=[_LETTER], next_page_token=_NEXT)),
    ReviewRequest(decision="corrected", class_name="payslip", seconds_spent=4.2, note=_REVIEW_TEXT),
    *(_REVIEW, ReviewHistory(reviews=[_REVIEW])),
    AuditSamplePage(documents=[_SAMPLED]),
    AuditDecision(class_name="invoice", seconds_spent=2.8),
    UploadUrlsRequest(names=_FILES),
    UploadUrls(
        uploads=[
            UploadUrl(
                name="letter.pdf",
                document_id=_DOCUMENT,
                url=f"https://s3.example/pigeonhole/uploads/{_JOB}/{_DOCUMENT}?X-Amz-Signature=0a1b",
                headers={
                    "Content-Length": "48213",
                    "x-amz-checksum-sha256": _CHECKSUM,
                },
            )
        ],
        expires_at=_after(900),
    ),
    ArrivalsRequest(names=_FILES),
    Arrivals(
        documents=[_LETTER.model_copy(update={"state": "queued", "prediction": None, "review": None})],
        refused=[RefusedArrival(name="scan.jpg", code="upload-missing", detail="The document is not in the storage.")],
    ),
    ClassList(classes=[ClassSummary(name="invoice", examples=240, corrections_waiting=3)]),
    ExamplePage(examples=[_EXAMPLE]),
    ExamplesAdded(
        examples=[_EXAMPLE],
        duplicates=1,
        refused=[RefusedFile(name="empty.pdf", reason="empty", detail="The file has no bytes.")],
    ),
    ImportCorrectionsRequest(document_ids=[_DOCUMENT]),
    CorrectionsImported(added=11, duplicates=1),
    *(_FROZEN, DatasetVersionPage(dataset_versions=[_FROZEN])),
    StartTrainingRequest(dataset_version=_DATASET),
    *(_TRAINING, TrainingPage(trainings=[_TRAINING])),
    *(_JUDGED, _MODEL, ModelList(models=[_MODEL]), ChosenModel(**dict(_MODEL))),
    ProductionRequest(version="6", reason="Version 7 takes payslips of one employer for invoices."),
    ModelQuality(
        version="7",
        computed_at=_after(86_400),
        accuracy_days=30,
        drift_days=7,
        reference_days=30,
        accuracy=[AccuracyFigure(name="audit_accuracy", value=0.975, low=0.93, high=0.991, n=160)],
        drift=[
            DriftScore(
                signal="class_mix", feature="class", value=0.04, chance=0.02, verdict="stable", n=900, reference_n=3000
            )
        ],
    ),
    AuditEventPage(
        events=[
            AuditEvent(
                id="evt_019cadd8f1c27c0d9e8fa1b2c3d4e5f6",
                at=_MONDAY,
                actor=_PROGRAM,
                action="job.created",
                resource=_JOB,
                request_id="5e8f3c1a9b7d4e20a1c3b5d7e9f02468",
                details={"documents": 2},
            )
        ]
    ),
    CallerSummary(name=_ACCOUNT, tenant=HOME_TENANT, roles=[Role.REVIEWER, Role.USER], keeps_models=False),
    ApiKeyRequest(name=_PROGRAM, roles=[Role.USER], days=365),
    NewApiKey(**_KEY.model_dump(), key=f"ph_{_KEY.id}_bXktc2VjcmV0LW9ubHktc2hvd24tb25jZQ"),
    ApiKeyPage(api_keys=[_KEY]),
    WebhookRequest(url=_WEBHOOK.url, events=_WEBHOOK.events),
    NewWebhook(**_WEBHOOK.model_dump(), secret=_SIGNS_WITH),
    WebhookPage(webhooks=[_WEBHOOK]),
    *(_DELIVERY, DeliveryPage(deliveries=[_DELIVERY])),
)
