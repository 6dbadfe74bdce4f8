"""What a reviewer's session remembers between two keys; every decision itself lives in the API at once."""

from dataclasses import dataclass

import streamlit as st

from pigeonhole_api.client import ApiError
from pigeonhole_api.models import Document
from pigeonhole_frontends.app_session import platform
from pigeonhole_frontends.app_session.language import Language
from pigeonhole_frontends.user_app.review_queue import decision_for

_PENDING = "review_pending"
_TRAIL = "review_trail"
_PASSED = "review_passed"
_MESSAGE = "review_message"
_DOCUMENT = "document"
_PRECONDITION_FAILED = 412


@dataclass(frozen=True)
class PendingDecision:
    """A class chosen for a document as it was shown."""

    document: Document
    class_name: str


def choose(document: Document, class_name: str) -> None:
    """Note a decision; the next run of the screen carries it out, where a failure can be shown."""
    st.session_state[_PENDING] = PendingDecision(document, class_name)


def carry_out_decision(language: Language) -> None:
    """Write the noted decision; when someone else decided otherwise meanwhile, show the document again and say so.

    A key pressed twice decides the same document the same way twice: that is no conflict.
    """
    pending: PendingDecision | None = st.session_state.pop(_PENDING, None)
    if pending is None:
        return
    document, class_name = pending.document, pending.class_name
    if document.review is None or document.review.class_name != class_name:
        try:
            platform().review(document, decision_for(document, class_name), class_name)
        except ApiError as error:
            if error.status != _PRECONDITION_FAILED:
                raise
            now = platform().document(document.id)
            if now.review is None or now.review.class_name != class_name:
                _tell_of_other_decision(now, language)
                return
    _trail().append(document.id)
    st.query_params.pop(_DOCUMENT, None)


def go_back() -> None:
    """Show the document decided last once more."""
    if trail := _trail():
        st.query_params[_DOCUMENT] = trail.pop()


def pass_over(document: Document) -> None:
    """Leave a document for later."""
    _passed().append(document.id)
    st.query_params.pop(_DOCUMENT, None)


def can_go_back() -> bool:
    """Tell whether a document was decided in this session."""
    return bool(_trail())


def passed_over() -> list[str]:
    """Return the ids of the documents left for later."""
    return _passed()


def wanted_document() -> str | None:
    """Return the id of the document that the address names."""
    return st.query_params.get(_DOCUMENT)


def take_message() -> str | None:
    """Return what is to be told once, as markdown."""
    message: str | None = st.session_state.pop(_MESSAGE, None)
    return message


def _tell_of_other_decision(now: Document, language: Language) -> None:
    st.query_params[_DOCUMENT] = now.id
    if now.review is None:
        st.session_state[_MESSAGE] = language.text("review.changed_meanwhile")
        return
    st.session_state[_MESSAGE] = language.markdown(
        "review.decided_meanwhile", by=now.review.by, **{"class": now.review.class_name}
    )


def _trail() -> list[str]:
    trail: list[str] = st.session_state.setdefault(_TRAIL, [])
    return trail


def _passed() -> list[str]:
    passed: list[str] = st.session_state.setdefault(_PASSED, [])
    return passed
