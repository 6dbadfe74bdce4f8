"""`python -m pigeonhole_api.serve`: the API as a process."""

import argparse
import ipaddress
import threading
from collections.abc import Sequence
from types import FrameType

import uvicorn
from pydantic import ValidationError

from pigeonhole.documents import DocumentLimits
from pigeonhole.errors import PigeonholeError
from pigeonhole.processes import share_arenas
from pigeonhole.settings import PlatformSettings, describe_invalid_settings
from pigeonhole.telemetry import configure_logging
from pigeonhole_api.application import create_application
from pigeonhole_api.platform import open_platform
from pigeonhole_api.settings import ApiSettings, OidcSettings
from pigeonhole_api.startup import fail_to_start

_DRAIN_SECONDS = 20
_LOOPBACK_NAMES = {"localhost"}


def main(arguments: Sequence[str] | None = None) -> None:
    """Serve until SIGTERM; exit code 2 when the settings are wrong."""
    parser = argparse.ArgumentParser(prog="pigeonhole_api.serve", description="The Pigeonhole API.")
    parser.add_argument("--host", default="127.0.0.1", help="address to listen on")
    parser.add_argument("--port", type=int, default=8000, help="port to listen on")
    options = parser.parse_args(arguments)
    share_arenas()
    try:
        settings, platform, limits, oidc = ApiSettings(), PlatformSettings(), DocumentLimits(), OidcSettings()
        configure_logging("api", settings.log_level)
        check_address(options.host, settings)
        check_sign_in(settings, oidc)
        state = open_platform(settings, platform, limits, oidc)
    except ValidationError as error:
        fail_to_start(describe_invalid_settings(error) or "The settings are wrong.")
    except PigeonholeError as error:
        fail_to_start(f"{error.message} {error.hint or ''}")
    config = uvicorn.Config(
        create_application(state),
        host=options.host,
        port=options.port,
        log_config=None,
        access_log=False,
        server_header=False,
        timeout_graceful_shutdown=_DRAIN_SECONDS,
    )
    _Server(config, state.stopping).run()


class _Server(uvicorn.Server):
    """A server whose endless answers end when it is told to stop, which it would wait for."""

    def __init__(self, config: uvicorn.Config, stopping: threading.Event) -> None:
        super().__init__(config)
        self._stopping = stopping

    def handle_exit(self, sig: int, frame: FrameType | None) -> None:
        """Stop."""
        self._stopping.set()
        super().handle_exit(sig, frame)


def check_address(host: str, settings: ApiSettings) -> None:
    """Refuse to be reachable from elsewhere unless that was asked for.

    Raises:
        PigeonholeError: `remote-not-allowed`.
    """
    if not settings.allow_remote and not is_loopback(host):
        raise PigeonholeError(
            f"host: {host} can be reached from other machines.",
            code="remote-not-allowed",
            hint="Set PIGEONHOLE_API_ALLOW_REMOTE=true and PIGEONHOLE_API_ALLOWED_HOSTS if that is meant.",
        )


def check_sign_in(settings: ApiSettings, oidc: OidcSettings) -> None:
    """Refuse to start when nobody could call.

    Raises:
        PigeonholeError: `no-sign-in`.
    """
    if settings.token is None and not oidc.issuer:
        raise PigeonholeError(
            "Nobody could sign in.",
            code="no-sign-in",
            hint="Set PIGEONHOLE_OIDC_ISSUER, or PIGEONHOLE_API_TOKEN.",
        )


def is_loopback(host: str) -> bool:
    """Tell whether an address is this machine's own."""
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host in _LOOPBACK_NAMES


if __name__ == "__main__":
    main()
