"""The model judged on its holdout, alone and beside the champion."""

import json
import shutil
from dataclasses import replace
from pathlib import Path

import pytest

from pigeonhole.artefact import load_classifier, save_classifier
from pigeonhole.classifier import TrainingParams
from pigeonhole.gates import GateParams
from pigeonhole_components.champion import Champion, fetch_champion, load_champion
from pigeonhole_components.confusion_plot import plot_confusion
from pigeonhole_components.evaluate import run_evaluate
from pigeonhole_components.json_files import write_rows
from pigeonhole_components.train import run_train

pytestmark = pytest.mark.unit

WORDS = {"invoice": "facture montant total tva", "payslip": "salaire brut net congé", "cv": "expérience langue diplôme"}
PARAMS = TrainingParams(max_features=500, regularisation=(10.0,), folds=2)
GATES = GateParams(min_documents=3, max_calibration_error=1.0)


def write_table(path: Path, *, train: int = 6, holdout: int = 3) -> Path:
    rows = []
    for name, words in WORDS.items():
        for number in range(train + holdout):
            side = "train" if number < train else "holdout"
            text = f"{words} {chr(97 + number) * 3}"
            sha256 = f"{name}-{number}"
            document = {"sha256": sha256, "class": name, "group": sha256, "split": side}
            rows.append({**document, "language": "fr", "text": text, "lines_text": text})
    write_rows(path, rows)
    return path


@pytest.fixture(scope="module")
def trained(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("trained")
    run_train(write_table(folder / "table"), folder / "model", PARAMS)
    return folder


def test_the_evaluation_holds_scores_gates_and_a_picture(trained: Path, tmp_path: Path) -> None:
    report = run_evaluate(trained / "table", trained / "model", tmp_path, GATES)
    assert report.metrics["documents"] == 9
    assert report.metrics["macro_f1"] == 1
    assert report.gates_passed
    assert json.loads((tmp_path / "metrics.json").read_text()) == report.metrics
    assert json.loads((tmp_path / "confusion.json").read_text()) == {
        "labels": ["cv", "invoice", "payslip"],
        "confusion": [[3, 0, 0], [0, 3, 0], [0, 0, 3]],
    }
    evaluation = json.loads((tmp_path / "evaluation.json").read_text())
    assert {"metrics", "labels", "confusion", "per_class", "gates", "champion"} == evaluation.keys()
    assert evaluation["per_class"][0] == {"class": "cv", "precision": 1.0, "recall": 1.0, "f1": 1.0, "support": 3}
    assert (tmp_path / "confusion.png").read_bytes().startswith(b"\x89PNG")


def test_the_same_table_makes_the_same_model(trained: Path, tmp_path: Path) -> None:
    again = run_train(trained / "table", tmp_path, PARAMS)
    assert (tmp_path / "model.json").read_bytes() == (trained / "model" / "model.json").read_bytes()
    assert again.documents == 18


def test_a_champion_is_judged_on_the_same_documents(trained: Path, tmp_path: Path) -> None:
    report = run_evaluate(trained / "table", trained / "model", tmp_path, GATES, load_champion(trained / "model", "7"))
    assert report.champion == {"version": "7", "metrics": report.metrics, "obstacle": None}
    gates = json.loads((tmp_path / "evaluation.json").read_text())["gates"]["gates"]
    assert [gate["name"] for gate in gates][-1] == "macro_f1_vs_champion"
    assert report.gates_passed


def test_a_worse_model_than_the_champion_does_not_pass(trained: Path, tmp_path: Path) -> None:
    rows = [json.loads(line) for line in (trained / "table").read_text().splitlines()]
    for row in rows:
        if row["split"] == "train" and row["class"] != "cv":
            row["class"] = {"invoice": "payslip", "payslip": "invoice"}[row["class"]]
    write_rows(tmp_path / "wrong", rows)
    run_train(tmp_path / "wrong", tmp_path / "model", PARAMS)
    loose = GATES.model_copy(update={"min_macro_f1": 0.0})
    champion = load_champion(trained / "model", "1")
    assert run_evaluate(trained / "table", tmp_path / "model", tmp_path / "alone", loose).gates_passed
    assert not run_evaluate(trained / "table", tmp_path / "model", tmp_path / "beside", loose, champion).gates_passed


def test_each_model_is_judged_by_what_it_would_have_read(trained: Path, tmp_path: Path) -> None:
    """The first looks mislead: the champion stops at them, the new model reads everything."""
    rows = [json.loads(line) for line in (trained / "table").read_text().splitlines()]
    misleading = dict(zip(WORDS, [*list(WORDS.values())[1:], WORDS["invoice"]], strict=True))
    write_rows(tmp_path / "table", [{**row, "lines_text": misleading[row["class"]]} for row in rows])
    hasty = replace(load_classifier(trained / "model")[0], thresholds=(0.0,) * 3, stop_confidence=0.5)
    save_classifier(hasty, tmp_path / "champion")
    champion = load_champion(tmp_path / "champion", "1")
    report = run_evaluate(tmp_path / "table", trained / "model", tmp_path / "evaluation", GATES, champion)
    assert report.metrics["macro_f1"] == 1
    assert report.champion["metrics"]["macro_f1"] == 0
    turned = load_champion(trained / "model", "1")
    report = run_evaluate(tmp_path / "table", tmp_path / "champion", tmp_path / "turned", GATES, turned)
    assert (report.metrics["macro_f1"], report.champion["metrics"]["macro_f1"]) == (0, 1)


def test_a_champion_that_cannot_be_loaded_is_no_proof(trained: Path, tmp_path: Path) -> None:
    shutil.copytree(trained / "model", tmp_path / "champion")
    (tmp_path / "champion" / "model.skops").write_bytes(b"damaged")
    champion = load_champion(tmp_path / "champion", "3")
    assert champion == Champion("3", None, "model.skops is damaged.")
    report = run_evaluate(trained / "table", trained / "model", tmp_path / "evaluation", GATES, champion)
    assert not report.gates_passed
    assert report.champion == {"version": "3", "metrics": None, "obstacle": "model.skops is damaged."}


def test_nothing_registered_means_no_champion_and_no_database(tmp_path: Path) -> None:
    assert fetch_champion(f"sqlite:///{tmp_path}/mlflow.db", "document-classifier", tmp_path) is None
    assert not (tmp_path / "mlflow.db").exists()


def test_the_same_matrix_is_the_same_picture(tmp_path: Path) -> None:
    for name in ("a.png", "b.png"):
        plot_confusion(["cv", "a class with a long name"], [[3, 0], [12, 1]], tmp_path / name)
    assert (tmp_path / "a.png").read_bytes() == (tmp_path / "b.png").read_bytes()
