"""The blind check of the user app against a real API and its worker."""

from typing import Any

import pytest

pytestmark = pytest.mark.integration


def choices(test: Any) -> dict[str, Any]:
    """The buttons of classes, by the class."""
    own = [each for each in test.button if str(each.key).startswith("blind-") and "later" not in str(each.key)]
    return {each.label: each for each in own}


def later(test: Any) -> Any:
    (found,) = [each for each in test.button if str(each.key).startswith("blind-later-")]
    return found


def test_sure_answers_are_decided_without_seeing_them(user_app: Any, audited: Any, documents: Any) -> None:
    job = audited.submit("mail", documents)
    test = user_app.open(audited.url, "blind")
    shown = user_app.shown(test)
    assert "2 documents waiting" in shown
    assert "Drawn by chance" in shown
    (panel,) = [each.proto.body for each in test.html if "<h2>" in each.proto.body]
    for told in ("%", "invoice</", "payslip</", "Words that count"):
        assert told not in panel
    assert all("%" not in label for label in choices(test))
    assert list(choices(test)) == sorted(choices(test))
    assert [each.proto.shortcut for each in choices(test).values()][:2] == ["1", "2"]
    assert len(test.image) == 1
    choices(test)["payslip"].click().run()
    assert "1 document waiting" in user_app.shown(test)
    choices(test)["payslip"].click().run()
    assert test.success[0].value == "Nothing is waiting for a blind check."
    sure = audited.client.documents(job.id, state="classified").documents
    decided = {document.prediction.class_name: document.review for document in sure}
    assert {name: review.decision for name, review in decided.items()} == {
        "invoice": "corrected",
        "payslip": "accepted",
    }
    assert all(review.blind and review.seconds_spent < 60 for review in decided.values())


def test_what_someone_else_has_decided_is_told_and_passed(user_app: Any, audited: Any, documents: Any) -> None:
    audited.submit("mail", documents)
    test = user_app.open(audited.url, "blind")
    first, second = audited.client.audit_sample().documents
    audited.client.decide_blind(first, "invoice")
    choices(test)["invoice"].click().run()
    assert "Someone else has worked on this document" in test.warning[0].value
    assert second.name in user_app.shown(test)


def test_a_document_left_for_later_comes_back(user_app: Any, audited: Any, documents: Any) -> None:
    audited.submit("mail", documents)
    test = user_app.open(audited.url, "blind")
    first = later(test).key
    later(test).click().run()
    second = later(test).key
    later(test).click().run()
    assert (first != second, later(test).key) == (True, first)
