"""params.yaml: one place, checked, documented."""

import re
from pathlib import Path

import pytest
from pydantic import BaseModel

from pigeonhole.ocr import OcrSettings
from pigeonhole.ocr.pool import PoolSettings
from pigeonhole_components.errors import ParamsError
from pigeonhole_components.params import PipelineParams, flat_params, load_params, params_digest
from pigeonhole_components.sections import OcrParams

pytestmark = pytest.mark.unit

ROOT = Path(__file__).parents[3]
SECTIONS = {field.alias or name: field.annotation for name, field in PipelineParams.model_fields.items()}


def keys_of(section: type[BaseModel], prefix: str) -> list[str]:
    keys = []
    for name, field in section.model_fields.items():
        nested = field.annotation
        if isinstance(nested, type) and issubclass(nested, BaseModel):
            keys += keys_of(nested, f"{prefix}.{name}")
        else:
            keys.append(f"{prefix}.{name}")
    return keys


@pytest.mark.parametrize("name", sorted(SECTIONS))
def test_every_parameter_is_documented_with_its_default(name: str) -> None:
    documented = dict(re.findall(r"^\| `([a-z0-9_.]+)` \| ([^|]+) \|", (ROOT / "docs/training.md").read_text(), re.M))
    keys = keys_of(SECTIONS[name], name)
    assert keys
    assert {key for key in documented if key.startswith(f"{name}.")} == set(keys)
    defaults = PipelineParams().model_dump(mode="json", by_alias=True)
    for key in keys:
        value = defaults
        for part in key.split("."):
            value = value[part]
        shown = documented[key].strip().strip("`")
        assert shown == ("null" if value is None else str(value).lower().replace("'", "")), key


def test_the_environment_of_reading_is_documented() -> None:
    text = (ROOT / "docs/training.md").read_text()
    for name, field in PoolSettings.model_fields.items():
        shown = field.default if isinstance(field.default, int) else f"{field.default:g}"
        assert f"| `PIGEONHOLE_READING_{name.upper()}` | {shown} |" in text


def test_the_projects_params_train_as_the_defaults_do() -> None:
    ours, defaults = load_params(ROOT / "params.yaml"), PipelineParams()
    for section in ("ocr", "preprocess", "train", "gates"):
        assert getattr(ours, section) == getattr(defaults, section)


def test_training_and_serving_read_alike_by_default(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in OcrSettings.model_fields:
        monkeypatch.delenv(f"PIGEONHOLE_OCR_{name.upper()}", raising=False)
    assert OcrParams().model_dump() == OcrSettings().model_dump()


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("train: {foldz: 3}", r"train\.foldz: there is no such parameter"),
        ("trian: {}", r"trian: there is no such parameter"),
        ("train: {folds: 1}", r"train\.folds: input should be greater than or equal to 2"),
        ("synthetic: {formats: {pdf: -1}}", r"synthetic\.formats\.pdf: input should be greater"),
        ("dataset: {id: abc}", r"dataset\.id: string should match pattern"),
        ("- 1", r"params: input should be"),
        ("a: [", r"is not YAML"),
    ],
)
def test_a_wrong_parameter_is_named(tmp_path: Path, text: str, sentence: str) -> None:
    (tmp_path / "params.yaml").write_text(text)
    with pytest.raises(ParamsError, match=sentence):
        load_params(tmp_path / "params.yaml")


def test_a_missing_file_is_named_and_an_empty_one_means_defaults(tmp_path: Path) -> None:
    with pytest.raises(ParamsError, match=r"gone\.yaml' cannot be read: No such file"):
        load_params(tmp_path / "gone.yaml")
    (tmp_path / "empty.yaml").write_text("")
    assert load_params(tmp_path / "empty.yaml") == load_params() == PipelineParams()


def test_the_digest_is_that_of_what_decides_the_model() -> None:
    params = PipelineParams()
    digest = params_digest(params.ocr, params.preprocess, params.train)
    other = params.train.model_copy(update={"folds": 3})
    assert len(digest) == 64
    assert digest == params_digest(params.ocr, params.preprocess, params.train)
    assert digest != params_digest(params.ocr, params.preprocess, other)
    assert flat_params(params.ocr, params.preprocess, other)["train.folds"] == 3
