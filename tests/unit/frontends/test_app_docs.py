"""docs/apps.md tells every setting, page and key that the apps have, and none that they do not."""

import re
from pathlib import Path

import pytest
from streamlit.config import get_config_options

from pigeonhole_frontends.app_launch import app_path, streamlit_arguments, streamlit_flags
from pigeonhole_frontends.app_session.settings import AppSettings
from pigeonhole_frontends.user_app.csv_export import COLUMNS

pytestmark = pytest.mark.unit
DOCS = Path(__file__).parents[3] / "docs" / "apps.md"
TEXT = DOCS.read_text(encoding="utf-8")


def test_every_setting_is_documented_with_its_default_and_meaning() -> None:
    rows = dict(re.findall(r"^\| `(PIGEONHOLE_APP_\w+)` \| (.*) \|$", TEXT, re.MULTILINE))
    fields = AppSettings.model_fields
    assert sorted(rows) == sorted(f"PIGEONHOLE_APP_{name.upper()}" for name in fields)
    for name, field in fields.items():
        default, meaning = rows[f"PIGEONHOLE_APP_{name.upper()}"].split(" | ")
        assert meaning == field.description
        assert name == "token" or default.strip("`") == str(field.default)


@pytest.mark.parametrize("app", ["user", "admin"])
def test_every_page_is_documented_with_its_address(app: str) -> None:
    script = app_path("user" if app == "user" else "admin").read_text(encoding="utf-8")
    paths = re.findall(r'", "(\w+)"', script)
    assert paths
    assert [path for path in paths if f"`/{path}" not in TEXT] == []


def test_every_column_of_the_csv_file_is_documented() -> None:
    assert [column for column in COLUMNS if f"`{column}`" not in TEXT] == []


def test_every_picture_is_there_and_light() -> None:
    pictures = re.findall(r"!\[.+\]\((.+)\)", TEXT)
    assert len(pictures) == 2
    assert [name for name in pictures if (DOCS.parent / name).stat().st_size > 150_000] == []


def test_streamlit_knows_every_flag() -> None:
    known = get_config_options()
    names = [flag.removeprefix("--").split("=", 1)[0] for flag in streamlit_flags(port=8501)]
    assert [name for name in names if name not in known] == []
    assert streamlit_arguments("user", port=8501)[:3] == ["-m", "streamlit", "run"]


def test_the_apps_send_nothing_home_and_show_no_trace() -> None:
    flags = streamlit_flags(port=8501)
    for flag in ("browser.gatherUsageStats=false", "client.showErrorDetails=none", "server.address=127.0.0.1"):
        assert f"--{flag}" in flags
