"""A model folder is loaded only when nothing in it can run and everything fits."""

import json
import pickle
import zipfile
from dataclasses import replace
from pathlib import Path

import pytest
import skops.io
from sklearn.preprocessing import FunctionTransformer

from pigeonhole.artefact import ArtefactError, ModelIdentity, load_classifier, save_classifier, write_identity
from pigeonhole.classifier import TrainedClassifier, TrainingParams, score_texts, train_classifier

pytestmark = pytest.mark.unit
TEXTS = ["facture total", "facture montant", "facture tva", "salaire net", "salaire brut", "salaire congé"]
LABELS = ["invoice"] * 3 + ["payslip"] * 3


@pytest.fixture(scope="module")
def model() -> TrainedClassifier:
    return train_classifier(TEXTS, LABELS, [str(row) for row in range(6)], TrainingParams(max_features=200))


@pytest.fixture
def folder(tmp_path: Path, model: TrainedClassifier) -> Path:
    save_classifier(model, tmp_path / "model")
    return tmp_path / "model"


def change_description(folder: Path, **values: object) -> None:
    path = folder / "model.json"
    path.write_text(json.dumps({**json.loads(path.read_text()), **values}))


def code_of(folder: Path) -> str:
    with pytest.raises(ArtefactError) as caught:
        load_classifier(folder)
    return caught.value.code


def test_a_model_answers_the_same_after_loading(folder: Path, model: TrainedClassifier) -> None:
    loaded, identity = load_classifier(folder)
    assert score_texts(loaded, TEXTS) == score_texts(model, TEXTS)
    assert (loaded.thresholds, loaded.classes) == (model.thresholds, model.classes)
    assert identity == ModelIdentity("unregistered", "0", "", model.digest)


def test_the_stop_confidence_is_kept_and_decides_the_digest(tmp_path: Path, model: TrainedClassifier) -> None:
    digest = save_classifier(stopping := replace(model, stop_confidence=0.7), tmp_path)
    assert load_classifier(tmp_path)[0].stop_confidence == 0.7
    assert len({digest, model.digest, replace(model, stop_confidence=0.71).digest}) == 3
    assert digest == stopping.digest


def test_a_stop_confidence_that_was_changed_is_refused(tmp_path: Path, model: TrainedClassifier) -> None:
    save_classifier(replace(model, stop_confidence=0.9), tmp_path)
    for value in (0.5, None):
        change_description(tmp_path, stop_confidence=value)
        assert code_of(tmp_path) == "digest-mismatch"


def test_a_model_from_before_the_first_look_still_loads_and_reads_everything(
    folder: Path, model: TrainedClassifier
) -> None:
    change_description(folder, format=1)
    description = json.loads((folder / "model.json").read_text())
    del description["stop_confidence"]
    (folder / "model.json").write_text(json.dumps(description))
    loaded, identity = load_classifier(folder)
    assert loaded.stop_confidence is None
    assert identity.digest == model.digest
    assert score_texts(loaded, TEXTS) == score_texts(model, TEXTS)


def test_a_model_of_a_later_format_is_refused_by_its_number(folder: Path) -> None:
    change_description(folder, format=3)
    with pytest.raises(ArtefactError, match="format 3 is none of those"):
        load_classifier(folder)


def test_a_registered_model_knows_its_version(folder: Path, model: TrainedClassifier) -> None:
    identity = ModelIdentity("document-classifier", "7", "run", model.digest)
    write_identity(folder, identity)
    assert load_classifier(folder)[1] == identity


def test_the_identity_of_another_model_is_refused(folder: Path) -> None:
    write_identity(folder, ModelIdentity("document-classifier", "7", "run", "0" * 64))
    assert code_of(folder) == "digest-mismatch"


@pytest.mark.parametrize("name", ["model.pkl", "model.joblib", "model.cloudpickle"])
def test_a_pickle_is_refused(tmp_path: Path, model: TrainedClassifier, name: str) -> None:
    (tmp_path / name).write_bytes(pickle.dumps(model.pipeline))
    assert code_of(tmp_path) == "pickle-refused"


def test_a_pickle_under_the_name_of_a_model_is_not_run(folder: Path) -> None:
    class Bomb:
        def __reduce__(self) -> tuple[object, tuple[str]]:
            return (Path.touch, (folder / "it-ran",))  # type: ignore[return-value]

    (folder / "model.skops").write_bytes(pickle.dumps(Bomb()))
    assert code_of(folder) == "model-damaged"
    assert not (folder / "it-ran").exists()


def test_a_model_with_a_function_in_it_is_refused(folder: Path) -> None:
    skops.io.dump(FunctionTransformer(func=print), folder / "model.skops")
    assert code_of(folder) == "untrusted-types"


def test_a_model_from_another_scikit_learn_is_refused(folder: Path) -> None:
    path = folder / "model.json"
    description = json.loads(path.read_text())
    description["libraries"]["scikit-learn"] = "0.24.2"
    path.write_text(json.dumps(description))
    assert code_of(folder) == "library-mismatch"


def test_a_description_of_another_model_is_refused(folder: Path) -> None:
    change_description(folder, thresholds=[0.0, 0.0])
    assert code_of(folder) == "digest-mismatch"


def test_a_description_with_a_missing_field_names_it(folder: Path) -> None:
    path = folder / "model.json"
    description = json.loads(path.read_text())
    del description["classes"]
    path.write_text(json.dumps(description))
    with pytest.raises(ArtefactError, match="classes"):
        load_classifier(folder)


def test_a_damaged_or_missing_model_is_refused(folder: Path) -> None:
    content = (folder / "model.skops").read_bytes()
    (folder / "model.skops").write_bytes(content[: len(content) // 2])
    assert code_of(folder) == "model-damaged"
    (folder / "model.skops").unlink()
    assert code_of(folder) == "model-missing"


def test_an_archive_without_a_schema_is_damaged(folder: Path) -> None:
    with zipfile.ZipFile(folder / "model.skops", "w") as archive:
        archive.writestr("other.txt", "hello")
    assert code_of(folder) == "model-damaged"
