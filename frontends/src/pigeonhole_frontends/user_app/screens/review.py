"""The review screen: one document at a time, decided by a key."""

import streamlit as st

from pigeonhole_api.models import Document, DocumentPage
from pigeonhole_frontends.app_session import platform, show_screen
from pigeonhole_frontends.app_session.language import Language
from pigeonhole_frontends.user_app.addresses import JOB_SCREEN, JOBS_SCREEN
from pigeonhole_frontends.user_app.decision_panel import draw_decision_panel
from pigeonhole_frontends.user_app.page_view import draw_page_view, fetch_page_image
from pigeonhole_frontends.user_app.review_queue import next_in_queue
from pigeonhole_frontends.user_app.review_session import carry_out_decision, passed_over, take_message, wanted_document

# The order of review looks ahead this many documents.
_QUEUE_LENGTH = 100


def draw(language: Language) -> None:
    """Carry out the decision that was just made, then draw the next document."""
    carry_out_decision(language)
    waiting = _waiting()
    queue = waiting.documents
    wanted = wanted_document()
    document = platform().document(wanted) if wanted else next_in_queue(queue, passed_over())
    if message := take_message():
        st.warning(message, icon=":material/group:")
    if document is None:
        st.success(language.text("review.empty"), icon=":material/done_all:")
        _draw_way_back(language)
        return
    page, panel = st.columns([3, 2], gap="medium")
    with page:
        draw_page_view(document, language)
    with panel:
        draw_decision_panel(document, _waiting_in_words(waiting, language), language)
        _draw_way_back(language)
    _fetch_ahead(queue, document)


def _draw_way_back(language: Language) -> None:
    if job := st.query_params.get("job"):
        label = language.text("review.to_job")
        st.page_link(JOB_SCREEN, label=label, icon=":material/folder_open:", query_params={"job": job})
    else:
        st.page_link(JOBS_SCREEN, label=language.text("review.to_jobs"), icon=":material/list_alt:")


def _waiting() -> DocumentPage:
    if job := st.query_params.get("job"):
        return platform().documents(
            job, state="needs_review", review="none", sort="confidence", page_size=_QUEUE_LENGTH
        )
    return platform().review_queue(page_size=_QUEUE_LENGTH)


def _waiting_in_words(waiting: DocumentPage, language: Language) -> str:
    if waiting.next_page_token is not None:
        return language.text("review.many_waiting", count=language.whole(len(waiting.documents)))
    return language.counted("review.waiting", len(waiting.documents))


def _fetch_ahead(queue: list[Document], shown: Document) -> None:
    """Load the next page image while the reviewer looks at this one."""
    others = [document for document in queue if document.id != shown.id]
    if upcoming := next_in_queue(others, passed_over()):
        fetch_page_image(upcoming.id, 1)


if __name__ == "__main__":
    show_screen("review.title", draw, no_model="model.none_for_clerks")
