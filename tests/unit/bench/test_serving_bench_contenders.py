"""The servers that are compared: our request is the product's own, and a rival that is not there is noticed."""

from pathlib import Path

import pytest

from pigeonhole.artefact import ModelIdentity
from pigeonhole.scored_texts import ScoredTexts
from pigeonhole_serving.protocol.tensors import Tensor
from pigeonhole_serving.protocol.texts import ScoreRequest, parse_v2_texts, score_tensors
from serving_bench.contenders import MLFLOW, is_installed, mlflow, mlserver, pigeonhole
from serving_bench.model import ModelFolders

pytestmark = pytest.mark.unit


@pytest.fixture
def folders(tmp_path: Path) -> ModelFolders:
    (tmp_path / "mlserver").mkdir()
    return ModelFolders(tmp_path / "ours", tmp_path / "mlflow", tmp_path / "mlserver")


def test_our_request_is_what_the_predictor_reads_and_its_answer_what_the_bench_reads(folders: ModelFolders) -> None:
    ours = pigeonhole(folders)
    (tensor,) = ours.body("facture")["inputs"]
    read = parse_v2_texts([Tensor(tensor["name"], tensor["datatype"], tuple(tensor["shape"]), tensor["data"])], None, 1)
    assert read == ScoreRequest(("facture",), 0)
    model = ModelIdentity("document-classifier", "1", "run", "digest")
    scored = ScoredTexts(model, ("cv", "invoice"), (0.5, 0.6), ((0.25, 0.75),), None)
    answer = {"outputs": [output.to_json() for output in score_tensors(scored)]}
    assert ours.probabilities(answer) == [0.25, 0.75]


def test_a_rivals_settings_name_its_port_and_its_model(folders: ModelFolders, tmp_path: Path) -> None:
    rival = mlserver(folders, tmp_path)
    assert f'"http_port": {rival.program.port}' in (folders.mlserver / "settings.json").read_text()
    assert '"uri": "./model.joblib"' in (folders.mlserver / "model-settings.json").read_text()
    served = mlflow(folders, tmp_path).program
    assert str(served.port) in served.command
    assert str(folders.mlflow) in served.command


def test_a_rival_is_installed_when_its_program_is_there(tmp_path: Path) -> None:
    assert not is_installed(MLFLOW, tmp_path)
    program = tmp_path / "mlflow" / "bin" / "mlflow"
    program.parent.mkdir(parents=True)
    program.touch()
    assert is_installed(MLFLOW, tmp_path)
