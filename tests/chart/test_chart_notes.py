"""What `helm install` says at its end, by situation."""

import functools
import json

import pytest

from .rendering import CHART, FILES, Json, at, helm, merged, values_of

pytestmark = pytest.mark.chart


@functools.cache
def printed(values: str) -> str:
    arguments = ("install", "pigeonhole", str(CHART), "--namespace", "trial", "--dry-run=client", "--values", "-")
    done = helm(*arguments, stdin=values)
    assert done.returncode == 0, done.stderr
    return done.stdout.rpartition("\nNOTES:\n")[2]


def notes(file: str, values: Json | None = None) -> str:
    """Return the notes for a values file and values over it."""
    return printed(json.dumps(merged(values_of(file), values or {})))


@pytest.mark.parametrize("file", FILES)
def test_notes_say_what_is_where(file: str) -> None:
    text = notes(file)
    assert text.startswith("Pigeonhole 0.1.0 is in namespace trial")
    assert "helm test pigeonhole -n trial" in text


def test_notes_have_the_addresses_of_the_ingress() -> None:
    text = notes("external")
    assert "https://pigeonhole.example.com/admin" in text
    assert "port-forward" not in text


def test_notes_have_the_port_at_which_people_reach_the_ingress() -> None:
    text = notes("demo-kserve", at("ingress", {"enabled": True, "host": "localhost", "port": 8080}))
    assert "http://localhost:8080/admin" in text
    assert ":8080" not in notes("demo-kserve", at("ingress", {"enabled": True, "host": "localhost"}))


def test_notes_have_the_address_of_the_gateway() -> None:
    assert "https://pigeonhole.example.com/" in notes("scaled")


def test_notes_say_how_to_look_without_an_ingress() -> None:
    text = notes("demo-kserve", at("ingress.enabled", False))
    for service in ("user-app 8501", "admin-app 8502:8501", "api 8000"):
        assert f"kubectl -n trial port-forward svc/pigeonhole-{service}" in text
    assert "images that a browser gets from http://localhost:8000" in text


@pytest.mark.parametrize("ingress", [True, False])
def test_notes_are_silent_about_apps_that_are_off(ingress: bool) -> None:
    text = notes("mixed", at("ingress.enabled", ingress))
    assert "user-app" not in text
    assert "user app" not in text
    assert "admin" not in text
    assert "/docs" in text


@pytest.mark.parametrize(("file", "secret"), [("demo-kserve", "pigeonhole-secrets"), ("mixed", "pigeonhole-auth")])
def test_notes_say_where_the_token_is_and_not_what_it_is(file: str, secret: str) -> None:
    assert f"get secret {secret} -o jsonpath='{{.data.token}}' | base64 -d" in notes(file)
    assert "jsonpath" not in notes("external")


@pytest.mark.parametrize(
    ("file", "warning"),
    [
        ("demo-kserve", "WARNING: the bundled stores are for trials"),
        ("demo-kserve", "WARNING: nobody signs in to the apps"),
        ("demo-kserve", "WARNING: the ingress speaks HTTP"),
        ("external", "WARNING: this cluster has no KServe"),
        ("external", "Metrics are not collected"),
        ("external", "WARNING: after the first model none takes over before Prometheus answers"),
    ],
)
def test_notes_warn_of_what_is_not_safe_or_not_there(file: str, warning: str) -> None:
    assert warning in notes(file)


def test_notes_ask_for_no_prometheus_where_gates_alone_decide() -> None:
    warning, steps = "before Prometheus answers", [{"weight": 50, "minSamples": 0, "duration": "30s"}]
    assert warning not in notes("external", at("promotion.canary", {"steps": steps, "analysis": []}))
    assert warning in notes("external", at("promotion.canary.steps", steps))
    # The documents of a step are counted by Prometheus too.
    assert warning in notes("external", at("promotion.canary.analysis", []))
    assert warning not in notes("demo-deployments")


@pytest.mark.parametrize("warning", ["bundled stores", "nobody signs in", "speaks HTTP"])
def test_a_start_for_production_has_no_such_warning(warning: str) -> None:
    assert warning not in notes("production")


def test_without_apps_nobody_is_warned_of_their_sign_in() -> None:
    assert "nobody signs in" not in notes("mixed")


def test_whoever_wants_no_monitors_is_told_nothing_of_them() -> None:
    assert "Metrics" not in notes("mixed")


@pytest.mark.parametrize(("file", "is_kserve"), [("demo-kserve", True), ("demo-deployments", False)])
def test_notes_speak_of_the_serving_mode(file: str, is_kserve: bool) -> None:
    text = notes(file)
    assert ("get mdep documents" in text) is is_kserve
    assert ("served by KServe" in text) is is_kserve
    assert ("has no KServe" in text) is is_kserve


def test_notes_say_where_the_first_model_comes_from() -> None:
    assert "app.kubernetes.io/component=seed" in notes("demo-kserve")
    assert 'press "Train"' in notes("external")


def test_without_the_admin_app_or_a_trainer_nobody_is_told_to_press_a_button() -> None:
    assert 'press "Train"' not in notes("mixed")
    assert 'press "Train"' not in notes("external", at("trainer.enabled", False))
