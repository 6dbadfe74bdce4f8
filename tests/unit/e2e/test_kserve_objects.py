"""What KServe makes of an InferenceService in Standard mode, rule by rule, as the stand-in makes it."""

import copy
from typing import Any

import pytest
from tests.e2e.kserve.admission import admitted
from tests.e2e.kserve.names import Object

from .kserve_services import (
    DONE,
    DOWN,
    UP,
    UP_PREDICTOR,
    UP_TRANSFORMER,
    conditions,
    deployment,
    made,
    run,
    runtime,
    server,
    service,
    template,
    transformer,
    with_model,
)

pytestmark = pytest.mark.unit


def test_a_named_predictor_gets_a_variant_of_its_name_and_the_transformer_none() -> None:
    named = service(predictor={**with_model(), "name": "x"}, transformer=transformer())
    assert set(made(run(named))) == {
        *("Deployment/d-x-predictor", "Service/d-x-predictor"),
        *("Deployment/d-transformer", "Service/d-transformer"),
    }
    assert "d-x-predictor.n" in server(named, "d-transformer")["args"]


def test_a_predictor_under_its_former_name_is_deleted() -> None:
    renamed = service(predictor={**with_model(), "name": "x"})
    assert run(renamed, deployment("d-predictor", UP, DONE)).delete == (("Deployment", "d-predictor"),)
    assert run(service(), deployment("d-predictor", UP, DONE)).delete == ()


def test_everything_is_owned_by_the_service() -> None:
    owned = made(run(service(transformer=transformer()), UP_PREDICTOR, UP_TRANSFORMER))
    assert len(owned) == 5
    reference = {"apiVersion": "serving.kserve.io/v1beta1", "kind": "InferenceService", "name": "d", "uid": "u"}
    for item in owned.values():
        assert item["metadata"]["ownerReferences"] == [{**reference, "controller": True, "blockOwnerDeletion": True}]


@pytest.mark.parametrize(
    ("ports", "component", "expected"),
    [
        ([], {}, [{"name": "d-predictor", "port": 80, "targetPort": 8080, "protocol": "TCP"}]),
        ([{"containerPort": 9000}], {}, [{"port": 80, "targetPort": 9000, "protocol": "TCP"}]),
        (
            [{"containerPort": 9000, "name": "h"}, {"containerPort": 9001, "name": "g"}],
            {},
            [
                {"name": "h", "port": 80, "targetPort": 9000, "protocol": "TCP"},
                {"name": "g", "port": 9001, "targetPort": 9001, "protocol": "TCP"},
            ],
        ),
        ([{"containerPort": 9000}], {"logger": {"mode": "all"}}, [{"port": 80, "targetPort": 9081, "protocol": "TCP"}]),
        ([{"containerPort": 9000}], {"batcher": {}}, [{"port": 80, "targetPort": 9081, "protocol": "TCP"}]),
    ],
)
def test_a_service_leads_from_port_80_to_the_containers_first(ports: Any, component: Object, expected: Any) -> None:
    item = service(predictor={**with_model(ports=ports), **component})
    found = made(run(item))["Service/d-predictor"]["spec"]
    assert found == {"ports": expected, "selector": {"app": "isvc.d-predictor"}}


@pytest.mark.parametrize(
    ("fields", "bounds", "metric"),
    [
        ({}, (1, 1), ("cpu", 80)),
        ({"minReplicas": 0, "maxReplicas": 3}, (1, 3), ("cpu", 80)),
        ({"minReplicas": 4, "maxReplicas": 2}, (4, 4), ("cpu", 80)),
        ({"scaleTarget": 60, "scaleMetric": "memory"}, (1, 1), ("memory", 60)),
    ],
)
def test_the_default_autoscaler_is_an_hpa(fields: Object, bounds: Any, metric: Any) -> None:
    item = service(predictor={**with_model(), **fields}, annotations={"serving.kserve.io/autoscalerClass": "hpa"})
    objects = made(run(item))
    spec = objects["HorizontalPodAutoscaler/d-predictor"]["spec"]
    assert (spec["minReplicas"], spec["maxReplicas"]) == bounds
    resource = spec["metrics"][0]["resource"]
    assert (resource["name"], resource["target"]["averageUtilization"]) == metric
    assert spec["scaleTargetRef"] == {"apiVersion": "apps/v1", "kind": "Deployment", "name": "d-predictor"}
    # The autoscaler's number of replicas is not to be overwritten.
    assert "replicas" not in objects["Deployment/d-predictor"]["spec"]


def test_autoscaler_class_none_sets_the_replicas_and_removes_an_hpa() -> None:
    item = service(predictor={**with_model(), "minReplicas": 3})
    scaler = {"kind": "HorizontalPodAutoscaler", "metadata": {"name": "d-predictor", "labels": {}}}
    outcome = run(item, scaler)
    assert made(outcome)["Deployment/d-predictor"]["spec"]["replicas"] == 3
    assert "HorizontalPodAutoscaler/d-predictor" not in made(outcome)
    assert outcome.delete == (("HorizontalPodAutoscaler", "d-predictor"),)


def test_the_ingress_leads_the_transformers_own_host_to_the_predictor() -> None:
    def backends(item: Object) -> dict[str, str]:
        found = made(run(item, UP_PREDICTOR, UP_TRANSFORMER))["Ingress/d"]["spec"]["rules"]
        return {rule["host"]: rule["http"]["paths"][0]["backend"]["service"]["name"] for rule in found}

    assert backends(service(transformer=transformer())) == {
        "d-n.example.com": "d-transformer",
        "d-transformer-n.example.com": "d-predictor",
        "d-predictor-n.example.com": "d-predictor",
    }
    assert backends(service()) == {"d-n.example.com": "d-predictor", "d-predictor-n.example.com": "d-predictor"}


def test_a_cluster_local_service_gets_no_ingress_and_is_reachable_at_once() -> None:
    local = service(labels={"networking.kserve.io/visibility": "cluster-local"})
    outcome = run(local, deployment("d-predictor", DOWN))
    assert "Ingress/d" not in made(outcome)
    assert outcome.status is not None
    assert conditions({"status": outcome.status})["IngressReady"] == ("True", "")


def test_a_components_labels_and_annotations_win_over_the_services_and_these_over_the_runtimes() -> None:
    item = service(
        predictor={**with_model(), "labels": {"a": "component"}, "annotations": {"x": "component"}},
        labels={"a": "service", "b": "service"},
        annotations={"x": "service", "y": "service", "kubectl.kubernetes.io/last-applied-configuration": "{}"},
    )
    marked = runtime(labels={"a": "rt", "b": "rt", "c": "rt"}, annotations={"y": "rt", "z": "rt"})
    objects = made(run(item, rt=marked))
    metadata = objects["Deployment/d-predictor"]["metadata"]
    assert metadata["labels"] == {
        "a": "component",
        "b": "service",
        "c": "rt",
        "component": "predictor",
        "app": "isvc.d-predictor",
        "serving.kserve.io/inferenceservice": "d",
    }
    assert metadata["annotations"] == {
        "x": "component",
        "y": "service",
        "z": "rt",
        "serving.kserve.io/autoscalerClass": "none",
        "serving.kserve.io/deploymentMode": "Standard",
        "internal.serving.kserve.io/storage-initializer-sourceuri": "pvc://models/v1",
    }
    assert template(item, rt=marked)["metadata"]["labels"] == metadata["labels"]
    assert objects["Service/d-predictor"]["metadata"] == metadata
    assert objects["Deployment/d-predictor"]["spec"]["selector"] == {"matchLabels": {"app": "isvc.d-predictor"}}


def test_another_uri_is_another_template_and_the_same_uri_the_same() -> None:
    first, second = (template(service(predictor=with_model(storageUri=f"s3://b/{part}"))) for part in "ab")
    assert first != second
    assert first == template(service(predictor=with_model(storageUri="s3://b/a")))


@pytest.mark.parametrize(
    ("args", "fields", "expected"),
    [
        ([], {}, ["--model_name", "d", "--predictor_host", "d-predictor.n", "--http_port", "8080"]),
        (
            ["--http_port", "9", "--model_name=m"],
            {},
            ["--http_port", "9", "--model_name=m", "--predictor_host", "d-predictor.n"],
        ),
        (
            ["--predictor_host", "h"],
            {"containerConcurrency": 3},
            ["--predictor_host", "h", "--model_name", "d", "--http_port", "8080", "--workers", "3"],
        ),
        (
            ["--workers", "1"],
            {"containerConcurrency": 3},
            ["--workers", "1", "--model_name", "d", "--predictor_host", "d-predictor.n", "--http_port", "8080"],
        ),
    ],
)
def test_a_transformer_gets_the_arguments_it_lacks_in_kserves_order(args: Any, fields: Object, expected: Any) -> None:
    item = service(transformer={**transformer(args=args), **fields})
    container = server(item, "d-transformer")
    assert container["args"] == expected
    assert container["name"] == "kserve-container"
    assert container["env"] == [{"name": "INFERENCE_SERVICE_NAME", "value": "d"}]


def test_a_custom_predictor_gets_its_model_from_its_environment() -> None:
    container = {"name": "mine", "image": "own:1", "env": [{"name": "STORAGE_URI", "value": "pvc://c/p"}]}
    found = template(service(predictor={"containers": [container]}))
    assert found["metadata"]["annotations"]["internal.serving.kserve.io/storage-initializer-sourceuri"] == "pvc://c/p"
    (own,) = found["spec"]["containers"]
    assert own["name"] == "kserve-container"
    mount = {"name": "kserve-pvc-source", "mountPath": "/mnt/models", "readOnly": True, "subPath": "p"}
    assert own["volumeMounts"] == [mount]
    assert own["resources"] == {key: {"cpu": "1", "memory": "2Gi"} for key in ("limits", "requests")}


def test_admission_fills_in_the_mode_and_what_a_custom_container_lacks() -> None:
    item = service(transformer=transformer(resources={"limits": {"cpu": "2"}}))
    before = copy.deepcopy(item)
    filled = admitted(item)
    assert item == before
    assert filled["metadata"]["annotations"]["serving.kserve.io/deploymentMode"] == "Standard"
    resources = filled["spec"]["transformer"]["containers"][0]["resources"]
    assert resources == {"limits": {"cpu": "2", "memory": "2Gi"}, "requests": {"cpu": "1", "memory": "2Gi"}}
    raw = service(annotations={"serving.kserve.io/deploymentMode": "RawDeployment"})
    assert admitted(raw)["metadata"]["annotations"]["serving.kserve.io/deploymentMode"] == "Standard"


@pytest.mark.parametrize(("ports", "port"), [([], 8080), ([{"containerPort": 9000}], 9000)])
def test_a_container_without_a_readiness_probe_gets_a_tcp_one(ports: Any, port: int) -> None:
    container = server(service(predictor=with_model(ports=ports)))
    probe = {"tcpSocket": {"port": port}, "timeoutSeconds": 1, "periodSeconds": 10}
    assert container["readinessProbe"] == {**probe, "successThreshold": 1, "failureThreshold": 3}
    assert not {"livenessProbe", "startupProbe"} & set(container)
    given = {"httpGet": {"path": "/", "port": 1}}
    assert server(service(predictor=with_model(readinessProbe=given)))["readinessProbe"] == given


def test_a_deployment_gets_kserves_defaults_unless_a_strategy_is_given() -> None:
    plain = made(run(service()))["Deployment/d-predictor"]["spec"]
    rolling = {"type": "RollingUpdate", "rollingUpdate": {"maxSurge": "25%", "maxUnavailable": "25%"}}
    assert (plain["strategy"], plain["revisionHistoryLimit"], plain["progressDeadlineSeconds"]) == (rolling, 10, 600)
    assert plain["template"]["spec"]["terminationGracePeriodSeconds"] == 30
    own = {"type": "Recreate"}
    given = made(run(service(predictor={**with_model(), "deploymentStrategy": own})))["Deployment/d-predictor"]["spec"]
    assert given["strategy"] == own
    assert not {"revisionHistoryLimit", "progressDeadlineSeconds"} & set(given)
