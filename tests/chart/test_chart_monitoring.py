"""Monitors, rules and dashboards: whether they are there, and how Prometheus and Grafana find them."""

import json

import pytest
import yaml

from .policies import matches
from .rendering import CHART, Json, at, merged, render

pytestmark = pytest.mark.chart
KNOWN = ("--api-versions", "monitoring.coreos.com/v1")
ALWAYS = at("monitoring", {"monitors": "always", "rules": "always", "dashboards": "always"})
RULES = sorted((CHART / "files" / "rules").glob("*.yaml"))
DASHBOARDS = sorted((CHART / "files" / "dashboards").glob("*.json"))


@pytest.mark.parametrize(
    ("choice", "known", "there"),
    [
        ("auto", False, False), ("auto", True, True), ("always", False, True), ("always", True, True),
        ("never", False, False), ("never", True, False),
    ],
)  # fmt: skip
@pytest.mark.parametrize(("values", "kind"), [("monitors", "PodMonitor"), ("rules", "PrometheusRule")])
def test_a_kind_of_the_prometheus_operator_is_there_where_it_is_known_and_wanted(
    choice: str, known: bool, there: bool, values: str, kind: str
) -> None:
    rendered = render("demo-kserve", at(f"monitoring.{values}", choice), *(KNOWN if known else ()))
    expected = there and (kind == "PodMonitor" or bool(RULES))
    assert (kind in rendered.kinds) is expected


@pytest.mark.parametrize("file", ["demo-kserve", "demo-deployments", "external"])
def test_every_process_with_metrics_is_asked_for_them(file: str) -> None:
    rendered = render(file, ALWAYS)
    for name, monitor in rendered.of("PodMonitor").items():
        chosen = [pod for pod in rendered.pods.values() if matches(monitor["spec"]["selector"], pod.labels)]
        assert len(chosen) == 1, name
        (endpoint,) = monitor["spec"]["podMetricsEndpoints"]
        ports = [port for part in chosen[0].spec["containers"] for port in part["ports"]]
        if "port" in endpoint:
            assert endpoint["port"] in {port["name"] for port in ports}
        else:
            assert endpoint["portNumber"] in {port["containerPort"] for port in ports}
    watched = {name.removeprefix("pigeonhole-") for name in rendered.of("PodMonitor")}
    assert watched == {"api", "worker", "trainer", "operator", "transformer", "predictor"}


def test_a_candidates_predictor_is_asked_as_well() -> None:
    selector = render("demo-kserve", ALWAYS).one("PodMonitor", "pigeonhole-predictor")["spec"]["selector"]
    labels = {"component": "predictor", "serving.kserve.io/inferenceservice": "documents-candidate"}
    assert matches(selector, labels)


def test_what_is_switched_off_is_not_asked() -> None:
    rendered = render("external", merged(ALWAYS, at("trainer.enabled", False)))
    assert "pigeonhole-trainer" not in rendered.of("PodMonitor")


def test_a_component_has_one_job_whatever_the_release_is_called() -> None:
    for name, monitor in render("demo-kserve", ALWAYS, release="other").of("PodMonitor").items():
        (endpoint,) = monitor["spec"]["podMetricsEndpoints"]
        component = name.removeprefix("other-pigeonhole-")
        assert endpoint["relabelings"] == [{"targetLabel": "job", "replacement": f"pigeonhole-{component}"}]


def test_monitors_and_rules_have_the_label_by_which_prometheus_finds_them() -> None:
    rendered = render("demo-kserve", merged(ALWAYS, at("monitoring", {"labels": {"release": "kps"}, "interval": "7s"})))
    for kind in ("PodMonitor", "PrometheusRule"):
        for name, item in rendered.of(kind).items():
            assert item["metadata"]["labels"]["release"] == "kps", name
    for monitor in rendered.of("PodMonitor").values():
        assert monitor["spec"]["podMetricsEndpoints"][0]["interval"] == "7s"


@pytest.mark.parametrize("choice", ["always", "never"])
def test_dashboards_are_config_maps_with_the_label_by_which_grafana_finds_them(choice: str) -> None:
    given: Json = {
        "monitoring": {
            "dashboards": choice,
            "dashboardLabels": {"ours": "1"},
            "dashboardAnnotations": {"folder": "Ours"},
        }
    }
    found = [item for name, item in render("demo-kserve", given).of("ConfigMap").items() if "-grafana-" in name]
    assert len(found) == (len(DASHBOARDS) if choice == "always" else 0)
    for item in found:
        assert item["metadata"]["labels"]["ours"] == "1"
        assert item["metadata"]["annotations"]["folder"] == "Ours"
        (content,) = item["data"].values()
        # Grafana's sidecar takes no dashboard of the second schema.
        assert "panels" in json.loads(content)


def test_rules_speak_of_the_releases_namespace_and_ones_own_runbooks() -> None:
    given = merged(ALWAYS, at("monitoring.runbookUrl", "https://runbooks.test"))
    found = render("demo-kserve", given, "--namespace", "elsewhere").of("PrometheusRule")
    assert len(found) == len(RULES)
    for item in found.values():
        text = yaml.safe_dump(item["spec"])
        assert 'namespace=~"pigeonhole.*"' not in text
        for group in item["spec"]["groups"]:
            for rule in group["rules"]:
                if url := rule.get("annotations", {}).get("runbook_url"):
                    assert url.startswith("https://runbooks.test/")


@pytest.mark.parametrize(
    ("choice", "known", "there"), [("auto", False, False), ("auto", True, True), ("never", True, False)]
)
@pytest.mark.parametrize("secret", ["slack", ""])
def test_alerts_go_to_slack_where_that_is_known_and_has_an_address(
    choice: str, known: bool, there: bool, secret: str
) -> None:
    given = at("monitoring", {"alertmanager": choice, "slack": {"existingSecret": secret, "channel": "#ours"}})
    rendered = render("demo-kserve", given, *(("--api-versions", "monitoring.coreos.com/v1alpha1") if known else ()))
    assert ("AlertmanagerConfig" in rendered.kinds) is (there and bool(secret))


def test_every_severity_has_its_own_address_in_the_secret() -> None:
    given = at("monitoring", {"alertmanager": "always", "slack": {"existingSecret": "slack", "channel": "#ours"}})
    spec = render("demo-kserve", given).one("AlertmanagerConfig", "pigeonhole")["spec"]
    sent = {
        receiver["name"]: receiver["slackConfigs"][0] for receiver in spec["receivers"] if "slackConfigs" in receiver
    }
    assert {name: config["apiURL"] for name, config in sent.items()} == {
        f"slack-{severity}": {"name": "slack", "key": severity} for severity in ("critical", "warning", "info")
    }
    assert {config["channel"] for config in sent.values()} == {"#ours"}
    routed = {spec["route"]["receiver"], *(route["receiver"] for route in spec["route"]["routes"])}
    assert routed == {receiver["name"] for receiver in spec["receivers"]}


@pytest.mark.parametrize("secret", ["watch", ""])
def test_the_watchdog_goes_to_who_calls_when_it_hears_nothing(secret: str) -> None:
    alerts = {"alertmanager": "always", "slack": {"existingSecret": "slack"}, "deadMan": {"existingSecret": secret}}
    spec = render("demo-kserve", at("monitoring", alerts)).one("AlertmanagerConfig", "pigeonhole")["spec"]
    (receiver,) = (receiver for receiver in spec["receivers"] if receiver["name"] == "dead-man")
    configured = {"urlSecret": {"name": "watch", "key": "url"}, "sendResolved": False}
    assert receiver.get("webhookConfigs", []) == ([configured] if secret else [])
