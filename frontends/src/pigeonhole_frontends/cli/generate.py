"""`pigeonhole generate`: synthetic documents."""

from pathlib import Path
from typing import Annotated

import typer

from pigeonhole_frontends.cli.exit_codes import ExitCode
from pigeonhole_frontends.cli.terminal import fail, progress, reported_errors, say


def generate(
    directory: Annotated[Path, typer.Argument(help="Folder to write to, one sub-folder a class.")],
    classes: Annotated[str, typer.Option(help="Classes, joined by commas; all by default.")] = "",
    count: Annotated[int, typer.Option(help="Documents a class.", min=1)] = 40,
    lang: Annotated[str, typer.Option(help="Languages, joined by commas.")] = "fr,en",
    difficulty: Annotated[
        float, typer.Option(help="0 is clean and telling, 1 is damaged and ambiguous.", min=0, max=1)
    ] = 0.5,
    seed: Annotated[int, typer.Option(help="The same seed makes the same bytes.", min=0)] = 0,
) -> None:
    """Write realistic synthetic documents: PDFs and degraded scans of people who do not exist.

    Examples:

      pigeonhole generate corpus

      pigeonhole generate corpus --classes invoice,cv --lang fr --seed 7
    """
    with reported_errors():
        from pigeonhole.synthetic import CLASSES, GenerationError, GenerationSettings, write_corpus

        names = tuple(name.strip() for name in classes.split(",") if name.strip()) or CLASSES
        try:
            settings = GenerationSettings(
                classes=names,
                count=count,
                languages=tuple(name.strip() for name in lang.split(",") if name.strip()),
                difficulty=difficulty,
                seed=seed,
            )
            with progress("Writing documents", total=count * len(names)) as bar:
                documents = write_corpus(directory, settings, on_document=bar.step)
        except GenerationError as error:
            fail(str(error), ExitCode.USAGE)
        pages = sum(document.pages for document in documents)
        say(f"Wrote {len(documents)} documents ({pages} pages) of {len(names)} classes.")
        typer.echo(str(directory))
