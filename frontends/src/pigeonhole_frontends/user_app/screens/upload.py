"""The upload screen: a reference and files become a job."""

import streamlit as st

from pigeonhole_api.client import ApiError
from pigeonhole_frontends.app_session import AppSettings, platform, show_screen
from pigeonhole_frontends.app_session.language import Language
from pigeonhole_frontends.user_app.addresses import JOB_SCREEN
from pigeonhole_frontends.user_app.submission import check_submission

REFERENCE_LENGTH = 200


def draw(language: Language) -> None:
    """Draw the form, send what it holds, and open the new job."""
    st.write(language.text("upload.lead"))
    with st.form("upload", border=True, enter_to_submit=False):
        reference = st.text_input(
            language.text("upload.reference"),
            max_chars=REFERENCE_LENGTH,
            placeholder=language.text("upload.reference_example"),
            help=language.text("upload.reference_help"),
        )
        files = st.file_uploader(language.text("upload.files"), accept_multiple_files=True, key="files")
        st.caption(language.text("upload.limits", most=AppSettings().files_per_upload))
        sent = st.form_submit_button(language.text("upload.send"), type="primary", icon=":material/send:")
    if not sent:
        return
    problem = check_submission(reference, len(files), AppSettings().files_per_upload)
    if problem is not None:
        st.error(language.text(problem.key, **problem.values), icon=":material/error:")
        return
    _send(reference.strip(), [(file.name, file.getvalue()) for file in files], language)


def _send(reference: str, files: list[tuple[str, bytes]], language: Language) -> None:
    try:
        with st.spinner(language.counted("upload.sending", len(files))):
            job = platform().submit_job(reference, files)
    except ApiError as error:
        if error.code != "reference-conflict":
            raise
        _offer_the_other_job(reference, language)
        return
    st.switch_page(JOB_SCREEN, query_params={"job": job.id})


def _offer_the_other_job(reference: str, language: Language) -> None:
    st.warning(language.markdown("upload.reference_used", reference=reference), icon=":material/content_copy:")
    other = platform().job_by_reference(reference)
    if other is not None:
        st.page_link(
            JOB_SCREEN,
            label=language.text("upload.open_other"),
            icon=":material/folder_open:",
            query_params={"job": other.id},
        )


if __name__ == "__main__":
    show_screen("upload.title", draw, no_model="model.none_for_clerks")
