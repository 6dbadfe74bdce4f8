"""`pigeonhole seed`: give a platform that has nothing yet examples, a first model and a job to look at."""

import time
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from pigeonhole_frontends.cli.demo import quick_documents, unseen_documents
from pigeonhole_frontends.cli.jobs import TokenOption, UrlOption, connected
from pigeonhole_frontends.cli.options import HomeOption
from pigeonhole_frontends.cli.terminal import progress, say

if TYPE_CHECKING:
    from pigeonhole.synthetic import GenerationSettings
    from pigeonhole_frontends.seeding import Example


def seed(
    url: UrlOption = "",
    token: TokenOption = "",
    home: HomeOption = None,
    count: Annotated[int, typer.Option(help="Examples a class.", min=8, max=1000)] = 16,
    samples: Annotated[int, typer.Option(help="Documents a class to sort afterwards; 0 for none.", min=0, max=50)] = 2,
    difficulty: Annotated[
        float, typer.Option(help="0 is clean and telling, 1 is damaged and ambiguous.", min=0, max=1)
    ] = 0.25,
    number: Annotated[int, typer.Option("--seed", help="Seed of the documents.", min=0)] = 0,
    minutes: Annotated[float, typer.Option(help="Time for all of it.", min=0.1)] = 30.0,
) -> None:
    """Give a platform its first model, trained on synthetic documents; one that has a model is left as it is.

    Examples:

      pigeonhole seed

      pigeonhole seed --url http://pigeonhole.example --token "$TOKEN" --count 40
    """
    with connected(url, token, home) as client:
        from pigeonhole_frontends.seeding import Seeding

        learned = quick_documents(count, difficulty, number)
        seeding = Seeding(client, time.monotonic() + 60 * minutes)
        seeding.wait_for_platform()
        model = client.production()
        if model is None:
            say(f"1. The training set has {seeding.add_examples(learned.classes, _made(learned))} examples.")
            with progress("Training") as bar:
                training = seeding.train(lambda now: bar.show(now.stage or "Training", now.stage_done, now.stage_total))
            say(f"2. Version {training.model_version} is trained: macro-F1 {training.metrics['macro_f1']:.3f}.")
            model = seeding.wait_for_model(training)
        say(f"3. Version {model.version} is in use.")
        if samples:
            unseen = [(made.file_name, made.data) for made in _made(unseen_documents(learned, samples))]
            job = seeding.sort_samples(f"samples-{number}", unseen)
            counts = job.counts
            say(f"4. Job {job.reference}: {counts.classified} classified, {counts.needs_review} for review.")


def _made(settings: "GenerationSettings") -> "Iterator[Example]":
    from pigeonhole.synthetic import generate_documents
    from pigeonhole_frontends.seeding import Example

    for document, data in generate_documents(settings):
        yield Example(document.class_name, Path(document.path).name, data)
