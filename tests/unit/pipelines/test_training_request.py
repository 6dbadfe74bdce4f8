"""What a training is asked, and how its events come out of KFP's log."""

import io
import json
from pathlib import Path
from typing import Any

import pytest

from pigeonhole.settings import PlatformSettings
from pigeonhole_components.errors import ParamsError
from pigeonhole_pipelines.local import ComponentLog, step_event
from pigeonhole_pipelines.request import training_request

pytestmark = pytest.mark.unit

SETTINGS = PlatformSettings(storage_url="s3://bucket/prefix", mlflow_tracking_uri="http://mlflow:5000")


def test_a_request_takes_dataset_and_promotion_over_the_file(tmp_path: Path) -> None:
    (tmp_path / "params.yaml").write_text(f"dataset: {{id: {'a' * 64}}}\ntrain: {{folds: 3}}\n")
    request = training_request(SETTINGS, tmp_path / "params.yaml", dataset_id="b" * 64, promote=True)
    arguments = request.pipeline_arguments()
    assert arguments["dataset"] == {"id": "b" * 64}
    assert arguments["register"] == {"promote": True}
    assert arguments["train"]["folds"] == 3
    assert (arguments["storage_url"], arguments["tracking_uri"]) == ("s3://bucket/prefix", "http://mlflow:5000")
    untouched = training_request(SETTINGS, tmp_path / "params.yaml").pipeline_arguments()
    assert (untouched["dataset"], untouched["register"]) == ({"id": "a" * 64}, {"promote": False})


def test_a_dataset_version_that_is_none_is_refused() -> None:
    with pytest.raises(ParamsError, match=r"dataset\.id: string should match pattern"):
        training_request(SETTINGS, None, dataset_id="latest")


@pytest.mark.parametrize(
    "line", ["", "Executing task", '{"stage": "ocr"', '    "stage": "ocr",', '{"inputs": {}}', "{"]
)
def test_other_lines_of_a_log_are_no_events(line: str) -> None:
    assert step_event(line) is None


def test_events_are_found_however_the_log_is_cut_into_pieces() -> None:
    events: list[Any] = []
    log = ComponentLog(io.StringIO(), events.append)
    started, failed = ({"stage": "ocr", "state": state} for state in ("started", "failed"))
    text = f"22:54 - INFO - 'ocr'\n    {json.dumps(started)}\n{{\n    {json.dumps(failed)}\nthe end"
    for start in range(0, len(text), 7):
        print(text[start : start + 7], end="", file=log)
    assert events == [started, failed]
    assert log.last_event == failed
