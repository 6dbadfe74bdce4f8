"""The rules are valid; every alert has a runbook, and is played with data that fires it, that does not, and none."""

import re
import shutil
import subprocess
from pathlib import Path
from typing import Any

import pytest
import yaml

pytestmark = pytest.mark.unit
ROOT = Path(__file__).parents[3]
RULES = sorted((ROOT / "helm/pigeonhole/files/rules").glob("*.yaml"))
PLAYS = sorted((ROOT / "k8s/monitoring/tests").glob("*.yaml"))
RUNBOOKS = ROOT / "docs/runbooks"
ADDRESS = "https://github.com/pigeonhole/pigeonhole/blob/main/docs/runbooks/{}.md"
KINDS = ("firing", "silent", "no data")
ALWAYS = "PigeonholeWatchdog"


def promtool(*arguments: object) -> None:
    program = shutil.which("promtool")
    assert program, "no promtool here: run scripts/bootstrap test"
    ended = subprocess.run([program, *map(str, arguments)], capture_output=True, text=True, check=False)
    assert ended.returncode == 0, ended.stdout + ended.stderr


def rules(kind: str) -> list[dict[str, Any]]:
    groups = [group for path in RULES for group in yaml.safe_load(path.read_text(encoding="utf-8"))["groups"]]
    return [rule for group in groups for rule in group["rules"] if kind in rule]


ALERTS = rules("alert")
NAMES = sorted({rule["alert"] for rule in ALERTS})
CASES = [case for path in PLAYS for case in yaml.safe_load(path.read_text(encoding="utf-8"))["tests"]]


@pytest.mark.parametrize("path", RULES, ids=lambda path: path.name)
def test_a_rule_file_is_valid(path: Path) -> None:
    promtool("check", "rules", path)


@pytest.mark.parametrize("path", PLAYS, ids=lambda path: path.name)
def test_alerts_fire_when_they_should_and_only_then(path: Path) -> None:
    promtool("test", "rules", path)


@pytest.mark.parametrize("rule", ALERTS, ids=lambda rule: rule["alert"])
def test_an_alert_says_what_it_means_and_where_to_read_on(rule: dict[str, Any]) -> None:
    name = rule["alert"]
    assert re.fullmatch(r"Pigeonhole([A-Z][A-Za-z]+)+", name)
    assert rule["labels"]["severity"] in {"critical", "warning", "info"}
    assert set(rule["annotations"]) == {"summary", "description", "runbook_url"}
    assert rule["annotations"]["runbook_url"] == ADDRESS.format(name)


@pytest.mark.parametrize("rule", ALERTS, ids=lambda rule: rule["alert"])
def test_an_alert_does_not_fire_at_once_unless_it_tells_of_an_event(rule: dict[str, Any]) -> None:
    events = {ALWAYS, "PigeonholeOOMKilled", "PigeonholeRollbackHappened"}
    assert ("for" in rule) != (rule["alert"] in events)


@pytest.mark.parametrize("name", NAMES)
def test_an_alert_has_a_runbook(name: str) -> None:
    text = (RUNBOOKS / f"{name}.md").read_text(encoding="utf-8")
    assert text.startswith(f"# {name}\n")
    assert re.findall(r"^## (.+)$", text, re.MULTILINE) == ["Meaning", "Impact", "Look at", "Do"]
    assert f"({name}.md)" in (RUNBOOKS / "README.md").read_text(encoding="utf-8")


def test_there_is_no_runbook_without_an_alert() -> None:
    assert sorted(path.stem for path in RUNBOOKS.glob("*.md") if path.stem != "README") == NAMES


@pytest.mark.parametrize("name", NAMES)
def test_an_alert_is_played_in_every_kind_of_case(name: str) -> None:
    played = {case["name"].removeprefix(f"{name}, ").split(":")[0] for case in of(name)}
    assert played == ({"firing"} if name == ALWAYS else set(KINDS))


def of(name: str) -> list[dict[str, Any]]:
    return [case for case in CASES if case["name"].startswith(f"{name}, ")]


@pytest.mark.parametrize("case", [case for case in CASES if "alert_rule_test" in case], ids=lambda case: case["name"])
def test_a_case_is_of_the_kind_that_it_says(case: dict[str, Any]) -> None:
    name, _, kind = case["name"].split(":")[0].partition(", ")
    for test in case["alert_rule_test"]:
        assert test["alertname"] == name
        assert bool(test["exp_alerts"]) == (kind == "firing")
        assert all("namespace" in alert["exp_labels"] for alert in test["exp_alerts"])
    assert kind in KINDS
    if kind == "silent":
        assert case["input_series"], "silence without series is no data"


@pytest.mark.parametrize("rule", ALERTS, ids=lambda rule: rule["alert"])
def test_every_severity_and_window_of_an_alert_is_seen_to_fire(rule: dict[str, Any]) -> None:
    fired = [alert["exp_labels"] for case in of(rule["alert"]) for alert in case["alert_rule_test"][0]["exp_alerts"]]
    assert any(rule["labels"].items() <= labels.items() for labels in fired)


def test_the_chart_finds_the_namespaces_of_others_series_in_one_spelling() -> None:
    text = "".join(path.read_text(encoding="utf-8") for path in RULES)
    foreign = re.findall(r"\b(?:kube|kubelet|container)_[a-z_]+\{([^}]*)\}", text)
    assert len(foreign) >= 6
    assert all('namespace=~"pigeonhole.*"' in selector for selector in foreign)
    assert set(re.findall(r"namespace=~[^,}]+", text)) == {'namespace=~"pigeonhole.*"'}
