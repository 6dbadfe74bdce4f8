"""Plain calls, kfp.local and DVC: one dataset version, one set of parameters, one result; failures are sentences."""

import json
import os
import shutil
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
import yaml

from pigeonhole.ocr import TEXT_LAYER
from pigeonhole.registry import CANDIDATE, CHAMPION, ModelRegistry, ModelVersion
from pigeonhole_components.steps import STAGES

from .conftest import SCANS, WORDS, Installation, install

pytestmark = pytest.mark.integration

ROOT = Path(__file__).parents[3]
PARAMS: dict[str, Any] = {
    "preprocess": {"holdout_share": 0.3},
    "train": {"max_features": 2000, "folds": 3},
    "gates": {"min_documents": 3, "min_macro_f1": 0.3, "max_calibration_error": 0.9},
}
SECONDS = 240


@dataclass(frozen=True)
class Outcome:
    """What a process that trained left behind."""

    code: int
    events: list[dict[str, Any]]
    errors: str
    result: dict[str, Any]
    version: ModelVersion | None


def write_params(path: Path, **sections: Any) -> Path:
    """The project's params.yaml with what this test wants otherwise."""
    values = yaml.safe_load((ROOT / "params.yaml").read_text())
    for name, section in {**PARAMS, **sections}.items():
        values[name].update(section)
    path.write_text(yaml.safe_dump(values))
    return path


def call(
    command: list[str], installation: Installation, folder: Path, *first_in_path: Path
) -> subprocess.CompletedProcess[str]:
    path = os.pathsep.join(map(str, (*first_in_path, Path(sys.executable).parent, os.environ["PATH"])))
    environment = {**os.environ, **installation.environment, "PATH": path, "DVC_NO_ANALYTICS": "1"}
    return subprocess.run(command, env=environment, cwd=folder, capture_output=True, text=True, timeout=SECONDS)


def train(
    installation: Installation, runner: str, folder: Path, *options: str, first_in_path: Path | None = None
) -> Outcome:
    folder.mkdir(exist_ok=True)
    command = [
        *(sys.executable, "-m", "pigeonhole_pipelines.run", "--dataset", installation.dataset),
        *("--result", "result.json", "--runner", runner, *options),
    ]
    ended = call(command, installation, folder, *([first_in_path] if first_in_path else []))
    events = [json.loads(line) for line in ended.stdout.splitlines()]
    result = folder / "result.json"
    values = json.loads(result.read_text()) if result.exists() else {}
    return Outcome(ended.returncode, events, ended.stderr, values, newest(installation) if values else None)


def newest(installation: Installation) -> ModelVersion:
    return ModelRegistry(installation.environment["PIGEONHOLE_MLFLOW_TRACKING_URI"]).versions()[0]


def train_with_dvc(installation: Installation, folder: Path) -> tuple[dict[str, Any], Path]:
    """A clone of the project, as far as DVC looks at it, in which `dvc repro` runs."""
    for name in ("core/src", "components/src", ".dvc"):
        shutil.copytree(ROOT / name, folder / name, ignore=shutil.ignore_patterns("__pycache__", "cache", "tmp"))
    for name in ("dvc.yaml", ".dvcignore"):
        shutil.copy(ROOT / name, folder / name)
    write_params(folder / "params.yaml", dataset={"id": installation.dataset})
    subprocess.run(["git", "init", "--quiet"], cwd=folder, check=True)
    ended = call(["dvc", "repro", "--no-commit"], installation, folder)
    assert ended.returncode == 0, ended.stderr
    made = folder / "build" / "dvc"
    return json.loads((made / "version.json").read_text()), made


@pytest.fixture(scope="module")
def plain(corpus: Path, tmp_path_factory: pytest.TempPathFactory) -> tuple[Installation, Outcome, Path]:
    """A training by plain calls, promoted, with its files."""
    folder = tmp_path_factory.mktemp("plain")
    installation = install(corpus, folder / "home")
    params = write_params(folder / "params.yaml")
    options = ("--params", str(params), "--files", str(folder / "files"), "--promote")
    return installation, train(installation, "direct", folder, *options), folder


def test_plain_calls_register_and_promote(plain: tuple[Installation, Outcome, Path]) -> None:
    installation, outcome, folder = plain
    assert (outcome.code, outcome.errors) == (0, "")
    assert [event["stage"] for event in outcome.events if event["state"] == "finished"] == list(STAGES)
    assert [event["stage"] for event in outcome.events if event["state"] == "started"] == list(STAGES)
    documents = len(WORDS) * 9 + 1
    assert {"stage": "ocr", "state": "running", "done": documents, "total": documents} in outcome.events
    read = [json.loads(line) for line in (folder / "files" / "pages.jsonl").read_text().splitlines()]
    engines = [page["engine"] for row in read for page in row["pages"]]
    assert len(engines) - engines.count(TEXT_LAYER) == len(WORDS) * SCANS + 1
    assert all(row["lines_text"] == row["text"] for row in read if row["pages"][0]["engine"] == TEXT_LAYER)
    assert outcome.result["promoted"] is True
    assert outcome.version.aliases == (CHAMPION,)
    assert outcome.result["gates"]["passed"] is True
    wanted = {
        "version",
        "run_id",
        "digest",
        "dataset_version",
        "promoted",
        "metrics",
        "labels",
        "confusion",
        "per_class",
    }
    assert wanted <= outcome.result.keys()
    assert outcome.result["dataset_version"] == installation.dataset


def test_kfp_local_and_dvc_give_what_plain_calls_give(
    plain: tuple[Installation, Outcome, Path], corpus: Path, tmp_path: Path
) -> None:
    _, expected, folder = plain
    by_kfp = install(corpus, tmp_path / "kfp-home")
    params = write_params(tmp_path / "params.yaml")
    kfp = train(by_kfp, "kfp", tmp_path / "kfp", "--params", str(params), "--files", str(tmp_path / "files"))
    assert (kfp.code, kfp.errors) == (0, "")
    assert [event["stage"] for event in kfp.events if event["state"] == "finished"] == list(STAGES)
    assert "Executing task" in (tmp_path / "files" / "kfp.log").read_text()

    by_dvc = install(corpus, tmp_path / "dvc-home")
    dvc, made = train_with_dvc(by_dvc, tmp_path / "clone")
    for found in (kfp.result, dvc):
        for key in ("dataset_version", "digest", "metrics", "labels", "confusion", "per_class", "gates"):
            assert found[key] == expected.result[key], key
    for version in (kfp.version, newest(by_dvc)):
        for tag in ("dataset_version", "params_digest", "ocr_engine", "digest", "git_commit"):
            assert version.tags[tag] == expected.version.tags[tag], tag
        assert version.aliases == (CANDIDATE,)
    for name in ("pages.jsonl", "texts.jsonl", "table.jsonl", "evaluation/confusion.png"):
        assert (made / name).read_bytes() == (folder / "files" / name).read_bytes()
    assert json.loads((made / "evaluation" / "metrics.json").read_text()) == expected.result["metrics"]


def test_a_gate_that_is_not_passed_registers_and_does_not_promote(
    plain: tuple[Installation, Outcome, Path], tmp_path: Path
) -> None:
    installation, champion, _ = plain
    strict = write_params(tmp_path / "params.yaml", gates={"min_documents": 1000})
    outcome = train(installation, "direct", tmp_path, "--params", str(strict), "--promote")
    assert outcome.code == 3
    assert outcome.result["promoted"] is False
    assert outcome.version.aliases == (CANDIDATE,)
    gates = {gate["name"]: gate["passed"] for gate in outcome.result["gates"]["gates"]}
    assert gates["documents"] is False
    assert gates["macro_f1_vs_champion"] is True
    assert outcome.result["champion"]["version"] == champion.result["version"]
    assert outcome.result["champion"]["metrics"] == champion.result["metrics"]
    # Training again on the same documents gives the same model.
    assert outcome.result["digest"] == champion.result["digest"]


@pytest.fixture
def rare(corpus: Path, tmp_path: Path) -> Installation:
    """A dataset of which one class has a single document."""
    shutil.copytree(corpus, tmp_path / "corpus")
    for path in sorted((tmp_path / "corpus" / "payslip").iterdir())[1:]:
        path.unlink()
    return install(tmp_path / "corpus", tmp_path / "home")


def test_a_step_that_fails_says_why_in_one_sentence_in_all_three_ways(rare: Installation, tmp_path: Path) -> None:
    sentence = "class 'payslip': 1 independent document with readable text; a training needs at least 3"
    for runner in ("direct", "kfp"):
        outcome = train(rare, runner, tmp_path / runner, "--files", str(tmp_path / "files" / runner))
        assert outcome.code == 1
        assert outcome.errors.splitlines()[-1].startswith(sentence)
        assert "Traceback" not in outcome.errors
        assert outcome.events[-1]["state"] == "failed"
        assert outcome.events[-1]["stage"] == "preprocess"
        assert outcome.result == {}
    files = tmp_path / "files" / "direct"
    step = [sys.executable, "-m", "pigeonhole_components.preprocess"]
    (tmp_path / "params.yaml").write_text("{}")
    inputs = [str(files / name) for name in ("manifest.json", "texts.jsonl", "table.jsonl")]
    ended = call([*step, *inputs], rare, tmp_path)
    assert ended.returncode == 1
    assert ended.stderr.startswith(f"preprocess: {sentence}")
    assert len(ended.stderr.splitlines()) == 1


def test_a_component_that_is_killed_is_named_with_its_log(corpus: Path, tmp_path: Path) -> None:
    installation = install(corpus, tmp_path / "home")
    # What calls tesseract is a reading process; its parent is the component.
    tesseract = tmp_path / "bin" / "tesseract"
    tesseract.parent.mkdir()
    real = shutil.which("tesseract")
    tesseract.write_text(
        f'#!/bin/sh\ncase "$1" in --*) exec {real} "$@";; esac\n'
        "read -r _ _ _ parent _ < /proc/$PPID/stat\nkill -9 $parent\n"
    )
    tesseract.chmod(0o755)
    params = write_params(tmp_path / "params.yaml", ocr={"engine": "pytesseract"})
    options = ("--params", str(params), "--files", str(tmp_path / "files"))
    outcome = train(installation, "kfp", tmp_path, *options, first_in_path=tesseract.parent)
    log = tmp_path / "files" / "kfp.log"
    assert outcome.code == 1
    assert outcome.errors.splitlines()[-1] == f"ocr: the step ended unexpectedly. Its log is {log}."
    assert log.exists()


def test_a_dataset_version_that_nobody_has_is_named(corpus: Path, tmp_path: Path) -> None:
    nowhere = Installation(tmp_path / "home", "d" * 64)
    outcome = train(nowhere, "direct", tmp_path)
    assert outcome.code == 1
    assert outcome.errors.splitlines()[-1].startswith("dataset: the storage holds no dataset version dddddddddddd.")
    assert not (tmp_path / "home" / "mlflow.db").exists()
