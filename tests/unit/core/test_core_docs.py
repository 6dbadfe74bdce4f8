"""docs/ocr.md names every setting of reading, with its default."""

from pathlib import Path

import pytest

from pigeonhole.documents import DocumentLimits
from pigeonhole.ocr import OcrSettings

pytestmark = pytest.mark.unit
TEXT = (Path(__file__).parents[3] / "docs" / "ocr.md").read_text(encoding="utf-8")


@pytest.mark.parametrize(
    ("prefix", "name", "default"),
    [
        (model.model_config["env_prefix"], name, field.default)
        for model in (OcrSettings, DocumentLimits)
        for name, field in model.model_fields.items()
    ],
)
def test_every_setting_is_documented_with_its_default(prefix: str, name: str, default: object) -> None:
    (line,) = [line for line in TEXT.splitlines() if line.startswith(f"| `{prefix}{name.upper()}` |")]
    assert f"| `{default}` |" in line
