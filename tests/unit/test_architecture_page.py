"""The architecture page names files that exist."""

import re
from pathlib import Path

import pytest

pytestmark = pytest.mark.unit
ROOT = Path(__file__).parents[2]
PLACES = re.findall(r"`([a-z]+)/\.\.\./([\w/]+\.py)`", (ROOT / "docs" / "architecture.md").read_text(encoding="utf-8"))


def test_there_are_at_most_ten_hops() -> None:
    assert 5 <= len(PLACES) <= 10


@pytest.mark.parametrize(("room", "file"), PLACES)
def test_every_hop_is_a_file(room: str, file: str) -> None:
    (package,) = (ROOT / room / "src").iterdir()
    assert (package / file).is_file()
