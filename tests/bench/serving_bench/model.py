"""The model that all servers serve: trained once on generated documents, saved in the form that each loads."""

import logging
from collections.abc import Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from functools import cache
from multiprocessing import get_context
from pathlib import Path
from tempfile import TemporaryDirectory

import joblib
import numpy as np

from ocr.corpus import FORMATS
from pigeonhole.artefact import ModelIdentity, save_classifier, write_identity
from pigeonhole.classifier import TrainedClassifier, TrainingParams, train_classifier
from pigeonhole.ocr import DocumentReader, OcrSettings, open_reader
from pigeonhole.processes import usable_cpus
from pigeonhole.synthetic import CLASSES, GenerationSettings, write_corpus
from pigeonhole.text import clean_text
from serving_bench.settings import ServingBenchSettings

VERSION = "1"


@dataclass(frozen=True)
class BenchModel:
    """A trained classifier with the plain texts of the documents that it learned from."""

    classifier: TrainedClassifier
    texts: tuple[str, ...]


@dataclass(frozen=True)
class ModelFolders:
    """The same model for each server."""

    ours: Path
    mlflow: Path
    mlserver: Path


def train_model(settings: ServingBenchSettings) -> BenchModel:
    """Generate documents, read them in both views in as many processes as there are CPUs, and train on them.

    Raises:
        PigeonholeError: The engine is missing, or the folder cannot be written to.
    """
    wanted = corpus_settings(settings, settings.training_documents, seed=settings.seed)
    with TemporaryDirectory(prefix="training-", dir=settings.output) as folder:
        documents = write_corpus(Path(folder), wanted)
        paths = [Path(folder) / document.path for document in documents]
        with ProcessPoolExecutor(usable_cpus(), get_context("spawn")) as pool:
            views = list(pool.map(_read_views, paths, chunksize=4))
    texts, lines = zip(*views, strict=True)
    labels = [document.class_name for document in documents]
    groups = [document.group for document in documents]
    classifier = train_classifier(texts, labels, groups, TrainingParams(), lines_texts=lines)
    return BenchModel(classifier, tuple(text for text in texts if text))


def save_for_all(classifier: TrainedClassifier, folder: Path) -> ModelFolders:
    """Save the model for Pigeonhole (skops), for MLflow (its sklearn flavour, skops) and for MLServer (joblib)."""
    folders = ModelFolders(folder / "ours", folder / "mlflow", folder / "mlserver")
    digest = save_classifier(classifier, folders.ours)
    write_identity(folders.ours, ModelIdentity("document-classifier", VERSION, "bench", digest))
    save_for_mlflow(classifier, folders.mlflow)
    folders.mlserver.mkdir()
    joblib.dump(classifier.pipeline, folders.mlserver / "model.joblib")
    return folders


def save_for_mlflow(classifier: TrainedClassifier, folder: Path) -> None:
    """Save the model as MLflow does, to answer an array of texts with probabilities."""
    import mlflow.sklearn  # seconds, which the bench's child processes need not spend
    from mlflow.models import infer_signature

    # It misses pip, which uv's environments do not have and which a local environment manager does not use.
    logging.getLogger("mlflow.utils.environment").setLevel(logging.ERROR)
    example = np.array(["facture"], dtype=str)
    mlflow.sklearn.save_model(
        classifier.pipeline,
        str(folder),
        serialization_format="skops",
        signature=infer_signature(example, classifier.pipeline.predict_proba(example)),
        pip_requirements=[],
        pyfunc_predict_fn="predict_proba",
    )


def corpus_settings(settings: ServingBenchSettings, documents: int, *, seed: int) -> GenerationSettings:
    """Return what to generate so that there are at least so many documents."""
    return GenerationSettings(
        count=-(-documents // len(CLASSES)),
        difficulty=settings.difficulty,
        seed=seed,
        formats=FORMATS,
        workers=usable_cpus(),
    )


@cache
def _reader() -> DocumentReader:
    return open_reader("", OcrSettings())


def _read_views(path: Path) -> tuple[str, str]:
    data = path.read_bytes()
    full, lines = (clean_text(_reader().read(data, view).text).text for view in ("full", "lines"))
    return full, lines


def held_out(texts: Sequence[str], count: int) -> list[str]:
    """Return some texts, spread over all."""
    step = max(1, len(texts) // count)
    return list(texts[::step][:count])
