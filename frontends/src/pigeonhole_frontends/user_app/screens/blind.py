"""The blind check: documents that the model was sure of, decided without its answer."""

import streamlit as st

from pigeonhole_api.models import SampledDocument
from pigeonhole_frontends.app_display.markup import escaped
from pigeonhole_frontends.app_session import model_in_use, platform, show_screen
from pigeonhole_frontends.app_session.language import Language, escape_markdown
from pigeonhole_frontends.user_app.blind_session import (
    carry_out_blind_decision,
    choose_blind,
    note_shown,
    pass_over_blind,
    passed_over_blind,
)
from pigeonhole_frontends.user_app.page_view import draw_page_view, fetch_page_image
from pigeonhole_frontends.user_app.review_queue import choice_key, next_in_queue

_QUEUE_LENGTH = 100


def draw(language: Language) -> None:
    """Carry out the decision that was just made, then draw the next document."""
    message = carry_out_blind_decision(language)
    waiting = platform().audit_sample(page_size=_QUEUE_LENGTH)
    if message:
        st.warning(message, icon=":material/group:")
    document = next_in_queue(waiting.documents, passed_over_blind())
    if document is None:
        st.success(language.text("blind.empty"), icon=":material/done_all:")
        st.caption(language.text("blind.why"))
        return
    note_shown(document)
    page, panel = st.columns([3, 2], gap="medium")
    with page:
        draw_page_view(document, language)
    with panel:
        is_all = waiting.next_page_token is None
        count = len(waiting.documents)
        many = language.text("review.many_waiting", count=language.whole(count))
        _draw_panel(document, language.counted("review.waiting", count) if is_all else many, language)
    others = [each for each in waiting.documents if each.id != document.id]
    if upcoming := next_in_queue(others, passed_over_blind()):
        fetch_page_image(upcoming.id, 1)


def _draw_panel(document: SampledDocument, waiting: str, language: Language) -> None:
    st.html(
        f'<div class="ph-panel" aria-live="polite"><p class="ph-muted">{escaped(waiting)}</p>'
        f"<h2>{escaped(document.name)}</h2><p>{escaped(language.text('blind.why'))}</p></div>"
    )
    with st.container(gap="xsmall"):
        # By name: any other order would tell something of the model's answer.
        for place, class_name in enumerate(_classes(), start=1):
            st.button(
                escape_markdown(class_name),
                key=f"blind-{place}-{document.id}",
                shortcut=choice_key(place),
                on_click=choose_blind,
                args=(document, class_name),
                width="stretch",
            )
    st.button(
        language.text("review.later"),
        key=f"blind-later-{document.id}",
        shortcut="Space",
        on_click=pass_over_blind,
        args=(document,),
        width="stretch",
    )


def _classes() -> list[str]:
    model = model_in_use()
    trained = [] if model is None else model.classes
    return sorted({*trained, *(each.name for each in platform().classes())})


if __name__ == "__main__":
    show_screen("blind.title", draw, no_model="model.none_for_clerks")
