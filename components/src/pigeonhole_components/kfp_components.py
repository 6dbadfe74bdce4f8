"""The steps as Kubeflow Pipelines components.

KFP carries a component's source into the container, so each body imports what it calls; the work itself is in the
step's own module, the same that DVC and a plain call run. Inputs and outputs are files or folders, parameters the
step's own sections of params.yaml.
"""

# Mypy checks what the bodies call; a bare `dict` is how KFP names a JSON object.
# mypy: disable-error-code="type-arg"

import os
from importlib.metadata import version

from kfp import dsl

IMAGE = os.environ.get("PIGEONHOLE_COMPONENTS_IMAGE") or f"pigeonhole/components:{version('pigeonhole-components')}"
"""The image that holds this package; read when the pipeline is compiled."""


@dsl.component(base_image=IMAGE, install_kfp_package=False)
def dataset(params: dict, synthetic: dict, storage_url: str, manifest: dsl.Output[dsl.Dataset]) -> str:
    """Name the documents to train on, or generate them; returns the dataset version."""
    from pathlib import Path

    from pigeonhole_components.dataset import run_dataset
    from pigeonhole_components.sections import DatasetParams, SyntheticParams, parse_section
    from pigeonhole_components.steps import component_step

    with component_step("dataset") as step:
        step.report = report = run_dataset(
            Path(manifest.path),
            storage_url=storage_url,
            params=parse_section(DatasetParams, params, "dataset"),
            synthetic=parse_section(SyntheticParams, synthetic, "synthetic"),
        )
    return report.dataset_version


@dsl.component(base_image=IMAGE, install_kfp_package=False)
def ocr(params: dict, storage_url: str, manifest: dsl.Input[dsl.Dataset], pages: dsl.Output[dsl.Dataset]) -> str:
    """Read every document; returns the OCR engine and its version."""
    from pathlib import Path

    from pigeonhole_components.ocr import run_ocr
    from pigeonhole_components.sections import OcrParams, parse_section
    from pigeonhole_components.steps import component_step

    with component_step("ocr") as step:
        step.report = report = run_ocr(
            Path(manifest.path),
            Path(pages.path),
            storage_url=storage_url,
            params=parse_section(OcrParams, params, "ocr"),
            on_progress=step.progress,
        )
    return report.engine


@dsl.component(base_image=IMAGE, install_kfp_package=False)
def clean(pages: dsl.Input[dsl.Dataset], texts: dsl.Output[dsl.Dataset]) -> None:
    """Make the plain text of every document."""
    from pathlib import Path

    from pigeonhole_components.clean import run_clean
    from pigeonhole_components.steps import component_step

    with component_step("clean") as step:
        step.report = run_clean(Path(pages.path), Path(texts.path))


@dsl.component(base_image=IMAGE, install_kfp_package=False)
def preprocess(
    params: dict,
    manifest: dsl.Input[dsl.Dataset],
    texts: dsl.Input[dsl.Dataset],
    table: dsl.Output[dsl.Dataset],
) -> None:
    """Drop documents that teach nothing and split the rest."""
    from pathlib import Path

    from pigeonhole_components.preprocess import run_preprocess
    from pigeonhole_components.sections import PreprocessParams, parse_section
    from pigeonhole_components.steps import component_step

    with component_step("preprocess") as step:
        section = parse_section(PreprocessParams, params, "preprocess")
        step.report = run_preprocess(Path(manifest.path), Path(texts.path), Path(table.path), section)


@dsl.component(base_image=IMAGE, install_kfp_package=False)
def train(params: dict, table: dsl.Input[dsl.Dataset], model: dsl.Output[dsl.Model]) -> None:
    """Train the classifier."""
    from pathlib import Path

    from pigeonhole.classifier.params import TrainingParams
    from pigeonhole_components.sections import parse_section
    from pigeonhole_components.steps import component_step
    from pigeonhole_components.train import run_train

    with component_step("train") as step:
        step.report = run_train(Path(table.path), Path(model.path), parse_section(TrainingParams, params, "train"))


@dsl.component(base_image=IMAGE, install_kfp_package=False)
def evaluate(
    gates: dict,
    tracking_uri: str,
    model_name: str,
    table: dsl.Input[dsl.Dataset],
    model: dsl.Input[dsl.Model],
    evaluation: dsl.Output[dsl.Artifact],
    scores: dsl.Output[dsl.Metrics],
) -> None:
    """Judge the model on documents that it has not seen, beside the model that serves."""
    import tempfile
    from pathlib import Path

    from pigeonhole.gates import GateParams
    from pigeonhole_components.champion import fetch_champion
    from pigeonhole_components.evaluate import run_evaluate
    from pigeonhole_components.sections import parse_section
    from pigeonhole_components.steps import component_step

    with component_step("evaluate") as step, tempfile.TemporaryDirectory() as folder:
        section = parse_section(GateParams, gates, "gates")
        champion = fetch_champion(tracking_uri, model_name, Path(folder))
        step.report = report = run_evaluate(
            Path(table.path), Path(model.path), Path(evaluation.path), section, champion
        )
    for name, value in report.metrics.items():
        scores.log_metric(name, value)


@dsl.component(base_image=IMAGE, install_kfp_package=False)
def register(
    params: dict,
    ocr: dict,
    preprocess: dict,
    train: dict,
    tracking_uri: str,
    model_name: str,
    dataset_version: str,
    ocr_engine: str,
    model: dsl.Input[dsl.Model],
    evaluation: dsl.Input[dsl.Artifact],
    version: dsl.Output[dsl.Artifact],
) -> None:
    """Register the model in MLflow."""
    from pathlib import Path

    from pigeonhole.classifier.params import TrainingParams
    from pigeonhole.registry import ModelRegistry
    from pigeonhole_components.register import ModelOrigin, run_register
    from pigeonhole_components.sections import OcrParams, PreprocessParams, RegisterParams, parse_section
    from pigeonhole_components.steps import component_step

    with component_step("register") as step:
        origin = ModelOrigin(
            dataset_version=dataset_version,
            ocr_engine=ocr_engine,
            ocr=parse_section(OcrParams, ocr, "ocr"),
            preprocess=parse_section(PreprocessParams, preprocess, "preprocess"),
            train=parse_section(TrainingParams, train, "train"),
        )
        step.report = run_register(
            Path(model.path),
            Path(evaluation.path),
            Path(version.path),
            registry=ModelRegistry(tracking_uri, model_name),
            origin=origin,
            promote=parse_section(RegisterParams, params, "register").promote,
        )
