"""Trainings: the pipeline as a process of the worker, from the queue to its result."""

import os
import signal
import textwrap
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from pigeonhole_api.client import PlatformClient

pytestmark = pytest.mark.integration
Pictures = Callable[[int], list[tuple[str, bytes]]]

PIPELINE = textwrap.dedent(
    '''
    """Stands in for the pipeline: does what the file `order` beside it says."""
    import argparse, json, os, pathlib, sys, time

    parser = argparse.ArgumentParser()
    for name in ("--dataset", "--runner", "--result"):
        parser.add_argument(name, required=True)
    parser.add_argument("--promote", action="store_true")
    parser.add_argument("--params")
    options = parser.parse_args()
    folder = pathlib.Path(__file__).parent
    order = (folder / "order").read_text()
    (folder / "params").write_text(str(options.params))
    with (folder / "pids").open("a") as pids:
        pids.write(f"{os.getpid()}\\n")
    assert os.environ["PIGEONHOLE_STORAGE_URL"] and os.environ["PIGEONHOLE_MLFLOW_TRACKING_URI"]
    print("a line that is no progress")
    print(json.dumps({"stage": "ocr", "state": "running", "done": 3, "total": 9}), flush=True)
    while order == "wait" and not (folder / "go").exists():
        time.sleep(0.05)
    if order == "fail":
        sys.exit("train: a class has one document; at least two are needed.")
    if order == "crash":
        raise RuntimeError("secret path /home/someone")
    passed = order != "reject"
    print(json.dumps({"stage": "register", "state": "finished"}), flush=True)
    pathlib.Path(options.result).write_text(json.dumps({
        "version": "3", "run_id": "r", "digest": "d", "dataset_version": options.dataset,
        "promoted": options.promote and passed,
        "metrics": {"documents": 8, "macro_f1": 0.9}, "labels": ["invoice", "payslip"], "confusion": [[4, 0], [1, 3]],
        "per_class": [{"class": "invoice", "precision": 0.8, "recall": 1.0, "f1": 0.89, "support": 4}],
        "gates": {"passed": passed, "gates": [{"name": "macro_f1", "value": 0.9, "limit": 0.7, "passed": passed}]},
    }))
    sys.exit(0 if passed else 3)
    '''
)


@pytest.fixture(scope="module")
def training(module_installation: Callable[..., Any], tmp_path_factory: pytest.TempPathFactory) -> Any:
    folder = tmp_path_factory.mktemp("pipeline")
    (folder / "test_pipeline.py").write_text(PIPELINE)
    path = os.pathsep.join(filter(None, [str(folder), os.environ.get("PYTHONPATH")]))
    settings = {"PYTHONPATH": path, "PIGEONHOLE_API_TRAINING_MODULE": "test_pipeline"}
    settings["PIGEONHOLE_API_TRAINING_PARAMS"] = "/etc/params.yaml"
    installation = module_installation(**settings)
    installation.pipeline = folder
    installation.start_api()
    installation.worker = installation.start_worker()
    return installation


@pytest.fixture
def client(training: Any) -> PlatformClient:
    return training.client  # type: ignore[no-any-return]


@pytest.fixture
def order(training: Any) -> Callable[[str], None]:
    (training.pipeline / "go").unlink(missing_ok=True)
    (training.pipeline / "pids").write_text("")
    return lambda what: (training.pipeline / "order").write_text(what)  # type: ignore[no-any-return]


@pytest.fixture
def dataset(client: PlatformClient, pictures: Pictures) -> str:
    client.add_examples("invoice", pictures(1))
    client.add_examples("payslip", pictures(1))
    return client.create_dataset_version().id


@pytest.fixture
def ended(training: Any, client: PlatformClient, wait_until: Any) -> Callable[[str], Any]:
    def wait(training_id: str) -> Any:
        try:
            wait_until(lambda: client.training(training_id).finished_at, "the training's end")
        except AssertionError as error:
            raise AssertionError(f"{client.training(training_id)}\n{training.log('work')}") from error
        return client.training(training_id)

    return wait


def test_a_training_ends_with_its_model_and_its_report(
    client: PlatformClient, order: Any, dataset: str, ended: Any
) -> None:
    order("succeed")
    queued = client.start_training(dataset)
    assert (queued.state, queued.dataset_version) == ("queued", dataset)

    training = ended(queued.id)

    assert (training.state, training.model_version, training.promoted, training.error) == ("succeeded", "3", True, None)
    assert training.metrics == {"documents": 8, "macro_f1": 0.9}
    assert (training.labels, training.confusion) == (["invoice", "payslip"], [[4, 0], [1, 3]])
    assert training.gates.gates[0].name == "macro_f1"
    assert training.per_class[0].class_name == "invoice"
    assert training.stage == "register"
    assert client.trainings()[0] == training
    actions = [each.action for each in client.audit_events().events if each.resource == queued.id]
    assert actions == ["training.succeeded", "training.started"]


def test_a_training_is_given_the_parameters_that_the_worker_was(
    training: Any, client: PlatformClient, order: Any, dataset: str, ended: Any
) -> None:
    order("succeed")
    ended(client.start_training(dataset).id)
    assert (training.pipeline / "params").read_text() == "/etc/params.yaml"


def test_a_model_that_a_gate_stops_is_rejected(client: PlatformClient, order: Any, dataset: str, ended: Any) -> None:
    order("reject")
    training = ended(client.start_training(dataset).id)
    assert (training.state, training.model_version, training.promoted) == ("rejected", "3", False)
    assert not training.gates.passed


@pytest.mark.parametrize(
    ("what", "sentence"),
    [
        ("fail", "train: a class has one document; at least two are needed."),
        ("crash", "The training ended unexpectedly with code 1."),
    ],
)
def test_a_training_that_fails_says_why_in_one_sentence(
    client: PlatformClient, order: Any, dataset: str, ended: Any, what: str, sentence: str
) -> None:
    order(what)
    training = ended(client.start_training(dataset).id)
    assert (training.state, training.error, training.model_version) == ("failed", sentence, None)


def test_one_training_runs_at_a_time_and_shows_its_stage(
    training: Any, client: PlatformClient, order: Any, dataset: str, ended: Any, wait_until: Any
) -> None:
    order("wait")
    first, second = client.start_training(dataset), client.start_training(dataset)
    wait_until(lambda: client.training(first.id).stage == "ocr", "the first training's stage")
    running = client.training(first.id)
    assert (running.state, running.stage_done, running.stage_total) == ("running", 3, 9)
    assert client.training(second.id).state == "queued"
    (training.pipeline / "go").touch()
    assert ended(second.id).state == "succeeded"
    assert client.training(first.id).finished_at <= client.training(second.id).started_at


def processes(training: Any) -> list[int]:
    return [int(line) for line in (training.pipeline / "pids").read_text().split()]


def is_running(pid: int) -> bool:
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except FileNotFoundError:
        return False


def test_a_training_whose_worker_is_killed_is_done_again_by_the_next_one(
    training: Any, client: PlatformClient, order: Any, dataset: str, ended: Any, wait_until: Any, kill: Any
) -> None:
    order("wait")
    started = client.start_training(dataset)
    wait_until(lambda: client.training(started.id).stage == "ocr", "the training at work")
    kill(training.worker)
    wait_until(lambda: not is_running(processes(training)[0]), "the pipeline to end with its worker")
    training.worker = training.start_worker()
    wait_until(lambda: len(processes(training)) == 2, "the second attempt")
    (training.pipeline / "go").touch()
    done = ended(started.id)
    assert (done.state, done.attempts) == ("succeeded", 2)


def test_sigterm_puts_a_training_back_without_an_attempt_spent(
    training: Any, client: PlatformClient, order: Any, dataset: str, ended: Any, wait_until: Any
) -> None:
    order("wait")
    started = client.start_training(dataset)
    wait_until(lambda: client.training(started.id).stage == "ocr", "the training at work")
    training.worker.send_signal(signal.SIGTERM)
    assert training.worker.wait(30) == 0
    assert not is_running(processes(training)[0])
    back = client.training(started.id)
    assert (back.state, back.attempts) == ("queued", 0)
    (training.pipeline / "go").touch()
    training.worker = training.start_worker()
    assert ended(started.id).state == "succeeded"


def test_a_training_that_loses_every_worker_fails_and_is_never_stuck(
    training: Any, client: PlatformClient, order: Any, dataset: str, ended: Any, wait_until: Any, kill: Any
) -> None:
    order("wait")
    started = client.start_training(dataset)
    for attempt in (1, 2):
        wait_until(lambda: len(processes(training)) == attempt, "the training at work")  # noqa: B023
        kill(training.worker)
        training.worker = training.start_worker()
    failed = ended(started.id)
    assert (failed.state, failed.error) == ("failed", "The worker was lost 2 times during this training.")
