"""Where secrets come from, and where they must not be."""

import base64
import re
from collections import Counter
from typing import Any

import pytest

from .rendering import FILES, Rendered, at, render

pytestmark = pytest.mark.chart
OURS = {"existingSecret": "ours"}


def secrets(rendered: Rendered) -> dict[str, str]:
    """Return all values of Secrets by their key."""
    return {
        key: base64.b64decode(value).decode()
        for item in rendered.of("Secret").values()
        for key, value in item["data"].items()
    }


def references(value: Any) -> set[tuple[str, str]]:
    """Return each Secret that something names, with the key that it takes."""
    found: set[tuple[str, str]] = set()
    if isinstance(value, dict):
        if "secretKeyRef" in value:
            found.add((value["secretKeyRef"]["name"], value["secretKeyRef"]["key"]))
        if "secretName" in value:
            found.add((value["secretName"], ""))
        for part in value.values():
            found |= references(part)
    elif isinstance(value, list):
        for part in value:
            found |= references(part)
    return found


def taken(rendered: Rendered) -> set[tuple[str, str]]:
    found: set[tuple[str, str]] = set()
    for pod in rendered.pods.values():
        found |= references(pod.spec)
    return found


def test_the_demo_makes_all_that_it_takes() -> None:
    rendered = render("demo-kserve")
    made = {(name, key) for name, item in rendered.of("Secret").items() for key in item["data"]}
    assert taken(rendered) <= made


def test_secrets_that_are_made_are_long_and_each_its_own() -> None:
    made = secrets(render("demo-kserve"))
    passwords = {
        key: made[key]
        for key in ("token", "signing-key", "cookie-secret", "postgresql-password", "AWS_SECRET_ACCESS_KEY")
    }
    assert len(set(passwords.values())) == len(passwords)
    assert all(re.fullmatch(r"[A-Za-z0-9]{32,}", value) for value in passwords.values())


def test_the_urls_of_the_bundled_database_hold_the_password_of_that_database() -> None:
    made = secrets(render("demo-kserve"))
    host = "pigeonhole-postgresql.trial.svc:5432"
    account = f"pigeonhole:{made['postgresql-password']}@{host}"
    assert made["database-url"] == f"postgresql://{account}/pigeonhole"
    assert made["mlflow-url"] == f"postgresql+psycopg://{account}/mlflow"


@pytest.mark.parametrize("file", ["demo-kserve", "demo-deployments", "mixed"])
def test_what_is_secret_stands_in_secrets_alone(file: str) -> None:
    rendered = render(file)
    made = secrets(rendered)
    rest = "\n".join(str(item) for item in rendered if item["kind"] != "Secret")
    for key, value in made.items():
        assert value not in rest, key
        assert base64.b64encode(value.encode()).decode() not in rest, key


@pytest.mark.parametrize("file", ["demo-kserve", "mixed"])
def test_no_secret_stands_under_two_keys(file: str) -> None:
    rendered = render(file)
    counted = Counter(value for item in rendered.of("Secret").values() for value in item["data"].values())
    assert [value for value, times in counted.items() if times > 1] == []


@pytest.mark.parametrize("file", ["external", "scaled", "production"])
def test_with_secrets_of_ones_own_the_chart_makes_none(file: str) -> None:
    assert render(file).of("Secret") == {}


@pytest.mark.parametrize("file", FILES)
def test_two_renderings_differ_in_secrets_that_are_made_and_nowhere_else(file: str) -> None:
    # Options that change nothing make the cache run helm again.
    first, second = (render(file, None, *options) for options in ((), ("--debug",)))
    without = [[item for item in each if item["kind"] != "Secret"] for each in (first, second)]
    assert without[0] == without[1]
    if file in ("external", "scaled", "production"):
        assert first.text == second.text


def test_what_is_made_at_random_is_the_only_difference_of_the_text() -> None:
    first, second = (render("demo-kserve", None, *options).text.splitlines() for options in ((), ("--debug",)))
    differing = {old.strip().partition(":")[0] for old, new in zip(first, second, strict=True) if old != new}
    assert differing == set(secrets(render("demo-kserve")))


@pytest.mark.parametrize(
    ("file", "values", "keys"),
    [
        ("external", at("external.postgresql", {"existingSecret": "ours", "urlKey": "dsn"}), {"dsn"}),
        ("external", at("external.s3", {**OURS, "accessKeyIdKey": "a", "secretAccessKeyKey": "b"}), {"a", "b"}),
        ("external", at("external.mlflow", {**OURS, "auth": "token"}), {"token", ""}),
        ("external", at("external.mlflow", {**OURS, "auth": "basic"}), {"username", "password", ""}),
        ("external", at("auth.existingSecret", "ours"), {"signing-key", "cookie-secret"}),
        ("mixed", at("auth.existingSecret", "ours"), {"signing-key", "token"}),
        ("external", at("auth.apps.existingSecret", "ours"), {""}),
        ("scaled", at("mlflow.existingSecret", "ours"), {"url"}),
        ("demo-kserve", at("auth.existingSecret", "ours"), {"signing-key", "cookie-secret", "token"}),
    ],
    ids=lambda case: ",".join(sorted(case)) if isinstance(case, set) else str(case),
)  # fmt: skip
def test_a_secret_of_ones_own_is_taken_with_these_keys(file: str, values: dict[str, Any], keys: set[str]) -> None:
    assert {key for secret, key in taken(render(file, values)) if secret == "ours"} == keys


@pytest.mark.parametrize("component", ["api", "worker", "trainer", "transformer"])
def test_without_a_secret_for_s3_the_pods_account_has_the_right_by_itself(component: str) -> None:
    assert "AWS_ACCESS_KEY_ID" not in render("scaled").environment(component)
    assert "AWS_ACCESS_KEY_ID" in render("external").environment(component)


@pytest.mark.parametrize(
    ("file", "wanted"), [("external", "pigeonhole-s3"), ("demo-kserve", "pigeonhole-bundled"), ("scaled", "")]
)
def test_the_storage_initializer_finds_the_credentials_by_the_predictors_account(file: str, wanted: str) -> None:
    account = render(file).one("ServiceAccount", "pigeonhole-predictor")
    assert account.get("secrets", []) == ([{"name": wanted}] if wanted else [])


def test_a_predictors_account_of_ones_own_is_left_alone() -> None:
    rendered = render("external", at("serving.predictor.serviceAccountName", "ours"))
    assert rendered.applied_by_operator["InferenceService"]["spec"]["predictor"]["serviceAccountName"] == "ours"
    assert "pigeonhole-predictor" not in rendered.of("ServiceAccount")


def test_the_bundled_secret_says_where_its_keys_are_good() -> None:
    annotations = render("demo-kserve").one("Secret", "pigeonhole-bundled")["metadata"]["annotations"]
    assert annotations["serving.kserve.io/s3-endpoint"] == "pigeonhole-s3.trial.svc:9000"
    assert annotations["serving.kserve.io/s3-usehttps"] == "0"


def test_a_secret_without_a_store_speaks_of_none() -> None:
    annotations = render("mixed").one("Secret", "pigeonhole-bundled")["metadata"]["annotations"]
    assert not [name for name in annotations if name.startswith("serving.kserve.io/")]


@pytest.mark.parametrize("file", FILES)
def test_no_config_map_has_a_key_that_sounds_secret(file: str) -> None:
    for name, item in render(file).of("ConfigMap").items():
        for key in item.get("data", {}):
            assert not re.search("password|token|secret|credential", key, re.IGNORECASE), name


@pytest.mark.parametrize("file", FILES)
def test_what_signs_for_the_platform_is_not_in_the_apps_and_the_token_not_in_the_workers(file: str) -> None:
    rendered = render(file)
    pods = rendered.pods
    keys = {name: {key for _, key in references(pod.spec)} for name, pod in pods.items()}
    assert "signing-key" in keys["api"]
    for app in {"user-app", "admin-app"} & set(keys):
        assert "signing-key" not in keys[app]
        assert "cookie-secret" in keys[app]
    for worker in {"worker", "trainer"} & set(keys):
        assert "PIGEONHOLE_API_TOKEN" not in rendered.environment(worker)


def test_a_role_of_the_cloud_goes_to_the_accounts_that_use_s3_and_not_to_the_apps() -> None:
    rendered = render("external", at("serviceAccount.annotations", {"cloud.test/role": "documents"}))
    accounts = rendered.of("ServiceAccount")
    given = {name for name, item in accounts.items() if "cloud.test/role" in item["metadata"].get("annotations", {})}
    assert given == {"pigeonhole", "pigeonhole-api", "pigeonhole-operator", "pigeonhole-predictor"}
    users = {component: pod.spec["serviceAccountName"] for component, pod in rendered.pods.items()}
    others = {component: account for component, account in users.items() if account not in given}
    assert set(others) == {"user-app", "admin-app", "Pod/pigeonhole-test-platform"}
    assert set(others.values()) == {"pigeonhole-apps"}
