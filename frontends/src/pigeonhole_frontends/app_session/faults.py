"""Failures of the platform as one sentence, how to fix it, and a button to try again."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

import streamlit as st

from pigeonhole.errors import PigeonholeError
from pigeonhole.telemetry import get_logger
from pigeonhole_frontends.app_session.language import Language, escape_markdown

_log = get_logger(__name__)


@dataclass(frozen=True)
class Fault:
    """What went wrong, and what a person can do about it."""

    sentence: str
    remedy: str | None


def describe_fault(error: PigeonholeError, language: Language) -> Fault:
    """Return the failure in the reader's language; an unknown code keeps the platform's own sentence."""
    sentence = language.known("fault", error.code)
    remedy = language.known("remedy", error.code)
    return Fault(
        error.message if sentence == error.code else sentence,
        error.hint if remedy == error.code else remedy,
    )


@contextmanager
def faults_in_words(language: Language, *, key: str) -> Iterator[None]:
    """Show a failure of the block as words with a button that runs the page again; the key tells buttons apart."""
    try:
        yield
    except PigeonholeError as error:
        _log.warning("screen_failed", code=error.code)
        show_fault(error, language)
        st.button(language.text("fault.retry"), key=f"retry-{key}", type="primary", icon=":material/refresh:")


def show_fault(error: PigeonholeError, language: Language) -> None:
    """Show a failure in words."""
    fault = describe_fault(error, language)
    remedy = f"  \n{escape_markdown(fault.remedy)}" if fault.remedy else ""
    st.error(f"**{escape_markdown(fault.sentence)}**{remedy}", icon=":material/error:")
