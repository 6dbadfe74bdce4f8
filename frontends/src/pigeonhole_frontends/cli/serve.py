"""`pigeonhole serve`: the whole platform on this machine."""

import signal
from typing import TYPE_CHECKING, Annotated

import typer

from pigeonhole_frontends.cli.installation import need
from pigeonhole_frontends.cli.options import HomeOption, platform_settings
from pigeonhole_frontends.cli.terminal import progress, reported_errors, say

if TYPE_CHECKING:
    from pigeonhole_frontends.laptop.platform import LaptopPlatform


def serve(
    home: HomeOption = None,
    apps: Annotated[bool, typer.Option(help="Start the user app and the admin app too.")] = True,
) -> None:
    """Start the API, its worker, the model servers and both apps; Ctrl-C ends them when their work is done.

    Everything listens on 127.0.0.1 only. The model that serves is the registry's champion: a training or a restore
    takes effect without a restart.

    Examples:

      pigeonhole serve

      pigeonhole serve --home ~/sorting --no-apps
    """
    with reported_errors():
        need("fastapi", "pigeonhole_pipelines", "pigeonhole_serving", *(("streamlit",) if apps else ()))
        from pigeonhole_frontends.laptop.platform import LaptopPlatform

        platform = LaptopPlatform(platform_settings(home), with_apps=apps)
        stopping = stop_on_signals()
        with platform.running():
            with progress("Starting"):
                platform.wait_until_ready(with_model=False)
            say_addresses(platform, apps=apps)
            platform.run_until(lambda: bool(stopping))
        say("Ended; everything accepted is kept.")


def stop_on_signals() -> list[int]:
    """Return a list that holds a signal as soon as the process was asked to end."""
    received: list[int] = []
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, lambda caught, _frame: received.append(caught))
    return received


def say_addresses(platform: "LaptopPlatform", *, apps: bool) -> None:
    """Name where the platform answers."""
    addresses = platform.addresses
    if apps:
        say(f"User app:  {addresses.user_app}")
        say(f"Admin app: {addresses.admin_app}")
    say(f"API:       {addresses.api}/docs  (token in {platform.home.token_file})")
    say("Press Ctrl-C to end.")
