"""People's output: progress and sentences on stderr, data on stdout.

rich takes longer to import than all of the command's help, so each function imports what it draws with.
"""

import json
import os
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, NoReturn

import typer

from pigeonhole.errors import PigeonholeError
from pigeonhole_frontends.cli.exit_codes import ExitCode
from pigeonhole_frontends.cli.installation import missing_part

if TYPE_CHECKING:
    from rich.console import Console
    from rich.progress import Progress
    from rich.table import Table

DEBUG_VARIABLE = "PIGEONHOLE_DEBUG"
"""Set by `--debug`: errors then show where they come from."""

_WIDTH_OF_PIPES = 120


def stdout() -> "Console":
    """Return the console for data; into a pipe or a file its lines are not cut at a terminal's width."""
    from rich.console import Console

    return Console(width=None if sys.stdout.isatty() else _WIDTH_OF_PIPES, highlight=False)


def stderr() -> "Console":
    """Return the console for progress and sentences."""
    from rich.console import Console

    return Console(stderr=True, highlight=False)


def say(sentence: str) -> None:
    """Tell the person something, on stderr."""
    stderr().print(sentence, markup=False)


def fail(sentence: str, code: ExitCode, hint: str | None = None) -> NoReturn:
    """End the command with one sentence, a hint and an exit code."""
    from rich.text import Text

    stderr().print(Text.assemble(("Error:", "red"), " ", sentence))
    if hint:
        stderr().print(Text.assemble(("Hint:", "dim"), " ", hint))
    raise typer.Exit(code)


@contextmanager
def reported_errors() -> Iterator[None]:
    """Turn a failure that a person can act on into one sentence, a hint and an exit code."""
    try:
        yield
    except PigeonholeError as error:
        if os.environ.get(DEBUG_VARIABLE):
            raise
        fail(error.message, _exit_code(error), error.hint)
    except ModuleNotFoundError as error:
        missing = missing_part(error)
        if os.environ.get(DEBUG_VARIABLE) or missing is None:
            raise
        fail(missing.message, _exit_code(missing))
    except ValueError as error:
        sentence = _settings_sentence(error)
        if os.environ.get(DEBUG_VARIABLE) or sentence is None:
            raise
        fail(sentence, ExitCode.USAGE)


def table(title: str, columns: Sequence[str], rows: Sequence[Sequence[str]], *, right: Sequence[str] = ()) -> "Table":
    """Return a table; the columns named in `right` are numbers."""
    from rich.table import Table
    from rich.text import Text

    made = Table(title=title, title_justify="left", header_style="bold", show_edge=False, pad_edge=False)
    for column in columns:
        made.add_column(column, justify="right" if column in right else "left", overflow="fold")
    for row in rows:
        made.add_row(*(Text(cell) for cell in row))
    return made


def print_json(values: Any) -> None:
    """Write data as JSON on stdout."""
    sys.stdout.write(json.dumps(values, ensure_ascii=False, indent=2) + "\n")


@contextmanager
def progress(description: str, total: int | None = None) -> Iterator["Advance"]:
    """Show a bar on stderr while the block runs; nothing moves when stderr is no terminal."""
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, SpinnerColumn, TextColumn, TimeElapsedColumn

    columns = (
        SpinnerColumn(),
        TextColumn("{task.description}"),
        BarColumn(),
        MofNCompleteColumn(),
        TimeElapsedColumn(),
    )
    with Progress(*columns, console=stderr(), transient=True, disable=not sys.stderr.isatty()) as bar:
        yield Advance(bar, bar.add_task(description, total=total))


class Advance:
    """Moves a progress bar."""

    def __init__(self, bar: "Progress", task: Any) -> None:
        self._bar = bar
        self._task = task

    def step(self, *_: object) -> None:
        """Count one thing as done."""
        self._bar.advance(self._task)

    def show(self, description: str, done: int | None = None, total: int | None = None) -> None:
        """Say what is being done now."""
        self._bar.update(self._task, description=description, completed=done, total=total)


def percent(share: float | None) -> str:
    """Return a share as people read it, or a dash when there is none."""
    return "-" if share is None else f"{share:.1%}"


def _exit_code(error: PigeonholeError) -> ExitCode:
    unavailable = {
        "api-unreachable",
        "cluster-unavailable",
        "registry-failed",
        "no-model",
        "ocr-missing",
        "storage-failed",
        "not-serving",
        "not-installed",
    }
    return ExitCode.UNAVAILABLE if error.code in unavailable else ExitCode.FAILED


def _settings_sentence(error: ValueError) -> str | None:
    from pydantic import ValidationError

    from pigeonhole.settings import describe_invalid_settings

    return describe_invalid_settings(error) if isinstance(error, ValidationError) else None
