"""`python -m pigeonhole_api.serve`: the API as a process."""

import argparse
import ipaddress
from collections.abc import Sequence

import uvicorn
from pydantic import ValidationError

from pigeonhole.documents import DocumentLimits
from pigeonhole.errors import PigeonholeError
from pigeonhole.settings import PlatformSettings, describe_invalid_settings
from pigeonhole.telemetry import configure_logging
from pigeonhole_api.application import create_application
from pigeonhole_api.platform import open_platform
from pigeonhole_api.settings import ApiSettings
from pigeonhole_api.startup import fail_to_start

_DRAIN_SECONDS = 20
_LOOPBACK_NAMES = {"localhost"}


def main(arguments: Sequence[str] | None = None) -> None:
    """Serve until SIGTERM; exit code 2 when the settings are wrong."""
    parser = argparse.ArgumentParser(prog="pigeonhole_api.serve", description="The Pigeonhole API.")
    parser.add_argument("--host", default="127.0.0.1", help="address to listen on")
    parser.add_argument("--port", type=int, default=8000, help="port to listen on")
    options = parser.parse_args(arguments)
    try:
        settings, platform, limits = ApiSettings(), PlatformSettings(), DocumentLimits()
        configure_logging("api", settings.log_level)
        check_address(options.host, settings)
        app = create_application(open_platform(settings, platform, limits))
    except ValidationError as error:
        fail_to_start(describe_invalid_settings(error) or "The settings are wrong.")
    except PigeonholeError as error:
        fail_to_start(f"{error.message} {error.hint or ''}")
    config = uvicorn.Config(
        app,
        host=options.host,
        port=options.port,
        log_config=None,
        access_log=False,
        server_header=False,
        timeout_graceful_shutdown=_DRAIN_SECONDS,
    )
    uvicorn.Server(config).run()


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


def is_loopback(host: str) -> bool:
    """Tell whether an address is this machine's own."""
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host in _LOOPBACK_NAMES


if __name__ == "__main__":
    main()
