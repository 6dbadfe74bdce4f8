"""`pigeonhole models`: registered models, which one serves, and going back to an earlier one."""

from typing import TYPE_CHECKING, Annotated

import typer

from pigeonhole_frontends.cli.exit_codes import ExitCode
from pigeonhole_frontends.cli.options import (
    DeploymentOption,
    HomeOption,
    JsonOption,
    NamespaceOption,
    ReasonOption,
    platform_settings,
)
from pigeonhole_frontends.cli.terminal import fail, percent, print_json, reported_errors, say, stdout, table

if TYPE_CHECKING:
    from pathlib import Path

    from pigeonhole.model_deployments import ModelDeployments
    from pigeonhole.registry import ModelRegistry, ModelVersion

_SHORTEST_REASON = 3
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
    force: Annotated[bool, typer.Option(help="Also when its gates were not passed (on this machine).")] = False,
    home: HomeOption = None,
    deployment: DeploymentOption = "",
    namespace: NamespaceOption = None,
    reason: ReasonOption = "asked for on the command line",
) -> None:
    """Let a version serve; the one before it keeps the alias `previous`.

    On a cluster, with --deployment, the operator tries it: gates, shadow, canary, and then everything.

    Examples:

      pigeonhole models promote 4

      pigeonhole models promote 2 --force

      pigeonhole models promote 4 --deployment documents --namespace pigeonhole
    """
    with reported_errors():
        if deployment:
            pinned = _deployment(deployment, namespace).request(version, reason).pinned
            if pinned is None:
                say(f"Version {version} is asked for; follow it with: pigeonhole models state")
            else:
                say(f"Version {version} is asked for; {pinned} is pinned until: pigeonhole models unpin")
            return
        registry = _registry(home)
        found = registry.get(version)
        if found is not None and not found.gates_passed and not force:
            fail(f"Version {version} did not pass its gates.", ExitCode.NOT_BETTER, "Look at it with: models show.")
        promoted = registry.promote(version)
        say(f"Version {promoted.version} serves.")


@app.command("pin")
def pin_model(
    version: Annotated[str, typer.Argument(help="The version that shall serve, whatever the aliases say.")],
    deployment: DeploymentOption = "",
    namespace: NamespaceOption = None,
    reason: Annotated[str, typer.Option(help="Why; it is kept with the promotion.")] = "",
    skip_gates: Annotated[bool, typer.Option(help="Without gates, shadow and canary.")] = False,
) -> None:
    """Have a version serve on a cluster until `models unpin`; one that served lately serves at once.

    Examples:

      pigeonhole models pin 11 --deployment documents --reason audit

      pigeonhole models pin 12 --reason "incident 42" --skip-gates
    """
    with reported_errors():
        _deployment(deployment, namespace).pin(version, _reason(reason), skip_gates=skip_gates)
        say(f"Version {version} is pinned; candidates wait until: pigeonhole models unpin")


@app.command("unpin")
def unpin_model(deployment: DeploymentOption = "", namespace: NamespaceOption = None) -> None:
    """Let the aliases decide again which version serves on a cluster.

    Examples:

      pigeonhole models unpin --deployment documents

      pigeonhole models unpin -n shop --deployment documents
    """
    with reported_errors():
        _deployment(deployment, namespace).unpin()
        say("No version is pinned.")


@app.command("rollback")
def roll_back_model(
    deployment: DeploymentOption = "",
    namespace: NamespaceOption = None,
    reason: Annotated[str, typer.Option(help="Why; it is kept with the promotion.")] = "",
) -> None:
    """Pin the version that served before on a cluster.

    Examples:

      pigeonhole models rollback --reason "incident 42"

      pigeonhole models rollback --deployment documents --reason errors
    """
    with reported_errors():
        version = _deployment(deployment, namespace).roll_back(_reason(reason))
        say(f"Version {version} is pinned; candidates wait until: pigeonhole models unpin")


@app.command("approve")
def approve_model(
    version: Annotated[str, typer.Argument(help="The version that waits for approval.")],
    deployment: DeploymentOption = "",
    namespace: NamespaceOption = None,
) -> None:
    """Let a version that passed its gates go on, where a person has to say so.

    Examples:

      pigeonhole models approve 12 --deployment documents

      pigeonhole models approve 12 --deployment documents --namespace pigeonhole
    """
    with reported_errors():
        _deployment(deployment, namespace).approve(version)
        say(f"Version {version} is approved.")


@app.command("state")
def show_state(
    deployment: DeploymentOption = "", namespace: NamespaceOption = None, as_json: JsonOption = False
) -> None:
    """Show what serves on a cluster, and what is on trial.

    Examples:

      pigeonhole models state --deployment documents

      pigeonhole models state --deployment documents --json
    """
    from dataclasses import asdict

    with reported_errors():
        state = _deployment(deployment, namespace).state()
    if as_json:
        print_json(asdict(state))
        return
    row = (state.state, state.stable or "-", state.candidate or "-", f"{state.weight} %", state.pinned or "-")
    columns = ("state", "serves", "on trial", "share", "pinned")
    stdout().print(table("", columns, [row], right=("share",)))
    say(state.message)


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


def _deployment(name: str, namespace: str | None) -> "ModelDeployments":
    from pigeonhole.model_deployments import ModelDeployments

    if not name:
        fail("Name the ModelDeployment: --deployment, or PIGEONHOLE_DEPLOYMENT.", ExitCode.USAGE)
    return ModelDeployments(name, namespace)


def _reason(reason: str) -> str:
    if len(reason.strip()) < _SHORTEST_REASON:
        fail("Say why: --reason TEXT, three characters at least.", ExitCode.USAGE)
    return reason.strip()


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
