"""The job screen: progress while the job runs, and what became of each document."""

from functools import partial

import streamlit as st

from pigeonhole_api.client import PlatformClient
from pigeonhole_api.models import Document, Job
from pigeonhole_frontends.app_display.markup import facts
from pigeonhole_frontends.app_session import AppSettings, image_url, platform, show_screen
from pigeonhole_frontends.app_session.faults import faults_in_words
from pigeonhole_frontends.app_session.language import Language, escape_markdown
from pigeonhole_frontends.user_app.addresses import JOBS_SCREEN, REVIEW_SCREEN
from pigeonhole_frontends.user_app.csv_export import job_csv
from pigeonhole_frontends.user_app.document_list import document_list
from pigeonhole_frontends.user_app.job_progress import is_final, job_badge, progress_bar, time_left

_FILTERS = ("all", "needs_review", "classified", "failed")
PAGES_SHOWN = "job_pages_shown"


def draw(language: Language) -> None:
    """Draw the job that the address names; while it is at work, it is drawn again and again."""
    job_id = st.query_params.get("job")
    if not job_id:
        st.info(language.text("job.none_named"), icon=":material/info:")
        st.page_link(JOBS_SCREEN, label=language.text("review.to_jobs"), icon=":material/list_alt:")
        return
    busy = not is_final(platform().job(job_id))
    st.fragment(run_every=AppSettings().refresh_seconds if busy else None)(_draw_job)(job_id, language, was_busy=busy)


def _draw_job(job_id: str, language: Language, *, was_busy: bool) -> None:
    with faults_in_words(language, key="job"):
        job = platform().job(job_id)
        if was_busy and is_final(job):
            # The whole page once more: the repetition ends, and what depends on the end appears.
            st.rerun()
        _draw_head(job, language)
        _draw_actions(job, language)
        _draw_documents(job, language)


def _draw_head(job: Job, language: Language) -> None:
    with st.container(horizontal=True, vertical_alignment="center"):
        st.subheader(escape_markdown(job.reference), anchor=False, width="content")
        st.html(job_badge(job, language), width="content")
    st.html(progress_bar(job, language))
    known = [(language.text("job.created"), language.moment(job.created_at))]
    if job.finished_at is not None:
        known.append((language.text("job.finished"), language.moment(job.finished_at)))
    if job.model_version is not None:
        known.append((language.text("document.model"), job.model_version))
    if left := time_left(job, language):
        known.append((language.text("job.left"), left))
    st.html(facts(known))


def _draw_actions(job: Job, language: Language) -> None:
    with st.container(horizontal=True):
        if job.counts.needs_review:
            label = language.counted("job.review", job.counts.needs_review)
            if st.button(label, type="primary", icon=":material/rule:", key="review"):
                st.switch_page(REVIEW_SCREEN, query_params={"job": job.id})
        if is_final(job):
            st.download_button(
                language.text("job.csv"),
                data=partial(_csv, platform(), job),
                file_name=f"pigeonhole-{job.id}.csv",
                mime="text/csv",
                icon=":material/download:",
                on_click="ignore",
            )
            if job.counts.failed and st.button(language.text("job.retry"), icon=":material/replay:", key="retry"):
                platform().retry(job.id)
                st.rerun()
        elif st.button(language.text("job.cancel"), icon=":material/cancel:", key="cancel"):
            platform().cancel(job.id)
            st.rerun()


def _draw_documents(job: Job, language: Language) -> None:
    chosen = st.segmented_control(
        language.text("job.filter"),
        _FILTERS,
        default=_FILTERS[0],
        required=True,
        format_func=lambda name: language.text(f"job.filter.{name}"),
        label_visibility="collapsed",
        key="filter",
    )
    documents, more = _documents(job.id, None if chosen == "all" else chosen)
    if not documents:
        st.caption(language.text("job.no_documents"))
        return
    st.html(
        document_list(
            documents, {each.id: url for each in documents if (url := image_url(each.thumbnail_url))}, language
        )
    )
    if more and st.button(language.text("list.more"), icon=":material/expand_more:", key="more"):
        st.session_state[PAGES_SHOWN] = (job.id, _pages_shown(job.id) + 1)
        st.rerun()


def _pages_shown(job_id: str) -> int:
    owner, pages = st.session_state.get(PAGES_SHOWN, ("", 1))
    return int(pages) if owner == job_id else 1


def _documents(job_id: str, state: str | None) -> tuple[list[Document], bool]:
    """Return the documents of the pages asked for so far, and whether there are more."""
    documents: list[Document] = []
    token: str | None = None
    for _ in range(_pages_shown(job_id)):
        page = platform().documents(job_id, state=state, page_size=AppSettings().rows_per_page, page_token=token)
        documents.extend(page.documents)
        token = page.next_page_token
        if token is None:
            break
    return documents, token is not None


def _csv(client: PlatformClient, job: Job) -> bytes:
    """Return the file; this runs outside of the session, so it is given the session's client."""
    return job_csv(job, list(client.all_documents(job.id)))


if __name__ == "__main__":
    show_screen("job.title", draw, no_model="model.none_for_clerks")
