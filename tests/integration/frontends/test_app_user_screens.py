"""Every screen of the user app against a real API and its worker."""

import uuid
from typing import Any

import pytest

from pigeonhole_api.models import Job

pytestmark = pytest.mark.integration


@pytest.fixture
def reference() -> str:
    return f"mail {uuid.uuid4().hex[:8]}"


@pytest.fixture
def job(filled: Any, reference: str, documents: Any) -> Job:
    """Return a job with two clear documents, two doubtful ones and a broken one."""
    return filled.submit(reference, documents)


def by_key(test: Any, kind: str, key: str) -> Any:
    found = [each for each in getattr(test, kind) if each.key == key]
    assert len(found) == 1, f"{key} among {[each.key for each in getattr(test, kind)]}"
    return found[0]


def choice(test: Any, class_name: str) -> Any:
    return next(
        each
        for each in test.button
        if str(each.key).startswith("choice-") and class_name in each.label.replace("\\", "")
    )


def test_an_upload_becomes_a_job_and_opens_it(user_app: Any, filled: Any, reference: str, documents: Any) -> None:
    test = user_app.open(filled.url, "upload")
    test.text_input[0].set_value(f" {reference} ")
    for name, data in documents[:2]:
        test.file_uploader[0].upload(name, data)
    test.button[0].click().run()
    assert test.title[0].value == "Batch"
    job = filled.client.job_by_reference(reference)
    assert test.query_params["job"] == job.id
    assert reference.replace(" ", "") in test.subheader[0].value.replace("\\", "").replace(" ", "")
    assert filled.client.wait(job.id, timeout=30).counts.total == 2


def test_an_upload_without_a_reference_or_files_says_what_is_missing(user_app: Any, filled: Any) -> None:
    test = user_app.open(filled.url, "upload")
    test.button[0].click().run()
    assert [each.value for each in test.error] == ["Give the batch a reference first."]
    test.text_input[0].set_value("x")
    test.button[0].click().run()
    assert [each.value for each in test.error] == ["Add at least one file."]


def test_a_used_reference_leads_to_its_job(user_app: Any, filled: Any, job: Job, documents: Any) -> None:
    test = user_app.open(filled.url, "upload")
    test.text_input[0].set_value(job.reference)
    test.file_uploader[0].upload("other.png", documents[0][1] + b"other")
    test.button[0].click().run()
    assert "another batch" in test.warning[0].value
    assert test.get("page_link")[0].proto.query_string == f"job={job.id}"


def test_the_jobs_screen_shows_each_job_and_more_on_demand(
    user_app: Any, filled: Any, job: Job, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PIGEONHOLE_APP_ROWS_PER_PAGE", "1")
    filled.submit(f"{job.reference} later", [("one.png", b"broken")])
    test = user_app.open(filled.url, "jobs")
    assert len(test.get("page_link")) == 1
    test.button[0].click().run()
    links = test.get("page_link")
    assert len(links) == 2
    assert links[1].proto.query_string == f"job={job.id}"
    assert 'aria-label="5 of 5 documents done"' in user_app.shown(test)


def test_the_job_screen_shows_what_became_of_every_document(user_app: Any, filled: Any, job: Job) -> None:
    test = user_app.open(filled.url, "job", job=job.id)
    shown = user_app.shown(test)
    for said in (
        *("2 sorted", "2 to review", "1 failed", "done, some files failed", "96% sure", "only 50% sure"),
        "less than the 80% it needs to decide alone",
        "The file is damaged and cannot be opened.",
    ):
        assert said in shown
    assert shown.count('class="ph-bars"') == 4
    assert shown.count(f'loading="lazy" src="{filled.url}/v1/documents/') == 4
    assert by_key(test, "button", "review").label == "Review 2 documents"


def test_the_job_screen_filters(user_app: Any, filled: Any, job: Job) -> None:
    test = user_app.open(filled.url, "job", job=job.id)
    test.segmented_control(key="filter").set_value("failed").run()
    shown = user_app.shown(test)
    assert "broken.png" in shown
    assert "doubtful-0.png" not in shown


def test_failed_documents_are_tried_again_and_the_rest_of_a_job_is_cancelled(
    user_app: Any, filled: Any, empty: Any, job: Job, documents: Any
) -> None:
    picture = documents[0][1]
    test = user_app.open(filled.url, "job", job=job.id)
    by_key(test, "button", "retry").click().run()
    assert not test.exception
    assert filled.client.wait(job.id, timeout=30).counts.failed == 1
    waiting = empty.client.submit_job(f"never worked on {uuid.uuid4().hex}", [("one.png", picture)])
    test = user_app.open(empty.url, "job", job=waiting.id)
    by_key(test, "button", "cancel").click().run()
    assert empty.client.job(waiting.id).state == "cancelled"
    assert "cancelled" in user_app.shown(test)


def test_a_job_that_is_not_there_is_told_in_words(user_app: Any, filled: Any) -> None:
    test = user_app.open(filled.url, "job", job="job_nothing")
    assert "There is no such batch" in test.error[0].value
    assert not test.exception


def test_the_job_screen_without_a_job_leads_to_the_list(user_app: Any, filled: Any) -> None:
    test = user_app.open(filled.url, "job")
    assert "names no batch" in test.info[0].value


def test_a_review_shows_the_page_every_class_and_the_reason(user_app: Any, filled: Any, job: Job) -> None:
    test = user_app.open(filled.url, "review", job=job.id)
    shown = user_app.shown(test)
    assert "2 documents waiting" in shown
    assert "Words that count: facture" in shown
    shortcuts = [each.proto.shortcut for each in test.button if str(each.key).startswith("choice-")]
    assert shortcuts[:3] == ["1", "2", "3"]
    assert choice(test, "invoice").label == "**invoice** · 50%"
    assert len(test.image) == 1


def test_a_review_accepts_corrects_and_goes_back(user_app: Any, filled: Any, job: Job) -> None:
    test = user_app.open(filled.url, "review", job=job.id)
    next(each for each in test.button if str(each.key).startswith("accept-")).click().run()
    choice(test, "resume").click().run()
    assert test.success[0].value == "Nothing is waiting for review."
    decided = [each.review for each in filled.client.all_documents(job.id) if each.review]
    assert sorted((each.decision, each.class_name) for each in decided) == [
        ("accepted", "invoice"),
        ("corrected", "resume"),
    ]
    assert filled.client.job(job.id).counts.reviewed == 2


def test_a_decision_can_be_taken_back(user_app: Any, filled: Any, job: Job) -> None:
    test = user_app.open(filled.url, "review", job=job.id)
    choice(test, "payslip").click().run()
    next(each for each in test.button if str(each.key).startswith("back-")).click().run()
    assert "local decided: payslip." in user_app.shown(test)
    choice(test, "resume").click().run()
    decided = [each.review.class_name for each in filled.client.all_documents(job.id) if each.review]
    assert decided == ["resume"]


def test_a_document_left_for_later_comes_back_last(user_app: Any, filled: Any, job: Job) -> None:
    test = user_app.open(filled.url, "review", job=job.id)
    later = next(each for each in test.button if str(each.key).startswith("later-"))
    first = later.key
    later.click().run()
    second = next(each for each in test.button if str(each.key).startswith("later-"))
    assert second.key != first
    second.click().run()
    assert next(each for each in test.button if str(each.key).startswith("later-")).key == first


def test_a_decision_that_someone_else_made_meanwhile_is_not_overwritten(user_app: Any, filled: Any, job: Job) -> None:
    test = user_app.open(filled.url, "review", job=job.id)
    shown_id = next(str(each.key) for each in test.button if str(each.key).startswith("accept-")).removeprefix(
        "accept-"
    )
    filled.client.review(filled.client.document(shown_id), "corrected", "payslip")
    choice(test, "resume").click().run()
    assert "decided meanwhile: payslip" in test.warning[0].value
    assert filled.client.document(shown_id).review.class_name == "payslip"


def test_a_confident_document_can_be_corrected_by_its_link(user_app: Any, filled: Any, job: Job) -> None:
    clear = next(each for each in filled.client.all_documents(job.id) if each.name == "payslip.png")
    assert f"review?job={job.id}&amp;document={clear.id}" in user_app.shown(
        user_app.open(filled.url, "job", job=job.id)
    )
    test = user_app.open(filled.url, "review", job=job.id, document=clear.id)
    choice(test, "invoice").click().run()
    assert filled.client.document(clear.id).review.class_name == "invoice"


@pytest.mark.parametrize("screen", ["upload", "jobs", "job", "review"])
def test_every_screen_says_what_to_do_before_there_is_a_model(user_app: Any, empty: Any, screen: str) -> None:
    test = user_app.open(empty.url, screen)
    assert not test.exception
    assert not test.error
    assert "There is no model yet" in test.warning[0].value


@pytest.mark.parametrize("screen", ["upload", "jobs", "job", "review"])
def test_every_screen_says_in_words_that_the_platform_is_down(user_app: Any, nowhere: str, screen: str) -> None:
    test = user_app.open(nowhere, screen, job="job_1")
    assert not test.exception
    assert "The platform does not answer" in test.error[0].value
    assert "Try again" in [each.label for each in test.button]


def test_a_form_keeps_what_was_put_into_it_while_the_platform_is_down(user_app: Any, nowhere: str) -> None:
    test = user_app.open(nowhere, "upload")
    test.text_input[0].set_value("mail")
    test.file_uploader[0].upload("one.png", b"x")
    test.button[0].click().run()
    assert "The platform does not answer" in test.error[0].value
    assert test.text_input[0].value == "mail"


@pytest.mark.parametrize(("screen", "most"), [("upload", 1), ("jobs", 3), ("job", 4), ("review", 6)])
def test_no_screen_calls_the_platform_once_a_document(
    user_app: Any, filled: Any, job: Job, screen: str, most: int
) -> None:
    before = filled.calls()
    user_app.open(filled.url, screen, job=job.id)
    # Opening draws the first screen too, which makes one call.
    assert filled.calls() - before - 1 <= most
