"""The dashboards' files are those that their code gives, and every panel can be understood."""

import json
import re
import shutil
import subprocess
from pathlib import Path
from typing import Any

import pytest
import yaml

from pigeonhole_dashboards.files import dashboard_files

pytestmark = pytest.mark.unit
FOLDER = Path(__file__).parents[3] / "helm/pigeonhole/files/dashboards"
FILES = dashboard_files()
BOARDS = {name: json.loads(content) for name, content in FILES.items()}
PANELS = [
    pytest.param(panel, id=f"{name}: {panel['title']}")
    for name, board in BOARDS.items()
    for panel in board["panels"]
    if panel["type"] != "row"
]


def test_the_committed_files_are_those_of_the_code() -> None:
    committed = {path.name: path.read_text(encoding="utf-8") for path in FOLDER.iterdir()}
    assert committed == FILES, "run `make dashboards`"


def test_titles_and_uids_stay() -> None:
    assert {board["uid"]: board["title"] for board in BOARDS.values()} == {
        "pigeonhole-overview": "Pigeonhole / Overview",
        "pigeonhole-queue": "Pigeonhole / Queue",
        "pigeonhole-model-quality": "Pigeonhole / Model quality",
        "pigeonhole-promotions": "Pigeonhole / Promotions",
        "pigeonhole-operator": "Pigeonhole / Operator",
    }


@pytest.mark.parametrize("board", BOARDS.values(), ids=BOARDS)
def test_data_source_and_namespace_are_chosen(board: dict[str, Any]) -> None:
    assert [(found["name"], found["type"]) for found in board["templating"]["list"]] == [
        ("datasource", "datasource"),
        ("namespace", "query"),
    ]
    ids = [panel["id"] for panel in board["panels"]]
    assert ids == list(range(1, len(ids) + 1))


@pytest.mark.parametrize("panel", PANELS)
def test_a_panel_says_what_it_shows_and_in_which_unit(panel: dict[str, Any]) -> None:
    assert len(panel["description"].split()) >= 3
    assert panel["fieldConfig"]["defaults"]["unit"]
    assert panel["datasource"] == {"type": "prometheus", "uid": "${datasource}"}
    for target in panel["targets"]:
        assert "$namespace" in target["expr"]
        assert target["legendFormat"] or panel["type"] == "stat"


@pytest.mark.parametrize("board", BOARDS.values(), ids=BOARDS)
def test_panels_stand_beside_each_other_without_overlap(board: dict[str, Any]) -> None:
    taken: set[tuple[int, int]] = set()
    for panel in board["panels"]:
        at = panel["gridPos"]
        cells = {(at["x"] + x, at["y"] + y) for x in range(at["w"]) for y in range(at["h"])}
        assert not cells & taken
        assert max(x for x, _ in cells) < 24
        taken |= cells


def test_prometheus_understands_every_query(tmp_path: Path) -> None:
    queries = [target["expr"] for panel in PANELS for target in panel.values[0]["targets"]]
    rules = [{"record": f"query_{number}", "expr": _filled_in(query)} for number, query in enumerate(queries)]
    path = tmp_path / "queries.yaml"
    path.write_text(yaml.safe_dump({"groups": [{"name": "queries", "rules": rules}]}), encoding="utf-8")
    program = shutil.which("promtool")
    assert program, "no promtool here: run scripts/bootstrap test"
    ended = subprocess.run([program, "check", "rules", path], capture_output=True, text=True, check=False)
    assert ended.returncode == 0, ended.stderr


def _filled_in(query: str) -> str:
    return re.sub(r"\$__(rate_interval|range)", "5m", query).replace("$namespace", ".+")
