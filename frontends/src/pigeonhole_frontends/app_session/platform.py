"""The session's way to the platform: its client of the API, the model in use, and the addresses of images."""

import httpx
import streamlit as st

from pigeonhole_api.client import PlatformClient
from pigeonhole_api.models import Model
from pigeonhole_frontends.app_session.settings import AppSettings
from pigeonhole_frontends.app_session.sign_in import session_token


def platform() -> PlatformClient:
    """Return the client of this browser session; its connections are kept open and closed with the session."""
    settings = AppSettings()
    return _connected(settings.api_url, session_token(settings), settings.answer_seconds)


@st.cache_resource(scope="session", show_spinner=False, on_release=lambda client: client.close())
def _connected(url: str, token: str, answer_seconds: float) -> PlatformClient:
    return PlatformClient(url, token, read_seconds=answer_seconds)


def model_in_use() -> Model | None:
    """Return the model that sorts documents, or None before there is one."""
    return platform().production()


def image_url(path: str | None) -> str | None:
    """Return the absolute address of an image that the API names by a path, for a browser to load."""
    if path is None:
        return None
    return str(httpx.URL(AppSettings().image_base_url + "/").join(path))
