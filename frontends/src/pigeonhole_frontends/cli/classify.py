"""`pigeonhole classify`: sort files with no server running."""

import csv
import sys
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from pigeonhole_frontends.cli.exit_codes import ExitCode
from pigeonhole_frontends.cli.options import HomeOption, JsonOption, platform_settings
from pigeonhole_frontends.cli.terminal import fail, percent, print_json, progress, reported_errors, say, stdout, table

if TYPE_CHECKING:
    from pigeonhole_frontends.laptop.offline import Sorted


def classify(
    paths: Annotated[list[Path], typer.Argument(help="Files, or folders to search.")],
    as_json: JsonOption = False,
    as_csv: Annotated[bool, typer.Option("--csv", help="Print CSV with a column for each class.")] = False,
    reasons: Annotated[bool, typer.Option(help="Name the words that decided.")] = False,
    model: Annotated[str, typer.Option(help="A version number or an alias.")] = "@champion",
    home: HomeOption = None,
) -> None:
    """Give each file its class, offline: a table, JSON or CSV on stdout.

    A file that cannot be read gets the reason, and the exit code is 4; the other files are sorted all the same.

    Examples:

      pigeonhole classify scans/

      pigeonhole classify letter.pdf photo.jpg --csv > classes.csv
    """
    if as_json and as_csv:
        raise typer.BadParameter("choose one of --json and --csv", param_hint="--csv")
    files = list(_files(paths))
    if not files:
        fail("No file was found under the given paths.", ExitCode.USAGE)
    with reported_errors():
        from pigeonhole_frontends.laptop.offline import OfflineSorter

        sorter = OfflineSorter.open(platform_settings(home), model)
        with progress("Reading", total=len(files)) as bar:
            results = sorter.sort(files, with_reasons=reasons, on_file=bar.step)
    if as_json:
        print_json([{"path": str(result.path), **_json(result)} for result in results])
    elif as_csv:
        _print_csv(results, sorter.classes)
    else:
        _print_table(results, with_reasons=reasons)
    refused = sum(result.refusal is not None for result in results)
    if refused:
        say(f"{refused} of {len(results)} files were refused.")
        raise typer.Exit(ExitCode.REFUSED)


def _files(paths: Iterable[Path]) -> Iterable[Path]:
    for path in paths:
        if path.is_dir():
            yield from sorted(file for file in path.rglob("*") if file.is_file() and not file.name.startswith("."))
        else:
            yield path


def _json(result: "Sorted") -> dict[str, Any]:
    if result.prediction is not None:
        return {"prediction": result.prediction.to_json(), "refused": None}
    return {"prediction": None, "refused": {"reason": result.refusal, "detail": result.detail}}


def _decision(result: "Sorted") -> str:
    """Return in words what becomes of a file."""
    if result.prediction is None:
        return f"refused ({result.refusal}): {result.detail}"
    score = result.prediction.score
    if score.confidence is None or score.threshold is None:
        return "review: no readable text"
    if score.abstained:
        return f"review: below {score.threshold:.2f}"
    return "sorted"


def _print_table(results: Sequence["Sorted"], *, with_reasons: bool) -> None:
    rows = []
    for result in results:
        prediction = result.prediction
        score = prediction.score if prediction else None
        second = (
            f"{score.probabilities[1][0]} {score.probabilities[1][1]:.1%}" if score and score.probabilities else "-"
        )
        row = [str(result.path), (score and score.class_name) or "-", percent(score.confidence if score else None)]
        row += [second, _decision(result)]
        if with_reasons:
            row.append(", ".join(reason.word for reason in prediction.reasons) if prediction else "")
        rows.append(row)
    columns = ["file", "class", "confidence", "next", "decision", *(["because of"] if with_reasons else [])]
    stdout().print(table("", columns, rows, right=("confidence",)))


def _print_csv(results: Sequence["Sorted"], classes: Sequence[str]) -> None:
    writer = csv.writer(sys.stdout)
    writer.writerow(["path", "class", "confidence", "threshold", "decision", *(f"p_{name}" for name in classes)])
    for result in results:
        score = result.prediction.score if result.prediction else None
        shares = dict(score.probabilities) if score else {}
        head = [score.class_name, score.confidence, score.threshold] if score else [None, None, None]
        writer.writerow([result.path, *head, _decision(result), *(shares.get(name) for name in classes)])
