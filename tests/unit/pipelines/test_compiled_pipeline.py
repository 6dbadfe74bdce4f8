"""The pipeline as YAML for a cluster."""

from pathlib import Path
from typing import Any

import pytest
import yaml

from pigeonhole.settings import PlatformSettings
from pigeonhole_components.steps import STAGES
from pigeonhole_pipelines.compile import compile_training
from pigeonhole_pipelines.pods import KEYS, Pods, pods_of
from pigeonhole_pipelines.request import training_request

pytestmark = pytest.mark.unit
PODS = Pods({"AWS_ENDPOINT_URL": "http://s3.storage.svc:9000"}, "keys")


@pytest.fixture(scope="module")
def compiled(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    path = tmp_path_factory.mktemp("compiled") / "deep" / "training.yaml"
    compile_training(path, Pods())
    loaded = yaml.safe_load(path.read_text())
    assert isinstance(loaded, dict)
    return loaded


def test_the_same_code_is_the_same_yaml(tmp_path: Path) -> None:
    for name in ("a.yaml", "b.yaml"):
        compile_training(tmp_path / name, PODS)
    assert (tmp_path / "a.yaml").read_bytes() == (tmp_path / "b.yaml").read_bytes()


def test_every_step_is_a_task_that_runs_in_our_image(compiled: dict[str, Any]) -> None:
    tasks = compiled["root"]["dag"]["tasks"]
    assert set(tasks) == set(STAGES)
    executors = compiled["deploymentSpec"]["executors"]
    assert set(executors) == {f"exec-{stage}" for stage in STAGES}
    for executor in executors.values():
        assert executor["container"]["image"].startswith("pigeonhole/components:")
        assert "pip install" not in str(executor["container"])


def test_the_steps_follow_one_another(compiled: dict[str, Any]) -> None:
    tasks = compiled["root"]["dag"]["tasks"]
    before = {name: set(task.get("dependentTasks", ())) for name, task in tasks.items()}
    assert before["dataset"] == set()
    assert before["ocr"] == {"dataset"}
    assert before["clean"] == {"ocr"}
    assert before["preprocess"] == {"dataset", "clean"}
    assert before["train"] == {"preprocess"}
    assert before["evaluate"] == {"preprocess", "train"}
    assert before["register"] == {"dataset", "ocr", "train", "evaluate"}


def test_steps_that_ask_mlflow_or_the_store_are_never_answered_from_the_cache(compiled: dict[str, Any]) -> None:
    tasks = compiled["root"]["dag"]["tasks"]
    cached = {name for name, task in tasks.items() if task.get("cachingOptions", {}).get("enableCache")}
    assert cached == {"clean", "preprocess", "train"}


def test_a_request_names_every_argument_of_the_pipeline(compiled: dict[str, Any]) -> None:
    request = training_request(PlatformSettings(), None)
    assert set(request.pipeline_arguments()) == set(compiled["root"]["inputDefinitions"]["parameters"])


def test_every_step_is_given_the_address_of_s3_and_the_keys_of_a_secret(tmp_path: Path) -> None:
    compile_training(tmp_path / "training.yaml", PODS)
    pipeline, platform = yaml.safe_load_all((tmp_path / "training.yaml").read_text())
    kubernetes = platform["platforms"]["kubernetes"]["deploymentSpec"]["executors"]
    for stage in STAGES:
        container = pipeline["deploymentSpec"]["executors"][f"exec-{stage}"]["container"]
        assert container["env"] == [{"name": "AWS_ENDPOINT_URL", "value": "http://s3.storage.svc:9000"}]
        (secret,) = kubernetes[f"exec-{stage}"]["secretAsEnv"]
        assert secret["secretName"] == "keys"
        assert secret["optional"] is True
        assert {key["secretKey"]: key["envVar"] for key in secret["keyToEnv"]} == {key: key for key in KEYS}


def test_no_key_is_ever_in_the_yaml(tmp_path: Path) -> None:
    found = {
        "AWS_SECRET_ACCESS_KEY": "s3cret",
        "AWS_DEFAULT_REGION": "eu-west-3",
        "AWS_ENDPOINT_URL": "",
        "HOME": "/root",
    }
    pods = pods_of(found, "keys")
    assert pods == Pods({"AWS_DEFAULT_REGION": "eu-west-3"}, "keys")
    compile_training(tmp_path / "training.yaml", pods)
    assert "s3cret" not in (tmp_path / "training.yaml").read_text()
