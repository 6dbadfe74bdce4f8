"""One training as an MLflow run with a logged model."""

import contextlib
import io
import tempfile
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from importlib.metadata import version
from pathlib import Path

import mlflow
import mlflow.sklearn
import numpy as np
from mlflow.models import infer_signature

from pigeonhole.artefact import write_description
from pigeonhole.registry.records import EVALUATION_FILE, TrainingRecord, database_file


def log_training(tracking_uri: str, experiment: str, record: TrainingRecord) -> tuple[str, str]:
    """Log a training and return the run's id and the logged model's URI.

    MLflow keeps its tracking URI for the whole process, so a process logs to one registry only.
    """
    with _quiet():
        mlflow.set_tracking_uri(tracking_uri)
        mlflow.set_experiment(experiment_id=_experiment_id(tracking_uri, experiment))
        with mlflow.start_run(tags=run_tags(record)) as run:
            mlflow.log_params(dict(record.params))
            mlflow.log_metrics(dict(record.evaluation["metrics"]))
            mlflow.log_metrics({f"cv_{name}": value for name, value in record.model.cross_validation.items()})
            mlflow.log_dict(dict(record.evaluation), EVALUATION_FILE)
            for file in record.files:
                mlflow.log_artifact(str(file))
            return str(run.info.run_id), _log_model(record)


def run_tags(record: TrainingRecord) -> dict[str, str]:
    """Return the tags by which a run can be made again: that dataset, those parameters, that code, that engine."""
    return {
        "dataset_version": record.dataset_version,
        "git_commit": record.git_commit,
        "params_digest": record.params_digest,
        "ocr_engine": record.ocr_engine,
    }


def _log_model(record: TrainingRecord) -> str:
    example = np.array([record.input_example], dtype=str)
    logged = mlflow.sklearn.log_model(
        record.model.pipeline,
        name="model",
        serialization_format="skops",
        signature=infer_signature(example, record.model.pipeline.predict_proba(example)),
        input_example=example,
        pip_requirements=[f"{name}=={version(name)}" for name in ("scikit-learn", "skops", "numpy")],
        pyfunc_predict_fn="predict_proba",
    )
    with tempfile.TemporaryDirectory() as folder:
        description = write_description(record.model, Path(folder))
        mlflow.MlflowClient().log_model_artifact(logged.model_id, str(description))
    return str(logged.model_uri)


def _experiment_id(tracking_uri: str, name: str) -> str:
    found = mlflow.get_experiment_by_name(name)
    if found is not None:
        return str(found.experiment_id)
    location = None
    if database := database_file(tracking_uri):
        # MLflow's default is a folder below wherever the process happens to run.
        location = (database.absolute().parent / "mlartifacts").as_uri()
    return str(mlflow.create_experiment(name, artifact_location=location))


@contextmanager
def _quiet() -> Iterator[None]:
    """Keep the addresses that MLflow prints after a run, and its warnings, off a person's terminal."""
    with warnings.catch_warnings(), contextlib.redirect_stdout(io.StringIO()):
        warnings.simplefilter("ignore")
        yield
