"""Values that the chart refuses, each with a sentence that says where and what to do."""

from typing import Any

import pytest

from .rendering import Json, at, merged, refusal, render

pytestmark = pytest.mark.chart
# By the file that is right, and what makes it wrong: what the message begins with.
IMPOSSIBLE: list[tuple[str, Json, str]] = [
    ("", {}, "external.postgresql.existingSecret: name a Secret"),
    ("", {}, "external.s3.bucket: name the bucket"),
    ("", {}, "auth.existingSecret: name a Secret"),
    ("", {}, "auth.oidc.issuer: nobody could sign in"),
    ("demo-kserve", at("external.postgresql.existingSecret", "ours"), "external.postgresql.existingSecret: it"),
    ("demo-kserve", at("external.s3.bucket", "ours"), "external.s3.bucket: it is not used"),
    ("external", at("auth.apps", {"signIn": "", "existingSecret": ""}), "auth.apps.signIn: the apps need"),
    ("external", at("auth.apps.existingSecret", ""), "auth.apps.existingSecret: sign-in needs"),
    ("demo-kserve", at("auth.apps", {"signIn": "id", "existingSecret": "s"}), "auth.oidc.issuer: the API would refuse"),
    ("external", at("seed.enabled", True), "seed.enabled: the Job signs in"),
    ("demo-kserve", at("trainer.enabled", False), "seed.enabled: nobody would train"),
    ("external", at("mlflow.enabled", True), "external.mlflow.url: it is not used"),
    ("demo-kserve", at("mlflow.enabled", False), "external.mlflow.url: name MLflow's server"),
    ("external", at("external.mlflow.existingSecret", ""), "external.mlflow.existingSecret: signing in"),
    ("demo-kserve", at("gateway.enabled", True), "gateway.parentRefs: name the Gateways"),
    ("scaled", at("gateway.hostnames", []), "gateway.hostnames: name the hosts"),
    ("scaled", at("gateway.hostnames", ["*.example.com"]), "gateway.hostnames: name the hosts"),
    ("demo-kserve", at("monitoring.alertmanager", "always"), "monitoring.slack.existingSecret: the"),
    ("demo-kserve", at("monitoring.deadMan.existingSecret", "watch"), "monitoring.deadMan.existingSecret: the"),
    ("demo-kserve", at("limits.fileBytes", 20_000_000), "limits.bodyBytes: a request holds a file"),
    ("demo-kserve", at("api.autoscaling", {"enabled": True, "minReplicas": 9}), "api.autoscaling.minReplicas: more"),
    ("demo-kserve", at("worker.keda", {"enabled": True, "minReplicas": 9}), "worker.keda.minReplicas: more than"),
]  # fmt: skip
WRONG: list[tuple[str, Any]] = [
    ("profile", "test"),
    ("size", "large"),
    ("fullnameOverride", "Of Ours"),
    ("fullnameOverride", "of.ours"),
    ("nameOverride", "n" * 64),
    ("namespaceOverride", "-ours"),
    ("commonLabels.team", 7),
    ("commonAnnotations.on", True),
    ("extraObjects", [{"kind": "ConfigMap"}]),
    ("global.imagePullSecrets", [{"name": "registry"}]),
    ("global.storageClass", "Fast!"),
    ("image.tag", "one two"),
    ("image.digests.api", "sha256:abc"),
    ("image.digests.nothing", "sha256:" + "5" * 64),
    ("image.pullPolicy", "Sometimes"),
    ("serving.mode", "knative"),
    ("serving.name", "Documents"),
    ("serving.name", "d" * 41),
    ("serving.modelName", ""),
    ("serving.transformer.replicas", 0),
    ("serving.transformer.cache", "yes"),
    ("serving.predictor.replicas", "2"),
    ("promotion.approval", "Never"),
    ("promotion.driftPolicy", "Loud"),
    ("crds.keep", "true"),
    ("rbac.clusterRoles", 1),
    ("external.s3.endpoint", "s3.test:9000"),
    ("external.s3.bucket", "Documents_Here"),
    ("external.s3.prefix", "a b"),
    ("external.mlflow.auth", "oauth"),
    ("external.mlflow.url", "mlflow"),
    ("external.prometheus.url", "prometheus:9090"),
    ("external.postgresql.url", "postgresql://a:b@c/d"),
    ("bundled.postgresql.size", "2"),
    ("bundled.s3.bucket", "x"),
    ("bundled.s3.enabled", "auto"),
    ("auth.existingSecret", "My_Secret"),
    ("auth.token", "a-token"),
    ("auth.oidc.issuer", "sign-in.test"),
    ("auth.oidc.roles.hr", "owner"),
    ("auth.oidc.audience", ""),
    ("auth.apps.signIn", "refresh"),
    ("limits.pages", 0),
    ("limits.bodyBytes", "10M"),
    ("api.replicas", 0),
    ("api.replicas", 1.5),
    ("api.retentionDays", -1),
    ("api.resources.request", {"cpu": "1"}),
    ("api.autoscaling.targetCPUUtilizationPercentage", 101),
    ("api.podDisruptionBudget", {"minAvailable": 1, "maxUnavailable": 1}),
    ("api.extraEnv", [{"name": "with-dash", "value": "1"}]),
    ("api.extraEnv", [{"name": "NUMBER", "value": 1}]),
    ("worker.concurrency", 0),
    ("worker.keda.queueSeconds", 0),
    ("trainer.promotes", "yes"),
    ("trainer.params", []),
    ("pipelines.runners", ["runner"]),
    ("seed.count", 7),
    ("ingress.host", "https://pigeonhole.test"),
    ("gateway.parentRefs", [{"namespace": "gateways"}]),
    ("networkPolicy.external", [{"cidr": "10.0.0.0/8"}]),
    ("networkPolicy.external", [{"cidr": "everywhere", "ports": [443]}]),
    ("networkPolicy.apiServerPorts", []),
    ("networkPolicy.dns.peers", []),
    ("networkPolicy.dns.ports", [0]),
    ("monitoring.monitors", True),
    ("monitoring.interval", "30"),
    ("monitoring.slack.existingSecret", "My Secret"),
    ("userApp.replica", 2),
    ("mlflow.replicas", 2),
    ("ingres.enabled", True),
]


@pytest.mark.parametrize(("file", "values", "message"), IMPOSSIBLE, ids=lambda case: str(case)[:60])
def test_impossible_values_are_refused_with_what_to_do(file: str, values: Json, message: str) -> None:
    said = refusal(file, values)
    assert "Pigeonhole cannot be installed with these values:" in said
    assert f"  - {message}" in said


def test_all_that_is_wrong_is_said_at_once() -> None:
    assert refusal("", {}).count("\n  - ") == 5


@pytest.mark.parametrize(("path", "value"), WRONG, ids=lambda case: str(case)[:50])
def test_a_wrong_value_is_refused_by_the_name_of_its_field(path: str, value: Any) -> None:
    said = refusal("demo-kserve", at(path, value))
    assert "values don't meet the specifications of the schema" in said
    # Helm 4, then Helm 3. Unknown fields are named by their parent and themselves; list items by their number.
    parts = path.split(".")
    named = (f"at '/{'/'.join(parts)}", f"\n- {path}")
    unknown = [
        words.format(part)
        for part in (parts[0], parts[-1])
        for words in ("additional properties '{}'", "Additional property {} is not allowed")
    ]
    assert any(words in said for words in (*named, *unknown)), said


def test_global_stays_open_for_charts_around_this_one() -> None:
    render("demo-kserve", {"global": {"imageRegistry": "registry.test", "theirs": {"anything": [1]}}})


@pytest.mark.parametrize("file", ["demo-kserve", "external"])
def test_no_choice_that_is_right_is_refused(file: str) -> None:
    values = merged(at("limits", {"fileBytes": 1000, "bodyBytes": 2000}), at("api.autoscaling", {"enabled": True}))
    render(file, values)
    render("external", at("auth.apps.signIn", "id"))
