"""Who uses an app: a person who has signed in, or whoever reaches it where it has a token of its own."""

import time
from typing import Any

import jwt
import streamlit as st

from pigeonhole_frontends.app_session.language import Language
from pigeonhole_frontends.app_session.settings import AppSettings

_SPARE_SECONDS = 5
"""A sign-in that ends this soon has ended: a call that is made now must still arrive."""


def session_token(settings: AppSettings) -> str:
    """Return what the session's calls of the API carry."""
    return _signed_in_token(settings) if settings.sign_in else settings.token.get_secret_value()


def require_sign_in(settings: AppSettings, language: Language) -> None:
    """Show who has signed in, with a way out; before that, and once it is over, show nothing but the way in."""
    if not settings.sign_in:
        return
    token = _signed_in_token(settings)
    if token and not _is_over(token):
        _show_person(language)
        return
    st.title(language.text("sign_in.title"), anchor=False)
    st.markdown(language.text("sign_in.over" if token else "sign_in.why"))
    # One click, also after the end: the sign-in service gives a new token by itself while it knows the person.
    if st.button(language.text("sign_in.enter"), type="primary", icon=":material/login:"):
        st.login()
    st.stop()


def _signed_in_token(settings: AppSettings) -> str:
    return str(st.user.tokens.get(settings.sign_in, "")) if st.user.is_logged_in else ""


def _show_person(language: Language) -> None:
    named: Any = st.user.get("name") or st.user.get("preferred_username") or st.user.get("email") or st.user.get("sub")
    with st.sidebar:
        st.caption(language.text("sign_in.person", name=str(named)))
        if st.button(language.text("sign_in.leave"), icon=":material/logout:"):
            st.logout()


def _is_over(token: str) -> bool:
    """Tell whether a token says that its time is over; one that says nothing is for the API to judge."""
    try:
        # The API verifies the token at each call. Here it only decides what to show.
        claims = jwt.decode(token, options={"verify_signature": False, "verify_exp": False, "verify_aud": False})
    except jwt.InvalidTokenError:
        return False
    end = claims.get("exp")
    return isinstance(end, int | float) and end < time.time() + _SPARE_SECONDS
