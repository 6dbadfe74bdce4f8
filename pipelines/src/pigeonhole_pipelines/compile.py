"""`python -m pigeonhole_pipelines.compile FILE`: the pipeline as YAML for a cluster."""

import os
from pathlib import Path
from typing import Annotated

import typer

from pigeonhole_pipelines.pods import Pods, pods_of

SecretName = Annotated[
    str,
    typer.Option(
        "--secret",
        envvar="PIGEONHOLE_PIPELINES_KEYS_FROM",
        help="Secret, in the namespace of the runs, with the keys to S3 and MLflow.",
    ),
]


def compile_training(path: Path, pods: Pods) -> None:
    """Write the training pipeline in KFP's intermediate representation; the same code is always the same bytes.

    Args:
        path: The YAML file.
        pods: The environment of the steps' pods.
    """
    from kfp import compiler

    from pigeonhole_pipelines.training import pipeline_in

    path.parent.mkdir(parents=True, exist_ok=True)
    compiler.Compiler().compile(pipeline_in(pods), str(path))


def main(path: Annotated[Path, typer.Argument(help="The YAML file to write.")], secret: SecretName = "") -> None:
    """Compile the training pipeline for a cluster.

    AWS_ENDPOINT_URL and AWS_DEFAULT_REGION, where they are set, are those of the steps' pods too.
    """
    compile_training(path, pods_of(os.environ, secret))


if __name__ == "__main__":
    typer.run(main)
