"""`pigeonhole doctor`: what is missing on this machine, on a cluster or at an address, and how to get it."""

from collections.abc import Sequence
from typing import TYPE_CHECKING, Annotated

import typer

from pigeonhole_frontends.cli.exit_codes import ExitCode
from pigeonhole_frontends.cli.options import HomeOption, JsonOption, platform_settings
from pigeonhole_frontends.cli.terminal import fail, print_json, reported_errors, stdout, table

if TYPE_CHECKING:
    from pathlib import Path

    from pigeonhole_frontends.finding import Finding


def doctor(
    home: HomeOption = None,
    as_json: JsonOption = False,
    ports: Annotated[bool, typer.Option(help="Also look whether the usual ports are free.")] = True,
    cluster: Annotated[
        bool, typer.Option("--cluster", help="Look at a release on the cluster that KUBECONFIG names instead.")
    ] = False,
    namespace: Annotated[
        str | None,
        typer.Option("--namespace", "-n", help="The release's namespace.", envvar="PIGEONHOLE_NAMESPACE"),
    ] = None,
    url: Annotated[str, typer.Option("--url", help="Look at the platform at this address of its API instead.")] = "",
    token: Annotated[str, typer.Option("--token", help="An access token for it.", envvar="PIGEONHOLE_APP_TOKEN")] = "",
    answers: Annotated[
        list[str] | None, typer.Option("--answers", help="Another address that must answer 200; may be repeated.")
    ] = None,
    seconds: Annotated[
        float, typer.Option("--seconds", help="How long a document may take to be sorted.", min=1)
    ] = 120.0,
) -> None:
    """Check this machine: tools, languages, fonts, disk, storage, registry, ports; or a cluster, or a running platform.

    Examples:

      pigeonhole doctor

      pigeonhole doctor --cluster -n pigeonhole

      pigeonhole doctor --url http://localhost:8000 --token TOKEN
    """
    if cluster and url:
        fail("--cluster and --url look at different things.", ExitCode.USAGE, "Give one of them.")
    if answers and not url:
        fail("--answers goes with --url.", ExitCode.USAGE)
    with reported_errors():
        if cluster:
            findings = _of_cluster(namespace)
        elif url:
            findings = _of_platform(url, token, answers or (), seconds)
        else:
            findings = _of_machine(home, ports=ports)
    _report(findings, as_json=as_json)


def _of_machine(home: "Path | None", *, ports: bool) -> "list[Finding]":
    from pigeonhole_frontends.laptop.diagnosis import diagnose

    return diagnose(platform_settings(home), with_ports=ports)


def _of_cluster(namespace: str | None) -> "list[Finding]":
    from pigeonhole_frontends.release_diagnosis.examination import examine
    from pigeonhole_frontends.release_diagnosis.reading import read_release

    return examine(read_release(namespace))


def _of_platform(url: str, token: str, answers: Sequence[str], seconds: float) -> "list[Finding]":
    from pigeonhole_frontends.platform_diagnosis import diagnose_platform

    return diagnose_platform(url, token, answers=answers, seconds=seconds)


def _report(findings: "Sequence[Finding]", *, as_json: bool) -> None:
    from dataclasses import asdict

    if as_json:
        print_json([asdict(finding) for finding in findings])
    else:
        marks = {True: "ok", False: "FIX"}
        rows = [(marks[each.ok], each.what, each.found, "" if each.ok else each.fix or "") for each in findings]
        stdout().print(table("", ("", "what", "found", "how to fix"), rows))
    if not all(finding.ok for finding in findings):
        raise typer.Exit(ExitCode.UNAVAILABLE)
