"""The training pipeline: from labelled documents to a registered model, top to bottom."""

# A bare `dict` is how KFP names a JSON object.
# mypy: disable-error-code="type-arg"

from kfp import dsl
from kfp.dsl.graph_component import GraphComponent

from pigeonhole_components import kfp_components as steps
from pigeonhole_pipelines.pods import Pods


def pipeline_in(pods: Pods) -> GraphComponent:
    """Return the pipeline for pods with an environment."""

    @dsl.pipeline(name="pigeonhole-training", description="Read labelled documents, train, judge and register a model.")
    def training_pipeline(
        storage_url: str,
        tracking_uri: str,
        model_name: str,
        dataset: dict,
        synthetic: dict,
        ocr: dict,
        preprocess: dict,
        train: dict,
        gates: dict,
        register: dict,
    ) -> dsl.Artifact:
        """Train on a dataset version and register the model.

        Args:
            storage_url: Where documents, datasets and page texts lie: a folder or s3://bucket/prefix.
            tracking_uri: MLflow's tracking URI.
            model_name: Name of the registered model.
            dataset: This section of params.yaml, and so on with those below; docs/training.md explains each key.
            synthetic: What to generate where no dataset version is named.
            ocr: How pages are read.
            preprocess: What becomes of the texts.
            train: The classifier's parameters.
            gates: Limits that the model must meet.
            register: Whether it serves when it meets them.

        Returns:
            The result: the registered version with its evaluation.
        """
        # Not from KFP's cache, which takes two stores with a bucket of one name for the same; the steps keep in the
        # store itself what they have read.
        documents = steps.dataset(params=dataset, synthetic=synthetic, storage_url=storage_url)
        documents.set_caching_options(False)
        manifest = documents.outputs["manifest"]
        read = steps.ocr(params=ocr, storage_url=storage_url, manifest=manifest).set_caching_options(False)

        cleaned = steps.clean(pages=read.outputs["pages"])
        split = steps.preprocess(params=preprocess, manifest=manifest, texts=cleaned.outputs["texts"])
        trained = steps.train(params=train, table=split.outputs["table"])

        # Both ask MLflow, which a later run finds changed: an answer from KFP's cache would be an old one.
        judged = steps.evaluate(
            gates=gates,
            tracking_uri=tracking_uri,
            model_name=model_name,
            table=split.outputs["table"],
            model=trained.outputs["model"],
        ).set_caching_options(False)
        registered = steps.register(
            params=register,
            ocr=ocr,
            preprocess=preprocess,
            train=train,
            tracking_uri=tracking_uri,
            model_name=model_name,
            dataset_version=documents.outputs["Output"],
            ocr_engine=read.outputs["Output"],
            model=trained.outputs["model"],
            evaluation=judged.outputs["evaluation"],
        ).set_caching_options(False)

        for task in (documents, read, cleaned, split, trained, judged, registered):
            pods.prepare(task)
        return registered.outputs["version"]

    return training_pipeline
