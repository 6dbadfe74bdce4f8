"""How the two apps are started: one list of Streamlit flags for both.

`python -m pigeonhole_frontends.app_launch user` becomes the app's server, as a container runs it.
"""

import argparse
import os
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Literal, get_args

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


def streamlit_flags(*, port: int, address: str = "127.0.0.1", base_path: str = "") -> list[str]:
    """Return Streamlit's flags: no telemetry, no developer menu, no stack trace, the theme of both modes."""
    flags = {"server.address": address, "server.port": str(port), "server.baseUrlPath": base_path.strip("/"), **_FLAGS}
    return [f"--{name}={value}" for name, value in flags.items() if value]


def streamlit_arguments(app: AppName, *, port: int, address: str = "127.0.0.1", base_path: str = "") -> list[str]:
    """Return what follows the Python executable to serve an app on a port.

    Args:
        app: Which of the two.
        port: Where it listens.
        address: On which of the machine's addresses.
        base_path: The path that an ingress gives the app and passes on, empty for a host of its own.
    """
    flags = streamlit_flags(port=port, address=address, base_path=base_path)
    return ["-m", "streamlit", "run", str(app_path(app)), *flags]


def main(arguments: Sequence[str] | None = None) -> None:
    """Become the server of an app; exit code 2 when the command line is wrong."""
    parser = argparse.ArgumentParser(prog="pigeonhole_frontends.app_launch", description="A Pigeonhole app.")
    parser.add_argument("app", choices=get_args(AppName), help="which app")
    parser.add_argument("--port", type=int, default=8501, help="port to listen on")
    parser.add_argument("--address", default="0.0.0.0", help="address to listen on")  # noqa: S104 - a container's own
    parser.add_argument("--base-path", default="", help="path that an ingress gives the app")
    options = parser.parse_args(arguments)
    given = streamlit_arguments(options.app, port=options.port, address=options.address, base_path=options.base_path)
    # In its place, so that signals reach the server itself.
    os.execv(sys.executable, [sys.executable, *given])  # noqa: S606


if __name__ == "__main__":
    main()
