"""What the generator refuses, and that it says which field is wrong."""

from typing import Any

import pytest

from pigeonhole.synthetic import CLASSES, FormatMix, GenerationError, GenerationSettings

pytestmark = pytest.mark.unit


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("classes", ()),
        ("classes", ("invoice", "letter")),
        ("classes", ("invoice", "invoice")),
        ("count", 0),
        ("languages", ("de",)),
        ("languages", ()),
        ("difficulty", -0.1),
        ("difficulty", 1.5),
        ("prior", "even"),
        ("fonts", "mine"),
        ("workers", 0),
    ],
)
def test_a_wrong_setting_is_refused_by_its_name(field: str, value: Any) -> None:
    with pytest.raises(GenerationError, match=f"^{field}: ") as refusal:
        GenerationSettings(**{field: value})
    assert refusal.value.code == "generation-refused"


def test_an_unknown_class_names_the_known_ones() -> None:
    with pytest.raises(GenerationError, match=r"'letter' is unknown; choose from invoice, .*diploma"):
        GenerationSettings(classes=("letter",))


@pytest.mark.parametrize("mix", [{"pdf": -1.0}, dict.fromkeys(("pdf", "image_pdf", "jpeg", "png", "tiff"), 0.0)])
def test_a_wrong_mix_of_formats_is_refused(mix: dict[str, float]) -> None:
    with pytest.raises(GenerationError, match=r"^formats"):
        FormatMix(**mix)


def test_the_defaults_make_every_class() -> None:
    settings = GenerationSettings()
    assert settings.classes == CLASSES
    assert settings.total == 7 * settings.count
