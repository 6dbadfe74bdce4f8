"""`pigeonhole demo`: from nothing to sorted scans."""

import time
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from pigeonhole_frontends.cli.exit_codes import ExitCode
from pigeonhole_frontends.cli.installation import need
from pigeonhole_frontends.cli.jobs import ended_documents
from pigeonhole_frontends.cli.options import HomeOption, platform_settings
from pigeonhole_frontends.cli.serve import say_addresses, stop_on_signals
from pigeonhole_frontends.cli.terminal import fail, percent, progress, reported_errors, say, stdout, table

if TYPE_CHECKING:
    from pigeonhole.settings import PlatformSettings
    from pigeonhole.synthetic import GenerationSettings
    from pigeonhole_api.models import Document
    from pigeonhole_frontends.laptop.platform import LaptopPlatform

_FOLDER = "demo"
_UNSEEN_SEED_STEP = 1_000_003
_UNSEEN_A_CLASS = 2
_SORTING_SECONDS = 120


def demo(
    once: Annotated[bool, typer.Option("--once", help="End when the table is printed.")] = False,
    count: Annotated[int, typer.Option(help="Documents a class to train on.", min=8, max=1000)] = 16,
    difficulty: Annotated[
        float, typer.Option(help="0 is clean and telling, 1 is damaged and ambiguous.", min=0, max=1)
    ] = 0.25,
    seed: Annotated[int, typer.Option(help="Seed of the documents.", min=0)] = 0,
    home: HomeOption = None,
) -> None:
    """Show everything at work: make documents, train, serve, and sort documents the model has not seen.

    Examples:

      pigeonhole demo

      pigeonhole demo --once --seed 7
    """
    started = time.monotonic()
    with reported_errors():
        need("fastapi", "pigeonhole_pipelines", "pigeonhole_serving", "streamlit")
        settings = platform_settings(home)
        if home is None:
            settings = settings.model_copy(update={"home": settings.home / _FOLDER})
        say(f"Everything is kept in {settings.home}")
        learned = quick_documents(count, difficulty, seed, workers=2)
        unseen = unseen_documents(learned, _UNSEEN_A_CLASS)
        from pigeonhole_frontends.laptop.platform import LaptopPlatform

        platform = LaptopPlatform(settings)
        # The processes start beside the training, which leaves a core idle now and then.
        with platform.running():
            _train(settings, learned)
            stopping = stop_on_signals()
            with progress("Starting the platform"):
                platform.wait_until_ready(with_model=True)
            _sort_unseen(platform, unseen)
            say(f"{time.monotonic() - started:.0f} s from nothing to sorted scans.")
            say_addresses(platform, apps=True)
            if not once:
                platform.run_until(lambda: bool(stopping))
        say("Ended; everything accepted is kept.")


def quick_documents(count: int, difficulty: float, seed: int, *, workers: int = 1) -> "GenerationSettings":
    """Return what to generate for a first look: half of the documents need no OCR, so that it does not take long."""
    from pigeonhole.synthetic import FormatMix, GenerationSettings

    formats = FormatMix(pdf=0.5, image_pdf=0.1, jpeg=0.25, png=0.05, tiff=0.1)
    return GenerationSettings(count=count, difficulty=difficulty, seed=seed, formats=formats, workers=workers)


def unseen_documents(learned: "GenerationSettings", count: int) -> "GenerationSettings":
    """Return what to generate that a model which learned from those has not seen."""
    from dataclasses import replace

    return replace(learned, count=count, seed=learned.seed + _UNSEEN_SEED_STEP)


def _train(settings: "PlatformSettings", generation: "GenerationSettings") -> None:
    from pigeonhole.synthetic import GenerationError, write_corpus
    from pigeonhole_frontends.cli.train import import_directory, train_with_progress

    directory = settings.home / "corpus" / f"seed-{generation.seed}"
    try:
        with progress("Writing documents", total=generation.total) as bar:
            documents = write_corpus(directory, generation, on_document=bar.step)
    except GenerationError as error:
        fail(str(error), ExitCode.USAGE)
    say(f"1. {len(documents)} synthetic documents of {len(generation.classes)} classes in {directory}")
    report = import_directory(settings, directory, source="synthetic")
    result, passed = train_with_progress(settings, report.manifest.id, "kfp")
    metrics = result["metrics"]
    verdict = "passed its gates" if passed else "did not pass its gates"
    say(
        f"2. Model version {result['version']} {verdict}: macro-F1 {metrics['macro_f1']:.3f} and calibration error "
        f"{metrics['expected_calibration_error']:.3f} on {metrics['documents']:.0f} held-out documents"
    )
    if not passed:
        raise typer.Exit(ExitCode.NOT_BETTER)


def _sort_unseen(platform: "LaptopPlatform", unseen: "GenerationSettings") -> None:
    from pigeonhole.synthetic import generate_documents
    from pigeonhole_api.client import PlatformClient
    from pigeonhole_api.models import FINAL_JOB_STATES

    made = list(generate_documents(unseen))
    truth = {Path(document.path).name: document.class_name for document, _ in made}
    reference = f"demo-{time.strftime('%Y%m%d-%H%M%S')}"
    with PlatformClient(platform.addresses.api, platform.token) as client, progress("Sorting", total=len(made)) as bar:
        job_id = client.submit_job(reference, [(Path(document.path).name, data) for document, data in made]).id

        def ended() -> bool:
            now = client.job(job_id)
            bar.show("Sorting", ended_documents(now), now.counts.total)
            return now.state in FINAL_JOB_STATES

        if not platform.run_until(ended, _SORTING_SECONDS):
            fail(f"Not sorted after {_SORTING_SECONDS} s.", ExitCode.UNAVAILABLE, f"See {platform.home.logs}.")
        documents = sorted(client.all_documents(job_id), key=lambda document: document.name)
    rows = [_row(document, truth[document.name]) for document in documents]
    columns = ("file", "is", "was sorted as", "confidence", "state")
    stdout().print(table(f"3. Job {reference}: documents the model has not seen", columns, rows, right=("confidence",)))


def _row(document: "Document", truth: str) -> tuple[str, ...]:
    prediction = document.prediction
    answer = (prediction and prediction.class_name) or "-"
    confidence = percent(prediction.confidence if prediction else None)
    state = document.state.replace("_", " ") + ("" if answer == truth else " (wrong)")
    return document.name, truth, answer, confidence, state
