"""`pigeonhole models`: registered models, which one serves, and going back to an earlier one."""

from typing import TYPE_CHECKING, Annotated

import typer

from pigeonhole_frontends.cli.exit_codes import ExitCode
from pigeonhole_frontends.cli.options import HomeOption, JsonOption, platform_settings
from pigeonhole_frontends.cli.terminal import fail, percent, print_json, reported_errors, say, stdout, table

if TYPE_CHECKING:
    from pathlib import Path

    from pigeonhole.registry import ModelRegistry, ModelVersion

app = typer.Typer(help="List, look at and change the model that serves.", no_args_is_help=True, rich_markup_mode=None)


@app.command("list")
def list_models(home: HomeOption = None, as_json: JsonOption = False) -> None:
    """List the registered versions, the newest first.

    Examples:

      pigeonhole models list

      pigeonhole models list --json
    """
    from dataclasses import asdict

    with reported_errors():
        versions = _registry(home).versions()
    if as_json:
        print_json([asdict(version) for version in versions])
        return
    columns = ("version", "aliases", "macro-F1", "accuracy", "gates", "dataset", "created")
    stdout().print(table("", columns, [_row(version) for version in versions], right=("macro-F1", "accuracy")))
    if not versions:
        say("No model yet: pigeonhole train DIR")


@app.command("show")
def show_model(
    version: Annotated[str, typer.Argument(help="A version number, or an alias such as @champion.")],
    home: HomeOption = None,
    as_json: JsonOption = False,
) -> None:
    """Show a version's scores, confusion matrix and gates.

    Examples:

      pigeonhole models show @champion

      pigeonhole models show 3 --json
    """
    from pigeonhole_frontends.cli.train import print_result

    with reported_errors():
        registry = _registry(home)
        found = registry.get(version)
        if found is None:
            fail(f"There is no version {version}.", ExitCode.FAILED, "pigeonhole models list")
        report = {**registry.evaluation(version), "version": found.version, "promoted": "champion" in found.aliases}
    if as_json:
        print_json(report)
    else:
        print_result(report)


@app.command("promote")
def promote_model(
    version: Annotated[str, typer.Argument(help="The version that shall serve.")],
    force: Annotated[bool, typer.Option(help="Also when its gates were not passed.")] = False,
    home: HomeOption = None,
) -> None:
    """Let a version serve; the one before it keeps the alias `previous`.

    Examples:

      pigeonhole models promote 4

      pigeonhole models promote 2 --force
    """
    with reported_errors():
        registry = _registry(home)
        found = registry.get(version)
        if found is not None and not found.gates_passed and not force:
            fail(f"Version {version} did not pass its gates.", ExitCode.NOT_BETTER, "Look at it with: models show.")
        promoted = registry.promote(version)
        say(f"Version {promoted.version} serves.")


@app.command("restore")
def restore_model(home: HomeOption = None) -> None:
    """Let the version serve that served before.

    Examples:

      pigeonhole models restore

      pigeonhole models restore --home ~/sorting
    """
    with reported_errors():
        registry = _registry(home)
        previous = registry.get("@previous")
        if previous is None:
            fail("No version served before the present one.", ExitCode.FAILED)
        promoted = registry.promote(previous.version)
        say(f"Version {promoted.version} serves again, trained on dataset {promoted.dataset_version[:12]}.")


def _registry(home: "Path | None") -> "ModelRegistry":
    from pigeonhole.registry import ModelRegistry

    settings = platform_settings(home)
    return ModelRegistry(settings.tracking_uri, settings.model_name)


def _row(version: "ModelVersion") -> tuple[str, ...]:
    gates = {True: "passed", False: "failed", None: "-"}[version.gates_passed]
    macro_f1 = version.metrics.get("macro_f1")
    return (
        version.version,
        ", ".join(version.aliases),
        "-" if macro_f1 is None else f"{macro_f1:.3f}",
        percent(version.metrics.get("accuracy")),
        gates,
        version.dataset_version[:12],
        version.created_at,
    )
