"""The servers that are compared: how each is started, asked about one text, and understood."""

import json
import os
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from pigeonhole_frontends.laptop.ports import any_free_port
from serving_bench.model import ModelFolders
from serving_bench.servers import Program, ours

OURS, MLFLOW, MLSERVER = "pigeonhole", "mlflow", "mlserver"
RIVALS = (MLFLOW, MLSERVER)
# Tried with 1 and 2, and with 0, 1 and 2, on two CPUs: these answer the most, and the quickest.
MLFLOW_WORKERS = 1
MLSERVER_WORKERS = 0
_NAME = "documents"


@dataclass(frozen=True)
class Contender:
    """A way to serve the model: the program, the path to ask, a text's request, and the probabilities of an answer."""

    program: Program
    path: str
    body: Callable[[str], dict[str, Any]]
    probabilities: Callable[[Any], Sequence[float]]

    @property
    def name(self) -> str:
        """The name of the contender."""
        return self.program.name


def pigeonhole(folders: ModelFolders) -> Contender:
    """Return our predictor with its defaults, asked as the transformer asks it."""
    program = ours("predictor_server", OURS, "--model_dir", str(folders.ours))
    return Contender(program, f"/v2/models/{_NAME}/infer", _our_body, _our_probabilities)


def mlflow(folders: ModelFolders, environments: Path, workers: int = MLFLOW_WORKERS) -> Contender:
    """Return `mlflow models serve` with its sklearn flavour."""
    port = any_free_port()
    bin_folder = (environments / MLFLOW / "bin").absolute()
    command = [str(bin_folder / "mlflow"), "models", "serve", "--model-uri", str(folders.mlflow.absolute())]
    options = ["--env-manager", "local", "--host", "127.0.0.1", "--port", str(port), "--workers", str(workers)]
    # It starts uvicorn by name.
    environment = {"PATH": f"{bin_folder}{os.pathsep}{os.environ['PATH']}"}
    program = Program(MLFLOW, [*command, *options], port, "/health", environment)
    return Contender(program, "/invocations", lambda text: {"inputs": [text]}, lambda answer: answer["predictions"][0])


def mlserver(folders: ModelFolders, environments: Path, workers: int = MLSERVER_WORKERS) -> Contender:
    """Return MLServer with its sklearn runtime; its settings stand in files beside the model."""
    ports = {"http_port": any_free_port(), "grpc_port": any_free_port(), "metrics_port": any_free_port()}
    server = {"host": "127.0.0.1", **ports, "parallel_workers": workers, "debug": False}
    model = {
        "name": _NAME,
        "implementation": "mlserver_sklearn.SKLearnModel",
        "parameters": {"uri": "./model.joblib", "version": "1"},
    }
    for name, values in (("settings", server), ("model-settings", model)):
        (folders.mlserver / f"{name}.json").write_text(json.dumps(values), encoding="utf-8")
    program_file = environments / MLSERVER / "bin" / "mlserver"
    command = [str(program_file.absolute()), "start", str(folders.mlserver.absolute())]
    program = Program(MLSERVER, command, ports["http_port"], "/v2/health/ready", {})
    return Contender(program, f"/v2/models/{_NAME}/infer", _mlserver_body, _mlserver_probabilities)


def is_installed(rival: str, environments: Path) -> bool:
    """Tell whether `scripts/bootstrap bench-serving` could install a rival."""
    return (environments / rival / "bin" / rival).is_file()


def _our_body(text: str) -> dict[str, Any]:
    return {"inputs": [{"name": "text", "datatype": "BYTES", "shape": [1], "data": [text]}]}


def _our_probabilities(answer: Mapping[str, Any]) -> Sequence[float]:
    (data,) = [output["data"] for output in answer["outputs"] if output["name"] == "probabilities"]
    return [float(p) for p in data]


def _mlserver_body(text: str) -> dict[str, Any]:
    tensor = {"name": "text", "datatype": "BYTES", "shape": [1], "data": [text], "parameters": {"content_type": "str"}}
    # The content type of the whole request is what makes it a list of strings for the model.
    return {
        "inputs": [tensor],
        "parameters": {"content_type": "str"},
        "outputs": [{"name": "predict_proba"}],
    }


def _mlserver_probabilities(answer: Mapping[str, Any]) -> Sequence[float]:
    return [float(p) for p in answer["outputs"][0]["data"]]
