"""`python -m pigeonhole_pipelines.submit`: run the training pipeline on a cluster."""

import contextlib
import io
import logging
import os
import sys
import tempfile
import warnings
from collections.abc import Iterator
from pathlib import Path
from typing import Annotated

import typer

from pigeonhole.errors import PigeonholeError
from pigeonhole.settings import PlatformSettings
from pigeonhole_pipelines.compile import SecretName, compile_training
from pigeonhole_pipelines.errors import SubmissionFailed
from pigeonhole_pipelines.pods import Pods, pods_of
from pigeonhole_pipelines.request import TrainingRequest, training_request

_EXPERIMENT = "pigeonhole-training"


def submit_training(endpoint: str, request: TrainingRequest, pods: Pods) -> str:
    """Give a run to Kubeflow Pipelines and return its id.

    Args:
        endpoint: The address of Kubeflow Pipelines' API, such as http://localhost:8888.
        request: What to do; its places are as the cluster's pods see them.
        pods: The environment of those pods.

    Raises:
        SubmissionFailed: The endpoint does not answer, or refuses the run.
    """
    from kfp import Client
    from kfp_server_api.exceptions import ApiException
    from urllib3.exceptions import HTTPError

    with tempfile.TemporaryDirectory() as folder, _quiet_client():
        package = Path(folder) / "training.yaml"
        compile_training(package, pods)
        try:
            run = Client(host=endpoint).create_run_from_pipeline_package(
                str(package), arguments=request.pipeline_arguments(), experiment_name=_EXPERIMENT
            )
        except ApiException as error:
            raise SubmissionFailed(endpoint, reason=f"answered {error.status}") from error
        except (HTTPError, OSError, ValueError) as error:
            raise SubmissionFailed(endpoint, reason="cannot be reached") from error
    return str(run.run_id)


@contextlib.contextmanager
def _quiet_client() -> Iterator[None]:
    """Keep the client's remarks, links and stack traces off the terminal; what matters comes as the id or an error."""
    disabled = logging.root.manager.disable
    logging.disable(logging.CRITICAL)
    try:
        with warnings.catch_warnings(), contextlib.redirect_stdout(io.StringIO()):
            warnings.simplefilter("ignore")
            yield
    finally:
        logging.disable(disabled)


def main(
    endpoint: Annotated[str, typer.Option(help="Kubeflow Pipelines' address.")],
    dataset: Annotated[str, typer.Option(help="The dataset version; the one of the parameters when empty.")] = "",
    params: Annotated[Path | None, typer.Option(help="The parameters; defaults when not given.")] = None,
    promote: Annotated[bool, typer.Option(help="Let the model serve when every gate is passed.")] = False,
    secret: SecretName = "",
) -> None:
    """Submit a training to Kubeflow Pipelines and print the run's id.

    PIGEONHOLE_STORAGE_URL and PIGEONHOLE_MLFLOW_TRACKING_URI are the addresses that the cluster's pods use;
    AWS_ENDPOINT_URL and AWS_DEFAULT_REGION, where they are set, are those of the pods too.
    """
    try:
        request = training_request(PlatformSettings(), params, dataset_id=dataset, promote=promote)
        typer.echo(submit_training(endpoint, request, pods_of(os.environ, secret)))
    except PigeonholeError as error:
        typer.echo(f"{error.message} {error.hint or ''}".strip(), err=True)
        sys.exit(1)


if __name__ == "__main__":
    typer.run(main)
