"""The style sheet has a rule for every class that the apps write, and none that they do not."""

import re
from pathlib import Path

import pytest

import pigeonhole_frontends
from pigeonhole_frontends.app_display.markup import Tone
from pigeonhole_frontends.app_display.stylesheet import LOGO, MARK, STYLESHEET
from pigeonhole_frontends.app_texts import CATALOGS

pytestmark = pytest.mark.unit

ROOT = Path(pigeonhole_frontends.__file__).parent
ROOMS = ("app_display", "app_session", "user_app", "admin_app")
PUT_TOGETHER = {f"ph-{tone}" for tone in Tone} | {"ph-right", "ph-wrong"}


def written_classes() -> set[str]:
    code = "".join(path.read_text(encoding="utf-8") for room in ROOMS for path in (ROOT / room).rglob("*.py"))
    groups = re.findall(r'class="(ph-[^"]*)"', code)
    return {name for group in groups for name in group.split() if "{" not in name}


def test_every_class_written_has_a_rule_and_every_rule_is_used() -> None:
    styled = set(re.findall(r"\.(ph-[a-z0-9-]+)", STYLESHEET.read_text(encoding="utf-8")))
    assert written_classes() | PUT_TOGETHER == styled


def test_every_variable_used_is_set() -> None:
    sheet = STYLESHEET.read_text(encoding="utf-8")
    used = set(re.findall(r"var\((--ph-[a-z]+)[),]", sheet))
    code = "".join(path.read_text(encoding="utf-8") for room in ROOMS for path in (ROOT / room).rglob("*.py"))
    assert used <= set(re.findall(r"(--ph-[a-z]+):", sheet + code))


def test_nothing_is_loaded_from_elsewhere() -> None:
    for path in [*(ROOT / "app_display").glob("*.css"), *(ROOT / "app_display").glob("*.js"), Path(LOGO), Path(MARK)]:
        text = path.read_text(encoding="utf-8").replace("http://www.w3.org/2000/svg", "")
        assert "http" not in text, path.name
        assert "@import" not in text, path.name


def test_the_upload_buttons_words_need_no_escaping_in_a_style() -> None:
    for catalog in CATALOGS.values():
        assert re.fullmatch(r"[\w ,.]+", catalog["files.browse"])
