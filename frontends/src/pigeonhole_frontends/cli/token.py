"""`pigeonhole token`: this installation's access token."""

import typer

from pigeonhole_frontends.cli.options import HomeOption, platform_settings
from pigeonhole_frontends.cli.terminal import reported_errors


def token(home: HomeOption = None) -> None:
    """Print the token that the API asks for, for use in scripts on this machine.

    Examples:

      pigeonhole token

      pigeonhole token --home ~/sorting
    """
    with reported_errors():
        from pigeonhole_frontends.laptop.home import Home

        typer.echo(Home(platform_settings(home).home).token())
