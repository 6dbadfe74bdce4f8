"""The reviewer's panel: why a document is here, the classes to choose from, and the keys that choose them."""

import re

import streamlit as st

from pigeonhole_api.models import Document
from pigeonhole_frontends.app_display.markup import escaped
from pigeonhole_frontends.app_display.probability_bars import confidence_badge
from pigeonhole_frontends.app_session import platform
from pigeonhole_frontends.app_session.language import Language, escape_markdown
from pigeonhole_frontends.user_app.decisions import decided_class, reason_for_review, state_badge
from pigeonhole_frontends.user_app.review_queue import Choice, choices
from pigeonhole_frontends.user_app.review_session import can_go_back, choose, go_back, pass_over

_MOST_WORDS = 8


def draw_decision_panel(document: Document, waiting: str, language: Language) -> None:
    """Draw what is known of the document and every way to decide it."""
    st.html(_introduction(document, waiting, language))
    suggested = decided_class(document)
    accept = (
        language.text("review.choose_first")
        if suggested is None
        else language.markdown("review.accept", **{"class": suggested})
    )
    st.button(
        accept,
        key=f"accept-{document.id}",
        type="primary",
        shortcut="Enter",
        disabled=suggested is None,
        on_click=choose,
        args=(document, suggested or ""),
        width="stretch",
    )
    _draw_choices(document, suggested, language)
    back, later = st.columns([5, 4])
    back.button(
        language.text("review.back"),
        key=f"back-{document.id}",
        shortcut="Backspace",
        disabled=not can_go_back(),
        on_click=go_back,
        width="stretch",
    )
    later.button(
        language.text("review.later"),
        key=f"later-{document.id}",
        shortcut="Space",
        on_click=pass_over,
        args=(document,),
        width="stretch",
    )


def _introduction(document: Document, waiting: str, language: Language) -> str:
    prediction = document.prediction
    confidence = prediction.confidence if prediction else None
    abstained = prediction.abstained if prediction else True
    lines = [
        reason_for_review(document, language) if document.review is None else _decided(document, language),
        _words(document, language),
    ]
    told = "".join(f"<p>{escaped(line)}</p>" for line in lines if line)
    return (
        f'<div class="ph-panel" aria-live="polite">'
        f'<p class="ph-muted">{escaped(waiting)}</p>'
        f"<h2>{escaped(document.name)}</h2>"
        f'<p class="ph-document-head">{state_badge(document, language)}'
        f"{confidence_badge(confidence, abstained=abstained, language=language)}</p>{told}</div>"
    )


def _decided(document: Document, language: Language) -> str | None:
    if document.review is None:
        return None
    return language.text("review.decided", by=document.review.by, **{"class": document.review.class_name})


def _words(document: Document, language: Language) -> str | None:
    words = [reason.word for reason in document.prediction.reasons] if document.prediction else []
    return language.text("review.words", words=", ".join(words[:_MOST_WORDS])) if words else None


def _draw_choices(document: Document, suggested: str | None, language: Language) -> None:
    offered = choices(document, [each.name for each in platform().classes()])
    st.html(_bars(document, offered))
    keys = st.container(gap="xsmall")
    for place, choice in enumerate(offered):
        keys.button(
            _label(choice, chosen=choice.class_name == suggested, language=language),
            key=_button_key(document, place),
            shortcut=choice.key,
            on_click=choose,
            args=(document, choice.class_name),
            width="stretch",
        )


def _label(choice: Choice, *, chosen: bool, language: Language) -> str:
    name = escape_markdown(choice.class_name)
    share = "" if choice.probability is None else f" · {escape_markdown(language.percent(choice.probability))}"
    return f"**{name}**{share}" if chosen else f"{name}{share}"


def _button_key(document: Document, place: int) -> str:
    return f"choice-{place}-{re.sub('[^A-Za-z0-9]', '', document.id)}"


def _bars(document: Document, offered: list[Choice]) -> str:
    """Return a style that draws each class's probability as a bar inside its button."""
    rules = "".join(
        f".st-key-{_button_key(document, place)} button {{ --ph-share: {100 * (choice.probability or 0):.1f}%; }}"
        for place, choice in enumerate(offered)
    )
    return f"<style>{rules}</style>"
