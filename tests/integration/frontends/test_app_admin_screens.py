"""Every screen of the admin app against a real API, its worker and a real registry of models."""

import re
import uuid
from typing import Any

import pytest

pytestmark = pytest.mark.integration
SCREENS = ["classes", "corrections", "train", "runs", "audit"]


def by_key(test: Any, key: str) -> Any:
    return next(each for each in test.button if each.key == key)


def labelled(test: Any, label: str) -> Any:
    return next(each for each in test.button if each.label == label)


def letters(markdown: str) -> str:
    """Return what a reader sees of escaped markdown."""
    return re.sub(r"\\(.)", r"\1", markdown)


def new_name() -> str:
    return f"class {uuid.uuid4().hex[:8]}"


@pytest.fixture
def reviewed(filled: Any, documents: Any) -> Any:
    """Return the two doubtful documents of a job: one accepted, one corrected."""
    job = filled.submit(f"mail {uuid.uuid4().hex}", documents)
    doubtful = list(filled.client.all_documents(job.id, state="needs_review"))
    return [
        filled.client.review(doubtful[0], "accepted", "invoice"),
        filled.client.review(doubtful[1], "corrected", "resume"),
    ]


def test_the_classes_screen_shows_the_images_of_a_class(admin_app: Any, filled: Any) -> None:
    test = admin_app.open(filled.url, "classes")
    assert [each.split(" ")[0] for each in test.button_group[0].options][:1] == ["invoice"]
    pictures = admin_app.gallery(test)["items"]
    assert len(pictures) >= 4
    assert pictures[0]["src"].startswith(f"{filled.url}/v1/examples/")
    assert pictures[0]["alt"] == "Image 1 of class invoice"


def test_a_new_class_gets_images_and_refused_files_are_named(admin_app: Any, filled: Any, documents: Any) -> None:
    name = new_name()
    test = admin_app.open(filled.url, "classes")
    test.text_input[0].set_value(name)
    labelled(test, "Create").click().run()
    assert test.subheader[0].value == name
    uploader = test.file_uploader[0]
    for file_name, data in [documents[0], ("again.png", documents[0][1]), ("<b>text</b>.txt", b"words alone")]:
        uploader.upload(file_name, data)
    labelled(test, "Add").click().run()
    shown = admin_app.shown(test)
    assert test.success[0].value == "1 image added."
    assert any(each.value == "1 file was in the training set already." for each in test.info)
    assert "&lt;b&gt;text&lt;/b&gt;.txt" in shown
    assert "This kind of file cannot be read." in shown
    assert [each.examples for each in filled.client.classes() if each.name == name] == [1]


@pytest.mark.parametrize(
    ("name", "said"), [("", "Give the class a name."), ("a/b", "Use up to 64"), ("invoice", "already")]
)
def test_a_class_name_that_cannot_be_is_refused(admin_app: Any, filled: Any, name: str, said: str) -> None:
    test = admin_app.open(filled.url, "classes")
    test.text_input[0].set_value(name)
    labelled(test, "Create").click().run()
    assert said in test.error[0].value


def test_selected_images_are_deleted_after_a_question(admin_app: Any, filled: Any, documents: Any) -> None:
    name = new_name()
    filled.client.add_examples(name, documents[:4])
    test = admin_app.open(filled.url, "classes")
    test.button_group[0].set_value(name).run()
    pictures = admin_app.gallery(test)["items"]
    admin_app.select(test, [pictures[0]["id"], pictures[2]["id"]])
    by_key(test, "delete").click().run()
    assert "Delete 2 images from the training set?" in test.warning[-1].value
    by_key(test, "delete_no").click().run()
    by_key(test, "delete").click().run()
    by_key(test, "delete_yes").click().run()
    left = {each.id for each in filled.client.examples(name).examples}
    assert left == {pictures[1]["id"], pictures[3]["id"]}


def test_many_images_are_shown_page_by_page(
    admin_app: Any, filled: Any, documents: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PIGEONHOLE_APP_IMAGES_PER_PAGE", "3")
    name = new_name()
    filled.client.add_examples(name, documents[:4])
    test = admin_app.open(filled.url, "classes")
    test.button_group[0].set_value(name).run()
    assert len(admin_app.gallery(test)["items"]) == 3
    labelled(test, "Next").click().run()
    (last,) = admin_app.gallery(test)["items"]
    assert admin_app.gallery(test)["label"] == "4–4 of 4"
    admin_app.select(test, [last["id"]])
    by_key(test, "delete").click().run()
    by_key(test, "delete_yes").click().run()
    assert admin_app.gallery(test)["label"] == "1–3 of 3"


def test_corrections_enter_the_training_set(admin_app: Any, filled: Any, reviewed: Any) -> None:
    before = {each.name: each.examples for each in filled.client.classes()}
    test = admin_app.open(filled.url, "corrections")
    captions = {each["id"]: each["caption"] for each in admin_app.gallery(test)["items"]}
    assert captions[reviewed[0].id].startswith("invoice (model and reviewer agree)")
    assert captions[reviewed[1].id].startswith("invoice → resume")
    admin_app.select(test, [reviewed[1].id])
    by_key(test, "import").click().run()
    assert test.success[0].value == "1 document added to the training set."
    labelled(test, "Add all to the training set").click().run()
    assert filled.client.corrections() == []
    after = {each.name: each.examples for each in filled.client.classes()}
    assert after["resume"] == before["resume"] + 1
    assert after["invoice"] > before["invoice"]


def test_a_training_is_started_and_its_result_shown(admin_app: Any, filled: Any) -> None:
    test = admin_app.open(filled.url, "train")
    by_key(test, "start").click().run()
    started = filled.client.trainings()[0]
    assert filled.trained(started).state == "succeeded"
    shown = admin_app.shown(admin_app.open(filled.url, "train"))
    for said in ("checks passed", "Macro-F1", "0.812", "≥ 0.700", "<b>3</b><small>75%</small>", "Scores of each class"):
        assert said in shown


def test_two_models_are_compared(admin_app: Any, filled: Any) -> None:
    test = admin_app.open(filled.url, "runs")
    shown = admin_app.shown(test)
    for said in ("Scores of models 1 and 2", "+0.111 · better", "Change per cell", "in use"):
        assert said in shown
    test.selectbox(key="before").set_value("2").run()
    assert any("two different models" in each.value for each in test.info)


def test_what_the_operator_has_against_newer_models_is_shown(admin_app: Any, judged: Any) -> None:
    found = "f1-floor: macro_f1 is 0.807: at least 0.85 is needed, see [here](https://elsewhere.test)."
    judged.judge("2", result="Rejected", reason="GatesFailed", message=found)
    test = admin_app.open(judged.url, "runs")
    assert ">refused</span>" in admin_app.shown(test)
    (said,) = [each.value for each in test.caption if "operator" in each.value]
    assert letters(said) == f"The cluster’s operator did not take version 2: {found}"
    # What stands in the registry's tags must not become a link.
    assert "[" not in said.replace("\\[", "")


def test_what_the_operator_had_against_older_models_is_not_told_again(admin_app: Any, judged: Any) -> None:
    judged.judge("1", result="RolledBack", reason="AnalysisFailed", message="errors: 7 of 40 failed")
    judged.client.set_production("2", "the newer one")
    test = admin_app.open(judged.url, "runs")
    assert ">taken back</span>" in admin_app.shown(test)
    assert not [each for each in test.caption if "operator" in each.value]


def test_how_the_model_in_use_does_is_shown(admin_app: Any, audited: Any, documents: Any, eventually: Any) -> None:
    captions = [each.value for each in admin_app.open(audited.url, "runs").caption]
    assert "Nothing is known yet" in captions[0]
    audited.submit("mail", documents)
    first, second = audited.client.audit_sample().documents
    for document, class_name in ((first, "invoice"), (second, "invoice")):
        audited.client.decide_blind(document, class_name)
    eventually(lambda: any(each.n == 2 for each in audited.client.model_quality("1").accuracy), "the figures")
    shown = admin_app.shown(admin_app.open(audited.url, "runs"))
    for said in ("Accuracy of sure answers", "<b>50.0%</b>", "9.5% – 90.5%", "too few documents", "Stability index"):
        assert said in shown


def test_another_model_is_put_in_use_with_a_reason(admin_app: Any, filled: Any) -> None:
    test = admin_app.open(filled.url, "runs")
    other = "2" if filled.client.production().version == "1" else "1"
    test.selectbox(key="restore_version").set_value(other)
    labelled(test, "Use this model").click().run()
    assert "Give a reason" in test.error[0].value
    test.text_input[0].set_value("the other one <i>was</i> better")
    labelled(test, "Use this model").click().run()
    assert "Tick the box" in test.error[0].value
    test.checkbox[0].check()
    labelled(test, "Use this model").click().run()
    assert f"Model {other} is in use now" in test.success[0].value
    assert filled.client.production().version == other
    history = admin_app.shown(admin_app.open(filled.url, "audit"))
    assert "put a model in use" in history
    assert "reason: the other one &lt;i&gt;was&lt;/i&gt; better" in history


@pytest.mark.parametrize("screen", SCREENS)
def test_every_screen_says_what_to_do_before_there_is_a_model(admin_app: Any, empty: Any, screen: str) -> None:
    test = admin_app.open(empty.url, screen)
    assert not test.exception
    assert not test.error
    assert "There is no model yet" in test.warning[0].value


@pytest.mark.parametrize("screen", SCREENS)
def test_every_screen_says_in_words_that_the_platform_is_down(admin_app: Any, nowhere: str, screen: str) -> None:
    test = admin_app.open(nowhere, screen)
    assert not test.exception
    assert "The platform does not answer" in test.error[0].value


@pytest.mark.parametrize(
    ("screen", "most"), [("classes", 3), ("corrections", 2), ("train", 4), ("runs", 6), ("audit", 2)]
)
def test_no_screen_calls_the_platform_once_a_row(admin_app: Any, filled: Any, screen: str, most: int) -> None:
    before = filled.calls()
    admin_app.open(filled.url, screen)
    # Opening draws the first screen too, which makes three calls.
    assert filled.calls() - before - 3 <= most
