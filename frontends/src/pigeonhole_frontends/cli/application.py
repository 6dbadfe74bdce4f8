"""The command and its verbs; each verb loads what it needs only when it runs."""

import os
import sys
from importlib.metadata import version
from typing import Annotated

import typer

from pigeonhole_frontends.cli import classify, demo, doctor, generate, jobs, models, seed, serve, token, train
from pigeonhole_frontends.cli.exit_codes import EXPLANATIONS
from pigeonhole_frontends.cli.terminal import DEBUG_VARIABLE

_EPILOG = "Exit codes: " + "; ".join(f"{code.value} {text}" for code, text in EXPLANATIONS.items()) + "."

app = typer.Typer(
    name="pigeonhole",
    help="Sort scanned documents: every file gets its class with an honest probability.",
    epilog=_EPILOG,
    no_args_is_help=True,
    add_completion=True,
    rich_markup_mode=None,
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
)
app.command()(demo.demo)
app.command()(generate.generate)
app.command()(train.train)
app.command()(classify.classify)
app.command()(serve.serve)
app.command()(seed.seed)
app.add_typer(jobs.app, name="jobs")
app.add_typer(models.app, name="models")
app.command()(token.token)
app.command()(doctor.doctor)


def _show_version(wanted: bool) -> None:
    if wanted:
        typer.echo(f"pigeonhole {version('pigeonhole-frontends')}")
        raise typer.Exit


@app.callback()
def options(
    debug: Annotated[bool, typer.Option("--debug", help="Show where an error comes from.")] = False,
    _version: Annotated[
        bool, typer.Option("--version", help="Show the version.", callback=_show_version, is_eager=True)
    ] = False,
) -> None:
    """Sort scanned documents: every file gets its class with an honest probability."""
    if debug:
        os.environ[DEBUG_VARIABLE] = "1"


def main() -> None:
    """Run the command."""
    for stream in (sys.stdout, sys.stderr):
        # A file's name need not be of the terminal's encoding.
        stream.reconfigure(errors="backslashreplace")  # type: ignore[union-attr]
    app()
