"""What a session remembers of the blind check; every decision lives in the API at once."""

import time
from dataclasses import dataclass

import streamlit as st

from pigeonhole_api.client import ApiError
from pigeonhole_api.models import SampledDocument
from pigeonhole_frontends.app_session import platform
from pigeonhole_frontends.app_session.language import Language

_PENDING = "blind_pending"
_DECIDED = "blind_decided"
_PASSED = "blind_passed"
_SHOWN = "blind_shown"
_LONGEST_SECONDS = 3600.0
"""Whoever looks longer has gone away meanwhile: that is no time spent on the document."""
_OVERTAKEN = {"document-changed", "not-in-audit"}


@dataclass(frozen=True)
class _Pending:
    document: SampledDocument
    class_name: str


def choose_blind(document: SampledDocument, class_name: str) -> None:
    """Note a decision; the next run of the screen carries it out, where a failure can be shown."""
    st.session_state[_PENDING] = _Pending(document, class_name)


def carry_out_blind_decision(language: Language) -> str | None:
    """Write the noted decision, and return what is to be told about it.

    A key pressed twice decides one document: the second time it is no longer there to be decided.
    """
    pending: _Pending | None = st.session_state.pop(_PENDING, None)
    if pending is None or pending.document.id in _decided():
        return None
    try:
        platform().decide_blind(pending.document, pending.class_name, seconds_spent=_seconds_shown(pending.document.id))
    except ApiError as error:
        if error.code not in _OVERTAKEN:
            raise
        return language.text("blind.overtaken")
    _decided().append(pending.document.id)
    return None


def pass_over_blind(document: SampledDocument) -> None:
    """Leave a document for later."""
    passed_over_blind().append(document.id)


def passed_over_blind() -> list[str]:
    """Return the ids of the documents left for later."""
    passed: list[str] = st.session_state.setdefault(_PASSED, [])
    return passed


def note_shown(document: SampledDocument) -> None:
    """Remember since when a document is shown."""
    shown, _ = st.session_state.get(_SHOWN, ("", 0.0))
    if shown != document.id:
        st.session_state[_SHOWN] = (document.id, time.monotonic())


def _seconds_shown(document_id: str) -> float | None:
    shown, since = st.session_state.get(_SHOWN, ("", 0.0))
    seconds = round(time.monotonic() - since, 1)
    return seconds if shown == document_id and seconds < _LONGEST_SECONDS else None


def _decided() -> list[str]:
    decided: list[str] = st.session_state.setdefault(_DECIDED, [])
    return decided
