"""Run the training as plain calls in this process."""

import tempfile
from pathlib import Path

from pigeonhole_components.steps import StepEvents, announced
from pigeonhole_pipelines.request import TrainingRequest


def train_directly(request: TrainingRequest, folder: Path, on_event: StepEvents) -> Path:
    """Run the steps of the training pipeline one after another and return the file of the result.

    Each step's libraries are imported when its turn comes: they take seconds, and a training that fails at the first
    step says so at once.

    Args:
        request: What to do.
        folder: Where the steps' files go.
        on_event: Called with each step's `{stage, state, ...}`.

    Raises:
        PigeonholeError: A step cannot do its work.
    """
    params, storage_url = request.params, request.storage_url
    manifest, pages, texts, table = (
        folder / name for name in ("manifest.json", "pages.jsonl", "texts.jsonl", "table.jsonl")
    )
    model, evaluation, version = folder / "model", folder / "evaluation", folder / "version.json"

    with announced("dataset", on_event) as step:
        from pigeonhole_components.dataset import run_dataset

        step.report = documents = run_dataset(
            manifest, storage_url=storage_url, params=params.dataset, synthetic=params.synthetic
        )
    with announced("ocr", on_event) as step:
        from pigeonhole_components.ocr import run_ocr

        step.report = read = run_ocr(
            manifest, pages, storage_url=storage_url, params=params.ocr, on_progress=step.progress
        )
    with announced("clean", on_event) as step:
        from pigeonhole_components.clean import run_clean

        step.report = run_clean(pages, texts)
    with announced("preprocess", on_event) as step:
        from pigeonhole_components.preprocess import run_preprocess

        step.report = run_preprocess(manifest, texts, table, params.preprocess)
    with announced("train", on_event) as step:
        from pigeonhole_components.train import run_train

        step.report = run_train(table, model, params.train)
    with announced("evaluate", on_event) as step, tempfile.TemporaryDirectory() as downloads:
        from pigeonhole_components.champion import fetch_champion
        from pigeonhole_components.evaluate import run_evaluate

        champion = fetch_champion(request.tracking_uri, request.model_name, Path(downloads))
        step.report = run_evaluate(table, model, evaluation, params.gates, champion)
    with announced("register", on_event) as step:
        from pigeonhole.registry import ModelRegistry
        from pigeonhole_components.register import ModelOrigin, run_register

        origin = ModelOrigin(
            dataset_version=documents.dataset_version,
            ocr_engine=read.engine,
            ocr=params.ocr,
            preprocess=params.preprocess,
            train=params.train,
        )
        registry = ModelRegistry(request.tracking_uri, request.model_name)
        step.report = run_register(
            model, evaluation, version, registry=registry, origin=origin, promote=params.register_.promote
        )
    return version
