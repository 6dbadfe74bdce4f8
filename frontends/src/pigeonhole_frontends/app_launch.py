"""How the two apps are started: one list of Streamlit flags for both."""

from pathlib import Path
from typing import Literal

from pigeonhole_frontends import admin_app, user_app

AppName = Literal["user", "admin"]

_LIGHT = {
    "primaryColor": "#0b7a6f",
    "backgroundColor": "#ffffff",
    "secondaryBackgroundColor": "#f1f5f5",
    "textColor": "#18242b",
    "linkColor": "#0b6b8a",
}
_DARK = {
    "primaryColor": "#2aa594",
    "backgroundColor": "#12191d",
    "secondaryBackgroundColor": "#1c262b",
    "textColor": "#e8eef0",
    "linkColor": "#6cc7e6",
}
_FLAGS = {
    "runner.magicEnabled": "false",
    "server.headless": "true",
    "server.fileWatcherType": "none",
    "server.maxUploadSize": "50",
    "server.enableXsrfProtection": "true",
    "browser.gatherUsageStats": "false",
    "client.toolbarMode": "viewer",
    "client.showErrorDetails": "none",
    "client.showErrorLinks": "false",
    "theme.baseRadius": "0.5rem",
    "theme.headingFontSizes": '["2rem", "1.4rem", "1.15rem"]',
    "theme.headingFontWeights": "[650, 650, 650]",
    "theme.showWidgetBorder": "true",
    **{f"theme.light.{name}": value for name, value in _LIGHT.items()},
    **{f"theme.dark.{name}": value for name, value in _DARK.items()},
}


def app_path(app: AppName) -> Path:
    """Return the script that Streamlit runs for an app."""
    return user_app.main_path() if app == "user" else admin_app.main_path()


def streamlit_flags(*, port: int, address: str = "127.0.0.1") -> list[str]:
    """Return Streamlit's flags: no telemetry, no developer menu, no stack trace, the theme of both modes."""
    flags = {"server.address": address, "server.port": str(port), **_FLAGS}
    return [f"--{name}={value}" for name, value in flags.items()]


def streamlit_arguments(app: AppName, *, port: int, address: str = "127.0.0.1") -> list[str]:
    """Return what follows the Python executable to serve an app on a port."""
    return ["-m", "streamlit", "run", str(app_path(app)), *streamlit_flags(port=port, address=address)]
