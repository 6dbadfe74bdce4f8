"""A real Alertmanager with our configuration sends each alert where it belongs, in words that a person can act on."""

import json
import shutil
import subprocess
import threading
import time
from collections import defaultdict
from collections.abc import Callable, Iterator
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import httpx
import pytest
import yaml

from pigeonhole_frontends.laptop.ports import any_free_port

pytestmark = pytest.mark.integration
FOLDER = Path(__file__).parents[3] / "k8s/monitoring/alertmanager"
SEVERITIES = ("critical", "warning", "info")
SECONDS = 60
RUNBOOK = "https://example.org/runbook"


def program(*names: str) -> str:
    found = next((path for name in names if (path := shutil.which(name))), None)
    assert found, f"no {names[0]} here: run scripts/bootstrap test"
    return found


class Slack:
    """Takes messages at an address a channel."""

    def __init__(self) -> None:
        self.messages: dict[str, list[dict[str, Any]]] = defaultdict(list)
        messages = self.messages

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                content = json.loads(self.rfile.read(int(self.headers["content-length"])))
                messages[self.path.removeprefix("/")].append(content["attachments"][0])
                self.send_response(200)
                self.end_headers()
                self.wfile.write(b"ok")

            def log_message(self, *_: object) -> None:
                pass

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        threading.Thread(target=self.server.serve_forever, args=(0.05,), daemon=True).start()

    def find(self, channel: str, title: str) -> list[dict[str, Any]]:
        return [message for message in self.messages[channel] if title in message["title"]]

    def titles(self) -> str:
        return " ".join(message["title"] for sent in self.messages.values() for message in sent)


class Alertmanager:
    def __init__(self, url: str, slack: Slack) -> None:
        self.url, self.slack = url, slack

    def send(self, name: str, severity: str, *, over: bool = False, **labels: str) -> None:
        alert = {
            "labels": {"alertname": name, "severity": severity, "namespace": "shop", **labels},
            "annotations": {"summary": "Too slow.", "description": f"{name} hurts.", "runbook_url": RUNBOOK},
            **({"endsAt": (datetime.now(UTC) - timedelta(seconds=1)).isoformat()} if over else {}),
        }
        httpx.post(f"{self.url}/api/v2/alerts", json=[alert], timeout=30).raise_for_status()

    def state(self, name: str, **labels: str) -> dict[str, Any]:
        alerts = httpx.get(f"{self.url}/api/v2/alerts", timeout=30).json()
        wanted = {"alertname": name, **labels}
        (found,) = (alert for alert in alerts if wanted.items() <= alert["labels"].items())
        return {"receivers": [each["name"] for each in found["receivers"]], **found["status"]}


def wait_for(condition: Callable[[], Any], what: str) -> Any:
    deadline = time.monotonic() + SECONDS
    while not (found := condition()):
        assert time.monotonic() < deadline, f"waited too long for {what}"
        time.sleep(0.05)
    return found


@pytest.fixture(scope="module")
def alertmanager(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Alertmanager]:
    """Alertmanager with the configuration as it is, but for the addresses and without its pauses."""
    folder, port, slack = tmp_path_factory.mktemp("alertmanager"), any_free_port(), Slack()
    config = (FOLDER / "alertmanager.yml").read_text(encoding="utf-8").replace("/etc/alertmanager/slack", str(folder))
    for severity in SEVERITIES:
        (folder / severity).write_text(f"http://127.0.0.1:{slack.server.server_port}/{severity}")
    (folder / "alertmanager.yml").write_text(yaml.safe_dump(without_pauses(yaml.safe_load(config))))
    shutil.copy(FOLDER / "slack.tmpl", folder)
    url = f"http://127.0.0.1:{port}"
    command = [
        *(program("alertmanager", "prometheus-alertmanager"), f"--config.file={folder}/alertmanager.yml"),
        *(f"--storage.path={folder}/data", f"--web.listen-address=127.0.0.1:{port}", "--cluster.listen-address="),
    ]
    with (folder / "log").open("wb") as output:
        process = subprocess.Popen(command, stdout=output, stderr=output)
    try:
        wait_for(lambda: is_ready(url) or process.poll() is not None, "Alertmanager")
        assert process.poll() is None, (folder / "log").read_text()
        yield Alertmanager(url, slack)
    finally:
        process.terminate()
        process.wait(30)
        slack.server.shutdown()
        slack.server.server_close()


def without_pauses(config: dict[str, Any]) -> dict[str, Any]:
    for route in (config["route"], *config["route"]["routes"]):
        route |= {"group_wait": "0s", "group_interval": "1s"}
    return config


def is_ready(url: str) -> bool:
    with suppress(httpx.TransportError):
        return httpx.get(f"{url}/-/ready").status_code == 200
    return False


def test_the_configuration_is_valid() -> None:
    ended = subprocess.run(
        [program("amtool"), "check-config", FOLDER / "alertmanager.yml"], capture_output=True, text=True, check=False
    )
    assert ended.returncode == 0, ended.stderr
    assert "2 templates" in ended.stdout


@pytest.mark.parametrize(("severity", "color"), [("critical", "danger"), ("warning", "warning"), ("info", "#439fe0")])
def test_each_severity_has_its_channel_and_its_colour(alertmanager: Alertmanager, severity: str, color: str) -> None:
    name = f"PigeonholeRouted{severity.capitalize()}"
    alertmanager.send(name, severity)
    (message,) = wait_for(lambda: alertmanager.slack.find(severity, name), f"{severity} in Slack")
    assert message["color"] == color
    assert message["title"] == f"[{severity.upper()}] {name} in shop"
    assert message["title_link"].endswith(f"/#/alerts?receiver=slack-{severity}")


def test_an_alert_without_a_severity_that_is_known_is_not_lost(alertmanager: Alertmanager) -> None:
    alertmanager.send("PigeonholeOdd", "page")
    wait_for(lambda: alertmanager.slack.find("warning", "PigeonholeOdd"), "the odd alert in Slack")


def test_a_message_says_what_hurts_and_where_to_read_on(alertmanager: Alertmanager) -> None:
    alertmanager.send("PigeonholeDrifting", "warning", model="document-classifier", feature="pages")
    (message,) = wait_for(lambda: alertmanager.slack.find("warning", "PigeonholeDrifting"), "the alert in Slack")
    assert message["title"] == "[WARNING] PigeonholeDrifting in shop, document-classifier"
    assert message["text"] == f"*Too slow.*\n• PigeonholeDrifting hurts.\n<{RUNBOOK}|Runbook>"


def test_alerts_of_one_model_share_a_message_and_those_of_another_do_not(alertmanager: Alertmanager) -> None:
    for model, pod in (("a", "1"), ("a", "2"), ("b", "1")):
        alertmanager.send("PigeonholeGrouped", "warning", model=model, pod=pod)
    wait_for(lambda: alertmanager.slack.find("warning", "PigeonholeGrouped in shop, a (2)"), "a message of two alerts")
    (other,) = wait_for(lambda: alertmanager.slack.find("warning", "PigeonholeGrouped in shop, b"), "the other's")
    assert other["text"].count("•") == 1


def test_what_is_over_is_told(alertmanager: Alertmanager) -> None:
    alertmanager.send("PigeonholePassing", "critical")
    wait_for(lambda: alertmanager.slack.find("critical", "PigeonholePassing"), "the alert in Slack")
    alertmanager.send("PigeonholePassing", "critical", over=True)
    (message,) = wait_for(lambda: alertmanager.slack.find("critical", "[RESOLVED] PigeonholePassing"), "its end")
    assert message["color"] == "good"
    assert "• Over: PigeonholePassing hurts." in message["text"]


def test_a_warning_under_a_critical_alert_is_not_sent(alertmanager: Alertmanager) -> None:
    alertmanager.send("PigeonholeBurning", "critical", window="1h")
    wait_for(lambda: alertmanager.slack.find("critical", "PigeonholeBurning"), "the critical alert")
    alertmanager.send("PigeonholeBurning", "warning", window="3d")
    alertmanager.send("PigeonholeBurning", "warning", window="3d", namespace="elsewhere")
    wait_for(lambda: alertmanager.slack.find("warning", "PigeonholeBurning in elsewhere"), "the other namespace's")
    held = wait_for(lambda: suppressed(alertmanager, "PigeonholeBurning", severity="warning", namespace="shop"), "it")
    assert held["inhibitedBy"]
    assert not alertmanager.slack.find("warning", "PigeonholeBurning in shop")


def test_a_component_that_is_gone_is_told_once(alertmanager: Alertmanager) -> None:
    alertmanager.send("PigeonholeComponentAbsent", "critical", job="pigeonhole-api")
    wait_for(lambda: alertmanager.slack.find("critical", "PigeonholeComponentAbsent"), "the critical alert")
    alertmanager.send("PigeonholeInstanceDown", "critical", job="pigeonhole-api")
    alertmanager.send("PigeonholeInstanceDown", "critical", job="pigeonhole-worker", namespace="elsewhere")
    wait_for(lambda: alertmanager.slack.find("critical", "PigeonholeInstanceDown in elsewhere"), "the other's")
    wait_for(lambda: suppressed(alertmanager, "PigeonholeInstanceDown", job="pigeonhole-api"), "it")
    assert not alertmanager.slack.find("critical", "PigeonholeInstanceDown in shop")


def test_the_watchdog_goes_to_nobodys_channel(alertmanager: Alertmanager) -> None:
    alertmanager.send("PigeonholeWatchdog", "info")
    alertmanager.send("PigeonholeAfterIt", "info")
    wait_for(lambda: alertmanager.slack.find("info", "PigeonholeAfterIt"), "the alert after it")
    assert alertmanager.state("PigeonholeWatchdog")["receivers"] == ["dead-man"]
    assert "Watchdog" not in alertmanager.slack.titles()


def suppressed(alertmanager: Alertmanager, name: str, **labels: str) -> dict[str, Any] | None:
    found = alertmanager.state(name, **labels)
    return found if found["state"] == "suppressed" else None
