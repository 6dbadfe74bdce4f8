"""Which runtime serves a model, and what its pod gets of it."""

from typing import Any

import pytest
from tests.e2e.kserve.ingress import Outside
from tests.e2e.kserve.names import Object
from tests.e2e.kserve.reconciliation import Observed, reconcile
from tests.e2e.kserve.runtimes import Runtimes
from tests.e2e.kserve.storage import Download

from .kserve_services import (
    NOW,
    run,
    runtime,
    server,
    service,
    template,
    with_model,
)

pytestmark = pytest.mark.unit


def test_a_models_container_is_the_runtimes_with_the_models_fields_over_it() -> None:
    offered = runtime()
    offered["spec"]["containers"][0] |= {
        "env": [{"name": "A", "value": "rt"}, {"name": "B", "value": "rt"}],
        "resources": {"limits": {"cpu": "1", "memory": "1Gi"}},
    }
    predictor = with_model(
        args=["--more"],
        env=[{"name": "B", "value": "model"}, {"name": "C", "value": "m"}],
        resources={"limits": {"cpu": "2"}},
    )
    container = server(service(predictor=predictor), rt=offered)
    assert container["args"] == ["--model_name=d", "--more"]
    assert [(item["name"], item["value"]) for item in container["env"]] == [
        ("A", "rt"),
        ("B", "model"),
        ("C", "m"),
        ("INFERENCE_SERVICE_NAME", "d"),
    ]
    assert container["resources"] == {"limits": {"cpu": "2", "memory": "1Gi"}}
    assert container["image"] == "server:1"


def test_placeholders_are_replaced_in_all_of_the_container() -> None:
    offered = runtime()
    offered["spec"]["containers"][0] |= {
        "args": ["{{.Name}}", "{{ .Namespace }}", "{{.Labels.tier}}", "{{.Labels.none}}"],
        "env": [{"name": "X", "value": "a-{{.Annotations.note}}"}],
    }
    item = service(labels={"tier": "gold"}, annotations={"note": 'say "x"'})
    container = server(item, rt=offered)
    assert container["args"] == ["d", "n", "gold", "<no value>"]
    assert container["env"][0]["value"] == 'a-say "x"'


def test_of_a_runtimes_pod_only_some_fields_reach_the_predictor() -> None:
    offered = runtime(
        nodeSelector={"disk": "ssd"},
        tolerations=[{"key": "t"}],
        volumes=[{"name": "tmp", "emptyDir": {}}],
        hostNetwork=True,
    )
    item = service(
        predictor={**with_model(), "volumes": [{"name": "own", "emptyDir": {}}], "nodeSelector": {"zone": "a"}}
    )
    spec = template(item, rt=offered)["spec"]
    assert spec["nodeSelector"] == {"disk": "ssd", "zone": "a"}
    assert spec["tolerations"] == [{"key": "t"}]
    assert [volume["name"] for volume in spec["volumes"]] == ["tmp", "own", "kserve-pvc-source"]
    assert "hostNetwork" not in spec


def chosen(model: Object, namespaced: dict[str, Object], cluster: dict[str, Object]) -> Object:
    item = service(predictor={"model": {"modelFormat": {"name": "textclf"}, **model}})
    outcome = reconcile(Observed(item, Runtimes(namespaced, cluster), {}, [], Download(""), Outside()), NOW)
    assert outcome.status is not None
    return {key: value for key, value in outcome.status.items() if key.endswith("ervingRuntimeName")}


def test_a_runtime_is_named_or_found_by_format_and_protocol_the_namespaces_first() -> None:
    def offering(**format_fields: Any) -> Object:
        return runtime(supportedModelFormats=[{"name": "textclf", "autoSelect": True, **format_fields}])

    assert chosen({"runtime": "a"}, {"a": runtime()}, {"a": runtime()}) == {"servingRuntimeName": "a"}
    assert chosen({"runtime": "a"}, {}, {"a": runtime()}) == {"clusterServingRuntimeName": "a"}
    assert chosen({}, {"a": runtime()}, {"b": offering(priority=9)}) == {"servingRuntimeName": "a"}
    assert chosen({}, {"a": offering(priority=1), "b": offering(priority=2)}, {}) == {"servingRuntimeName": "b"}
    assert chosen({}, {"a": offering(autoSelect=False), "b": offering()}, {}) == {"servingRuntimeName": "b"}
    v1, v2 = runtime(protocolVersions=["v1"]), runtime(protocolVersions=["v2"])
    assert chosen({}, {"a": v2, "b": v1}, {}) == {"servingRuntimeName": "b"}
    assert chosen({"protocolVersion": "v2"}, {"a": v2, "b": v1}, {}) == {"servingRuntimeName": "a"}


@pytest.mark.parametrize(
    ("model", "offered", "reason"),
    [
        ({"runtime": "other"}, runtime(), "RuntimeNotRecognized"),
        ({"runtime": "rt"}, runtime(disabled=True), "RuntimeDisabled"),
        ({"runtime": "rt", "protocolVersion": "v2"}, runtime(protocolVersions=["v1"]), "NoSupportingRuntime"),
        ({"runtime": "rt", "modelFormat": {"name": "onnx"}}, runtime(), "NoSupportingRuntime"),
        ({"runtime": None, "modelFormat": {"name": "onnx"}}, runtime(), "NoSupportingRuntime"),
        ({"runtime": "rt"}, runtime(containers=[{"name": "x"}]), "InvalidPredictorSpec"),
    ],
)
def test_a_model_that_no_runtime_serves_is_an_invalid_spec(model: Object, offered: Object, reason: str) -> None:
    outcome = run(service(predictor=with_model(**model)), rt=offered)
    assert outcome.apply == ()
    assert outcome.status is not None
    status = outcome.status["modelStatus"]
    assert (status["transitionStatus"], status["lastFailureInfo"]["reason"]) == ("InvalidSpec", reason)
    assert status["states"]["targetModelState"] == "FailedToLoad"
    assert [(event.kind, event.reason) for event in outcome.events] == [("Warning", "InternalError")]
