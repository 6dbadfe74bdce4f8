"""`pigeonhole doctor`: what is missing on this machine, and how to get it."""

from typing import Annotated

import typer

from pigeonhole_frontends.cli.exit_codes import ExitCode
from pigeonhole_frontends.cli.options import HomeOption, JsonOption, platform_settings
from pigeonhole_frontends.cli.terminal import print_json, reported_errors, stdout, table


def doctor(
    home: HomeOption = None,
    as_json: JsonOption = False,
    ports: Annotated[bool, typer.Option(help="Also look whether the usual ports are free.")] = True,
) -> None:
    """Check this machine: tools, languages, fonts, disk, storage, registry, ports.

    Examples:

      pigeonhole doctor

      pigeonhole doctor --json
    """
    from dataclasses import asdict

    from pigeonhole_frontends.laptop.diagnosis import diagnose

    with reported_errors():
        findings = diagnose(platform_settings(home), with_ports=ports)
    if as_json:
        print_json([asdict(finding) for finding in findings])
    else:
        marks = {True: "ok", False: "FIX"}
        rows = [(marks[each.ok], each.what, each.found, "" if each.ok else each.fix or "") for each in findings]
        stdout().print(table("", ("", "what", "found", "how to fix"), rows))
    if not all(finding.ok for finding in findings):
        raise typer.Exit(ExitCode.UNAVAILABLE)
