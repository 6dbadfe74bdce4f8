"""`python -m pigeonhole_pipelines.compile FILE`: the pipeline as YAML for a cluster."""

from pathlib import Path
from typing import Annotated

import typer


def compile_training(path: Path) -> None:
    """Write the training pipeline in KFP's intermediate representation; the same code is always the same bytes."""
    from kfp import compiler

    from pigeonhole_pipelines.training import training_pipeline

    path.parent.mkdir(parents=True, exist_ok=True)
    compiler.Compiler().compile(training_pipeline, str(path))


def main(path: Annotated[Path, typer.Argument(help="The YAML file to write.")]) -> None:
    """Compile the training pipeline for a cluster."""
    compile_training(path)


if __name__ == "__main__":
    typer.run(main)
