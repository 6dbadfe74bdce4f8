"""A model's figures: right where the decisions and the documents say so, silent where they are too few."""

import json
import re
import threading
from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace
from datetime import datetime
from itertools import count, cycle, pairwise
from typing import Any

import httpx
import pytest
from sqlalchemy import Connection, select, update

from pigeonhole_api.auth.callers import Caller
from pigeonhole_api.client import ApiError, PlatformClient
from pigeonhole_api.database import Database, now
from pigeonhole_api.database.tables import audit_sample, documents, predictions, reviews
from pigeonhole_api.intake.received import Received
from pigeonhole_api.models import (
    AuditDecision,
    DriftScore,
    ModelQuality,
    OcrSummary,
    Prediction,
    PredictionModel,
    ReviewRequest,
)
from pigeonhole_api.problems import Refusal
from pigeonhole_api.quality.rules import QualityRules
from pigeonhole_api.records import leases, periodic_work
from pigeonhole_api.records.audit_sample import decide_blind
from pigeonhole_api.records.documents import etag_of
from pigeonhole_api.records.quality import get_quality, list_quality, replace_figures
from pigeonhole_api.records.quality_counts import VersionFigures, compute_figures
from pigeonhole_api.records.reviews import check_unchanged, decide_document
from pigeonhole_api.records.submissions import Submission, insert_job
from pigeonhole_frontends.laptop.ports import any_free_port

pytestmark = pytest.mark.integration
Pictures = Callable[[int], list[tuple[str, bytes]]]
DAY = 86_400
CLASSES = ("invoice", "payslip", "resume")
SCORE = "pigeonhole_model_eval_score"
OFTEN = {"PIGEONHOLE_API_QUALITY_SECONDS": "0.5", "PIGEONHOLE_API_DRIFT_MIN_DOCUMENTS": "60"}
RULES = QualityRules(accuracy_days=30, drift_days=7, reference_days=30, fewest=10)


def of_feature(quality: ModelQuality, feature: str) -> DriftScore:
    return next(each for each in quality.drift if each.feature == feature)


def samples(text: str, name: str) -> dict[frozenset[tuple[str, str]], float]:
    """A metric's samples by their labels."""
    lines = [line for line in text.splitlines() if line.startswith(f"{name}{{")]
    return {frozenset(re.findall(r'(\w+)="([^"]*)"', line)): float(line.rpartition(" ")[2]) for line in lines}


def labels(**more: str) -> frozenset[tuple[str, str]]:
    return frozenset({"model": "document-classifier", "model_version": "7", **more}.items())


@pytest.fixture
def appraised(installation_on_either: Any) -> Any:
    """A platform on either database that audits every sure answer and computes figures twice a second."""
    installation = installation_on_either
    installation.environment |= OFTEN
    installation.metrics_port = any_free_port()
    installation.start_api()
    installation.start_worker(
        PIGEONHOLE_API_AUDIT_SHARE="1", PIGEONHOLE_API_METRICS_PORT=str(installation.metrics_port)
    )
    return installation


def metrics_of(installation: Any) -> list[str]:
    """What the API and the worker tell Prometheus."""
    addresses = (installation.url, f"http://127.0.0.1:{installation.metrics_port}")
    return [httpx.get(f"{address}/metrics").text for address in addresses]


def test_a_model_that_is_right_nine_times_of_ten_shows_it(
    appraised: Any, pictures: Pictures, wait_until: Callable[..., None], refused: Callable[..., ApiError]
) -> None:
    client: PlatformClient = appraised.client
    assert refused(lambda: client.model_quality("7")).code == "model-missing"
    job = client.wait(client.submit_job("audited", pictures(10)).id, timeout=60)
    truth = {each.id: each.prediction for each in client.all_documents(job.id)}
    wait_until(lambda: client.model_quality("7").computed_at, "the first figures")
    assert client.model_quality("7").accuracy[0].value is None
    assert [samples(text, SCORE) for text in metrics_of(appraised)] == [{}, {}]
    for number, document in enumerate(client.audit_sample().documents):
        prediction = truth[document.id]
        assert prediction
        client.decide_blind(document, prediction.probabilities[1 if number == 4 else 0].class_name)
    wait_until(lambda: client.model_quality("7").accuracy[0].n == 10, "the figures of the decisions")

    quality = client.model_quality("7")
    audit, confirmed = quality.accuracy
    assert (audit.name, audit.value, audit.n, audit.reason) == ("audit_accuracy", 0.9, 10, None)
    assert (audit.low, audit.high) == pytest.approx((0.5958, 0.9821), abs=1e-4)
    # No uncertain answer was reviewed, which is not 0 and not 1.
    assert (confirmed.name, confirmed.value, confirmed.n) == ("uncertain_confirmed", None, 0)
    assert confirmed.reason == "no-decisions"
    assert quality.accuracy_days == 30.0
    assert refused(lambda: client.model_quality("8")).code == "model-missing"
    for text in metrics_of(appraised):
        scores = samples(text, SCORE)
        assert scores[labels(metric="audit_accuracy")] == 0.9
        assert scores[labels(metric="audit_accuracy_low")] == pytest.approx(0.5958, abs=1e-4)
        assert scores[labels(metric="audit_accuracy_high")] == pytest.approx(0.9821, abs=1e-4)
        assert len(scores) == 3
        assert samples(text, "pigeonhole_model_eval_samples")[labels(metric="audit_accuracy")] == 10
        # Ten documents are too few to tell drift.
        assert samples(text, "pigeonhole_drift_score") == {}
        assert samples(text, "pigeonhole_drift_window_samples") == {}
        assert samples(text, "pigeonhole_drift_last_success_timestamp_seconds")


def test_a_shifted_class_mix_is_told_and_an_unshifted_one_is_not(
    appraised: Any,
    own_transformer: Any,
    pictures: Pictures,
    predict: Callable[..., Any],
    wait_until: Callable[..., None],
) -> None:
    client: PlatformClient = appraised.client
    # Whichever document comes next is of the next class, so that mixes are exact.
    names: Iterator[str] = cycle(CLASSES)
    lock = threading.Lock()

    def behave(document: bytes) -> Any:
        status, answer, headers = predict(document)
        with lock:
            answer["predictions"][0]["class"] = next(names)
        return status, answer, headers

    def sort(number: int, reference: str) -> None:
        client.wait(client.submit_job(reference, pictures(number)).id, timeout=120)

    own_transformer.behave = behave
    sort(90, "the first documents")
    wait_until(lambda: client.model_quality("7").drift, "the first figures")
    # A model that has but begun has nothing to be compared with.
    assert of_feature(client.model_quality("7"), "class").value is None
    database = Database(appraised.environment["PIGEONHOLE_API_DATABASE_URL"])
    with database.write() as connection:
        connection.execute(update(predictions).values(created_at=predictions.c.created_at - 20 * DAY))
    database.close()

    sort(60, "a week like the first")
    wait_until(lambda: of_feature(client.model_quality("7"), "class").n == 60, "the unshifted figure")
    unshifted = of_feature(client.model_quality("7"), "class")
    assert unshifted.value is not None
    assert unshifted.value < 0.1
    assert (unshifted.verdict, unshifted.reference_n, unshifted.signal) == ("stable", 90, "class_mix")

    names = cycle(["resume"])
    sort(90, "nothing but one class")
    wait_until(lambda: of_feature(client.model_quality("7"), "class").n == 150, "the shifted figure")
    quality = client.model_quality("7")
    shifted = of_feature(quality, "class")
    assert shifted.value is not None
    assert shifted.chance is not None
    assert shifted.value > 0.25 > shifted.chance
    assert shifted.verdict == "shifted"
    # Nothing but the classes has changed.
    others = [each for each in quality.drift if each.feature != "class"]
    assert {each.feature: each.value for each in others} == dict.fromkeys(
        ("confidence", "language", "engine", "pages", "ocr_confidence"), 0.0
    )
    assert (quality.drift_days, quality.reference_days) == (7.0, 30.0)
    for text in metrics_of(appraised):
        scores = samples(text, "pigeonhole_drift_score")
        assert scores[labels(signal="class_mix", feature="class", method="psi")] == pytest.approx(shifted.value)
        assert scores[labels(signal="input", feature="language", method="psi")] == 0.0
        assert set(scores) == set(samples(text, "pigeonhole_drift_chance_score"))
        assert samples(text, "pigeonhole_drift_window_samples") == {labels(): 150}


def test_two_workers_compute_once(
    installation_on_either: Any, pictures: Pictures, wait_until: Callable[..., None]
) -> None:
    """Of two workers one computes at a time, and each time it is the only one for the whole period."""
    installation = installation_on_either
    seconds = 3
    for _ in range(2):
        installation.start_worker(PIGEONHOLE_API_QUALITY_SECONDS=str(seconds))

    def moments() -> list[datetime]:
        log = installation.home / "work.log"
        lines = [json.loads(line) for line in log.read_text().splitlines() if '"quality_computed"' in line]
        assert all(line["kept"] for line in lines)
        return [datetime.fromisoformat(line["time"]) for line in lines]

    wait_until(lambda: len(moments()) >= 5, "five computations")
    found = sorted(moments())[:5]
    pauses = [(later - earlier).total_seconds() for earlier, later in pairwise(found)]
    # A computation is told at its end, and one may take longer than the other.
    assert min(pauses) > seconds / 2, pauses


_numbers = count()


def answer(
    connection: Connection,
    version: str = "7",
    class_name: str = "invoice",
    *,
    tenant: str = "default",
    confidence: float = 0.9,
    abstained: bool = False,
    days_ago: float = 0,
    **read: Any,
) -> str:
    """Submit a document, let a model answer it, and return the document's id."""
    read["confidence"] = read.pop("ocr_confidence", 0.8)
    number = next(_numbers)
    caller = Caller("tester", tenant=tenant)
    file = Received(f"{number}.png", 10, f"{number:064d}", True, "image/png", read.pop("pages", 1))
    insert_job(connection, Submission(f"r{number}", "0" * 64), [file], caller, most_queued=10_000)
    (lease,) = leases.claim(connection, "a", 1, seconds=30)
    summary = {"engine": "tesseract", "engine_version": "5", "seconds": 1, "pages_read": 1, "language": "fr", **read}
    prediction = Prediction(
        class_name=class_name,
        confidence=confidence,
        probabilities=[{"class": name, "p": 1 / 3} for name in CLASSES],  # type: ignore[list-item]
        abstained=abstained,
        model=PredictionModel(name="document-classifier", version=version),
        ocr=OcrSummary.model_validate(summary),
    )
    assert leases.finish(connection, lease, prediction, audit_share=1.0)
    own = predictions.c.document_id == lease.document_id
    connection.execute(update(predictions).where(own).values(created_at=predictions.c.created_at - days_ago * DAY))
    return lease.document_id


def judge(connection: Connection, document_id: str, class_name: str, *, blind: bool, days_ago: float = 0) -> None:
    tenant = connection.execute(select(documents.c.tenant).where(documents.c.id == document_id)).scalar_one()
    caller = Caller("tester", tenant=tenant)
    if blind:
        decide_blind(connection, document_id, AuditDecision(class_name=class_name), caller, if_match="*")
    else:
        answered = connection.execute(
            select(predictions.c.class_name).where(predictions.c.document_id == document_id)
        ).scalar_one()
        decision: Any = "accepted" if class_name == answered else "corrected"
        request = ReviewRequest(decision=decision, class_name=class_name)
        decide_document(connection, document_id, request, caller, if_match="*")
    own = reviews.c.document_id == document_id
    connection.execute(update(reviews).where(own).values(at=reviews.c.at - days_ago * DAY))


def figures(database: Database, rules: QualityRules = RULES) -> Mapping[str, VersionFigures]:
    with database.read() as connection:
        return compute_figures(connection, rules)


def test_an_installation_without_answers_has_no_figures(database: Database) -> None:
    assert figures(database) == {}


def test_accuracy_counts_blind_decisions_of_the_window_by_the_version_that_answered(database: Database) -> None:
    with database.write() as connection:
        for right in (True, True, False):
            judge(connection, answer(connection), "invoice" if right else "resume", blind=True)
        # Another tenant's decisions are of the same figure.
        judge(connection, answer(connection, tenant="acme"), "invoice", blind=True)
        judge(connection, answer(connection, "8"), "resume", blind=True)
        judge(connection, answer(connection, days_ago=40), "resume", blind=True, days_ago=31)
        # Seen by those who decided: not of the audit, whatever they found.
        judge(connection, answer(connection), "resume", blind=False)
        answer(connection)
    found = figures(database)
    assert (found["7"].accuracy["audit_accuracy"].value, found["7"].accuracy["audit_accuracy"].n) == (0.75, 4)
    assert (found["8"].accuracy["audit_accuracy"].value, found["8"].accuracy["audit_accuracy"].n) == (0.0, 1)
    assert {version: each.accuracy["uncertain_confirmed"].n for version, each in found.items()} == {"7": 0, "8": 0}


def test_what_was_confirmed_of_uncertain_answers_is_another_figure(database: Database) -> None:
    with database.write() as connection:
        for class_name in ("invoice", "invoice", "resume", "payslip"):
            judge(connection, answer(connection, confidence=0.4, abstained=True), class_name, blind=False)
        # Decided twice: the last word counts, and once.
        twice = answer(connection, confidence=0.4, abstained=True)
        judge(connection, twice, "resume", blind=False)
        judge(connection, twice, "invoice", blind=False)
    found = figures(database)["7"].accuracy
    assert (found["uncertain_confirmed"].value, found["uncertain_confirmed"].n) == (0.6, 5)
    assert (found["audit_accuracy"].value, found["audit_accuracy"].n) == (None, 0)


def test_drift_compares_the_last_days_with_the_versions_first_ones(database: Database) -> None:
    with database.write() as connection:
        # The reference: 30 days from the version's first answer on, and nothing after.
        for _ in range(20):
            answer(connection, class_name="invoice", days_ago=60)
            answer(connection, class_name="payslip", days_ago=31)
            answer(connection, class_name="resume", days_ago=15)
            answer(connection, "6", class_name="resume", days_ago=50)
        for _ in range(10):
            answer(connection, class_name="invoice", days_ago=6.9)
            answer(connection, class_name="payslip")
    found = figures(database)
    mix = found["7"].drift["class"]
    assert (mix.n, mix.reference_n, mix.value) == (20, 40, 0.0)
    # Version 6 has not answered within the windows.
    assert set(found) == {"7"}


def test_a_young_version_is_compared_with_what_came_before_the_window(database: Database) -> None:
    with database.write() as connection:
        for _ in range(12):
            answer(connection, days_ago=9)
            answer(connection, class_name="resume", days_ago=1)
            answer(connection, "8", days_ago=5)
    found = figures(database)
    old, young = found["7"].drift["class"], found["8"].drift["class"]
    assert old.value
    assert (old.n, old.reference_n) == (12, 12)
    assert old.value > 0.25
    assert (young.n, young.reference_n, young.value) == (12, 0, None)
    assert young.reason == "too-few-reference-documents"


@pytest.mark.parametrize(
    ("feature", "before", "after"),
    [
        ("confidence", {"confidence": 0.95}, {"confidence": 0.7}),
        ("language", {"language": "fr"}, {"language": "en"}),
        ("engine", {"engine": "tesseract"}, {"engine": "text-layer"}),
        ("pages", {"pages": 1}, {"pages": 3}),
        ("ocr_confidence", {"ocr_confidence": 0.9}, {"ocr_confidence": 0.5}),
    ],
)
def test_each_feature_shows_its_own_shift_and_no_other(
    database: Database, feature: str, before: dict[str, Any], after: dict[str, Any]
) -> None:
    with database.write() as connection:
        for _ in range(20):
            for values, days_ago in ((before, 20), (after, 1)):
                answer(connection, days_ago=days_ago, **values)
    drift = figures(database)["7"].drift
    shifted = {name for name, each in drift.items() if each.value is not None and each.value > 0.25}
    assert shifted == {feature}


def test_figures_are_replaced_as_a_whole(database: Database) -> None:
    with database.write() as connection:
        judge(connection, answer(connection, "6"), "invoice", blind=True)
        answer(connection, "7")
    for _ in range(2):
        found = figures(database)
        with database.write() as connection:
            replace_figures(connection, found, RULES)
    with database.read() as connection:
        assert [each.version for each in list_quality(connection)] == ["6", "7"]
        quality = get_quality(connection, "6")
        assert quality.computed_at is not None
        assert abs(quality.computed_at.timestamp() - now(connection)) < 60
        assert quality.accuracy[0].value == 1.0
        assert [each.feature for each in quality.drift] == [
            *("class", "confidence", "language", "engine", "pages", "ocr_confidence"),
        ]
        assert get_quality(connection, "5").computed_at is None
    with database.write() as connection:
        replace_figures(connection, {"7": found["7"]}, RULES)
        assert [each.version for each in list_quality(connection)] == ["7"]
        replace_figures(connection, {}, RULES)
        assert list_quality(connection) == []


def test_a_draw_for_the_audit_is_kept_with_the_result_or_not_at_all(database: Database) -> None:
    with database.write() as connection:
        sure = answer(connection)
        answer(connection, abstained=True)
    with database.read() as connection:
        assert connection.execute(select(audit_sample.c.document_id)).scalars().all() == [sure]
    with database.write() as connection:
        # A result that comes after its lease was lost draws nothing either.
        file = Received("late.png", 10, "f" * 64, True, "image/png", 1)
        insert_job(connection, Submission("late", "0" * 64), [file], Caller("tester"), most_queued=10)
        (lease,) = leases.claim(connection, "a", 1, seconds=30)
        late = Prediction(confidence=0.9, abstained=False, model=PredictionModel(name="m", version="7"))
        assert not leases.finish(connection, replace(lease, owner="b"), late, audit_share=1.0)
    with database.read() as connection:
        assert connection.execute(select(audit_sample.c.document_id)).scalars().all() == [sure]


def test_of_two_blind_decisions_at_once_the_later_one_waits_and_is_told_so(
    database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The other one begins when the first has read the document and not yet whether it waits for its audit."""
    with database.write() as connection:
        document_id = answer(connection)
        etag = etag_of(
            connection.execute(select(documents.c.version).where(documents.c.id == document_id)).scalar_one()
        )
    outcomes: dict[threading.Thread, str] = {}

    def decide() -> None:
        request = AuditDecision(class_name="resume")
        try:
            with database.write() as connection:
                decide_blind(connection, document_id, request, Caller("tester"), if_match=etag)
            outcomes[threading.current_thread()] = "kept"
        except Refusal as refusal:
            outcomes[threading.current_thread()] = refusal.code

    other = threading.Thread(target=decide)

    def check_meanwhile(row: Any, if_match: str) -> None:
        if threading.current_thread() is not other:
            other.start()
            other.join(0.5)
        check_unchanged(row, if_match)

    monkeypatch.setattr("pigeonhole_api.records.audit_sample.check_unchanged", check_meanwhile)
    decide()
    other.join()
    assert outcomes == {threading.current_thread(): "kept", other: "document-changed"}


def test_a_work_is_taken_by_one_and_again_when_it_is_due(database: Database) -> None:
    def take(owner: str, seconds: float) -> bool:
        with database.write() as connection:
            return periodic_work.take(connection, "w", owner, seconds=seconds)

    def is_due() -> bool:
        with database.read() as connection:
            return periodic_work.is_due(connection, "w")

    assert is_due()
    assert take("a", 60)
    assert not is_due()
    assert not take("b", 60)
    assert not take("a", 60)
    with database.write() as connection:
        assert periodic_work.last_success(connection, "w") is None
        assert not periodic_work.note_success(connection, "w", "b")
        assert periodic_work.note_success(connection, "w", "a")
        assert periodic_work.last_success(connection, "w") == pytest.approx(now(connection), abs=30)
        connection.execute(update(periodic_work.periodic_work).values(due_at=0))
    assert is_due()
    # Whoever took it later is the one whose result is kept.
    assert take("b", 60)
    with database.write() as connection:
        assert not periodic_work.note_success(connection, "w", "a")


def test_of_many_that_take_a_work_at_once_one_has_it(database: Database) -> None:
    for name in ("first", "second", "third"):
        start = threading.Barrier(6)
        taken: list[str] = []

        def take(owner: str, start: threading.Barrier = start, name: str = name, taken: list[str] = taken) -> None:
            start.wait()
            with database.write() as connection:
                if periodic_work.take(connection, name, owner, seconds=60):
                    taken.append(owner)

        threads = [threading.Thread(target=take, args=(str(number),)) for number in range(6)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert len(taken) == 1
