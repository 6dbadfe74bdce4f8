"""The jobs screen: every job with its state and progress, newest first."""

import streamlit as st

from pigeonhole_api.models import Job
from pigeonhole_frontends.app_display.markup import escaped
from pigeonhole_frontends.app_session import AppSettings, platform, show_screen
from pigeonhole_frontends.app_session.faults import faults_in_words
from pigeonhole_frontends.app_session.language import Language, escape_markdown
from pigeonhole_frontends.user_app.addresses import JOB_SCREEN, UPLOAD_SCREEN
from pigeonhole_frontends.user_app.job_progress import is_final, job_badge, progress_bar, time_left

PAGES_SHOWN = "jobs_pages_shown"


def draw(language: Language) -> None:
    """Draw the list; while a job is at work, it is drawn again and again."""
    jobs, _ = _jobs()
    busy = any(not is_final(job) for job in jobs)
    st.fragment(run_every=AppSettings().refresh_seconds * 2 if busy else None)(_draw_list)(language, busy=busy)


def _draw_list(language: Language, *, busy: bool) -> None:
    with faults_in_words(language, key="jobs"):
        jobs, more = _jobs()
        if busy and all(is_final(job) for job in jobs):
            st.rerun()
        if not jobs:
            st.info(language.text("jobs.none"), icon=":material/info:")
            st.page_link(UPLOAD_SCREEN, label=language.text("jobs.upload_first"), icon=":material/upload_file:")
        for job in jobs:
            _draw_job(job, language)
        if more and st.button(language.text("list.more"), icon=":material/expand_more:"):
            st.session_state[PAGES_SHOWN] = st.session_state.get(PAGES_SHOWN, 1) + 1
            st.rerun()


def _draw_job(job: Job, language: Language) -> None:
    with st.container(border=True):
        name, when = st.columns(2, vertical_alignment="center")
        name.page_link(
            JOB_SCREEN,
            label=f"**{escape_markdown(job.reference)}**",
            icon=":material/folder_open:",
            query_params={"job": job.id},
        )
        told = " · ".join(filter(None, (language.moment(job.created_at), time_left(job, language))))
        when.html(
            f'<div class="ph-right-line"><span class="ph-muted">{escaped(told)}</span>{job_badge(job, language)}</div>'
        )
        st.html(progress_bar(job, language))


def _jobs() -> tuple[list[Job], bool]:
    """Return the jobs of the pages asked for so far, and whether there are more."""
    jobs: list[Job] = []
    token: str | None = None
    for _ in range(st.session_state.get(PAGES_SHOWN, 1)):
        page = platform().jobs(page_size=AppSettings().rows_per_page, page_token=token)
        jobs.extend(page.jobs)
        token = page.next_page_token
        if token is None:
            break
    return jobs, token is not None


if __name__ == "__main__":
    show_screen("jobs.title", draw, no_model="model.none_for_clerks")
