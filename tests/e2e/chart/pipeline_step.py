"""The first step of the training pipeline in a pod, as Kubeflow Pipelines would start it."""

import json
import os
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path

import yaml
from tests.e2e.image_pods import pod

from pigeonhole_components.params import PipelineParams

from .release import Json

STEP = "dataset"


def step_pod(told: Mapping[str, str], secret: str, folder: Path) -> Json:
    """Return the pod of a step that generates documents, of the pipeline that is compiled for an installation.

    Args:
        told: What the installation's ConfigMap says.
        secret: The Secret of the pod's namespace with the keys.
        folder: Where the compiled pipeline goes.
    """
    file = folder / "training.yaml"
    command = [sys.executable, "-m", "pigeonhole_pipelines.compile", str(file), "--secret", secret]
    subprocess.run(command, env={**os.environ, **told}, check=True, timeout=120)
    pipeline, platform = yaml.safe_load_all(file.read_text())
    container = pipeline["deploymentSpec"]["executors"][f"exec-{STEP}"]["container"]
    given = platform["platforms"]["kubernetes"]["deploymentSpec"]["executors"][f"exec-{STEP}"]["secretAsEnv"]
    keys = [
        {"name": key["envVar"], "valueFrom": {"secretKeyRef": _reference(source, key["secretKey"])}}
        for source in given
        for key in source["keyToEnv"]
    ]
    arguments = [
        part.replace("{{$}}", json.dumps(_input(told["PIGEONHOLE_STORAGE_URL"]))) for part in container["args"]
    ]
    started = {"command": container["command"], "args": arguments, "env": [*container["env"], *keys]}
    return pod(container["image"], "/tmp", **started)


def _reference(source: Json, key: str) -> Json:
    return {"name": source["secretName"], "key": key, "optional": source["optional"]}


def _input(storage_url: str) -> Json:
    """Return what the launcher of Kubeflow Pipelines tells the step's process."""
    synthetic = {"count": 2, "seed": 7}
    parameters = PipelineParams().model_dump(mode="json", by_alias=True)
    values = {
        "params": parameters["dataset"],
        "synthetic": {**parameters["synthetic"], **synthetic},
        "storage_url": storage_url,
    }
    manifest = {"name": "manifest", "type": {"schemaTitle": "system.Dataset"}, "uri": "/tmp/manifest", "metadata": {}}
    return {
        "inputs": {"parameterValues": values},
        "outputs": {
            "parameters": {"Output": {"outputFile": "/tmp/outputs/Output"}},
            "artifacts": {"manifest": {"artifacts": [manifest]}},
            "outputFile": "/tmp/outputs/executor_output.json",
        },
    }
