"""What `--help` tells of each verb."""

import re
from collections.abc import Iterator

import pytest
import typer.main
from typer.testing import CliRunner

from pigeonhole_frontends.cli.application import app
from pigeonhole_frontends.cli.exit_codes import EXPLANATIONS, ExitCode

pytestmark = pytest.mark.unit


def verbs() -> Iterator[tuple[str, ...]]:
    commands = typer.main.get_command(app).commands  # type: ignore[attr-defined]
    for name, command in commands.items():
        below = getattr(command, "commands", None)
        yield from ((name, verb) for verb in below) if below else ((name,),)


@pytest.mark.parametrize("verb", list(verbs()), ids=" ".join)
def test_every_verb_shows_two_examples_of_itself(verb: tuple[str, ...]) -> None:
    told = CliRunner().invoke(app, [*verb, "--help"])
    assert told.exit_code == 0
    examples = re.split(r"^(?:Arguments|Options):", told.stdout.partition("Examples:")[2], flags=re.MULTILINE)[0]
    lines = [line.strip() for line in examples.splitlines() if line.strip()]
    assert len(lines) >= 2
    assert all(line.startswith(f"pigeonhole {' '.join(verb)}") for line in lines)


def test_every_exit_code_is_explained() -> None:
    told = " ".join(CliRunner().invoke(app, ["--help"]).stdout.split())
    assert set(EXPLANATIONS) == set(ExitCode)
    assert all(f"{code.value} {text}" in told for code, text in EXPLANATIONS.items())


@pytest.mark.parametrize(
    ("arguments", "named"),
    [
        (["train", "nowhere", "--runner", "cloud"], "--runner"),
        (["classify", "nowhere.pdf", "--json", "--csv"], "--csv"),
        (["generate", "out", "--count", "0"], "--count"),
        (["demo", "--difficulty", "2"], "--difficulty"),
        (["sort"], "sort"),
    ],
)
def test_a_wrong_command_line_names_what_is_wrong(arguments: list[str], named: str) -> None:
    told = CliRunner().invoke(app, arguments)
    assert told.exit_code == ExitCode.USAGE
    assert named in told.stderr
