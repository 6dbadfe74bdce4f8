"""Options that several verbs share."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

if TYPE_CHECKING:
    from pigeonhole.settings import PlatformSettings

HomeOption = Annotated[
    Path | None,
    typer.Option("--home", help="Folder of everything Pigeonhole keeps.", envvar="PIGEONHOLE_HOME", show_envvar=True),
]
DeploymentOption = Annotated[
    str,
    typer.Option(
        "--deployment",
        help="ModelDeployment of a cluster, whose operator changes what serves.",
        envvar="PIGEONHOLE_DEPLOYMENT",
        show_envvar=True,
    ),
]
NamespaceOption = Annotated[
    str | None,
    typer.Option("--namespace", "-n", help="Its namespace.", envvar="PIGEONHOLE_NAMESPACE", show_envvar=True),
]
ReasonOption = Annotated[str, typer.Option("--reason", help="Why; it is kept with the promotion on a cluster.")]
JsonOption = Annotated[bool, typer.Option("--json", help="Print JSON instead of a table.")]


def platform_settings(home: Path | None) -> "PlatformSettings":
    """Return the installation's settings, in the folder that was asked for."""
    from pigeonhole.settings import PlatformSettings

    return PlatformSettings(home=home.expanduser().absolute()) if home else PlatformSettings()
