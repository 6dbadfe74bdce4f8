"""The frame that every screen of both apps stands in: menu, title, the model in use, and failures in words."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

import streamlit as st
from streamlit.delta_generator import DeltaGenerator

from pigeonhole_frontends.app_display.markup import Tone, badge
from pigeonhole_frontends.app_display.stylesheet import LOGO, MARK, STYLESHEET
from pigeonhole_frontends.app_session.faults import faults_in_words
from pigeonhole_frontends.app_session.language import Language, session_language
from pigeonhole_frontends.app_session.platform import model_in_use
from pigeonhole_frontends.app_session.settings import AppSettings
from pigeonhole_frontends.app_session.sign_in import require_sign_in


@dataclass(frozen=True)
class ScreenEntry:
    """A screen in the menu: its script, the key of its title, its icon, and its path in the address bar.

    The screen without a path is the one that the app opens with.
    """

    script: Path
    title: str
    icon: str
    url_path: str = ""
    hidden: bool = False


def open_app(screens: Sequence[ScreenEntry]) -> None:
    """Set the page up, show the menu, and run the screen that the address names."""
    language = session_language()
    st.set_page_config(page_icon=MARK, layout="wide")
    st.html(STYLESHEET)
    st.html(f"<style>:root {{ --ph-browse: '{language.html('files.browse')}'; }}</style>")
    st.logo(LOGO, size="large", icon_image=LOGO)
    require_sign_in(AppSettings(), language)
    pages = [
        st.Page(
            entry.script,
            title=language.text(entry.title),
            icon=entry.icon,
            url_path=entry.url_path,
            default=not entry.url_path,
            visibility="hidden" if entry.hidden else "visible",
        )
        for entry in screens
    ]
    st.navigation(pages).run()


def show_screen(title: str, body: Callable[[Language], None], *, no_model: str) -> None:
    """Show a screen: its title beside the model in use, then its body; a failure of either is shown in words.

    Args:
        title: The key of the title.
        body: Draws the screen below the title.
        no_model: The key of the sentence that says what to do while there is no model.
    """
    language = session_language()
    with st.container(horizontal=True, horizontal_alignment="distribute", vertical_alignment="center"):
        st.title(language.text(title), anchor=False)
        model_place = st.container(width="content")
    advice_place = st.empty()
    with faults_in_words(language, key="screen"):
        # The body comes first, so that a form keeps what was put into it when the platform does not answer.
        body(language)
        _show_model(model_place, advice_place, language, no_model)


def _show_model(place: DeltaGenerator, advice_place: DeltaGenerator, language: Language, no_model: str) -> None:
    model = model_in_use()
    if model is not None:
        place.html(badge(language.text("model.in_use", version=model.version), Tone.GOOD))
        return
    place.html(badge(language.text("model.none"), Tone.UNSURE))
    advice_place.warning(language.text(no_model), icon=":material/info:")
