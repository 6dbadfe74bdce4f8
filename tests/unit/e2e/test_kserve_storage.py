"""How a model is brought from S3: what the pod is told, and what the initializer makes of it."""

import base64
from pathlib import PurePosixPath

import pytest
from botocore import UNSIGNED
from tests.e2e.kserve.names import Object
from tests.e2e.kserve.storage import account_secrets, s3_environment
from tests.e2e.storage_initializer.download import NoModel, address, connection, file_of

from .kserve_services import service, template, transformer, with_model

pytestmark = pytest.mark.unit


def secret(name: str, notes: Object, **data: str) -> Object:
    coded = {key: base64.b64encode(value.encode()).decode() for key, value in data.items()}
    return {"metadata": {"name": name, "annotations": notes}, "data": coded}


def test_s3_is_reached_by_the_keys_and_annotations_of_the_accounts_secret() -> None:
    keys = {"AWS_ACCESS_KEY_ID": "id", "AWS_SECRET_ACCESS_KEY": "key"}
    notes = {"serving.kserve.io/s3-endpoint": "minio:9000", "serving.kserve.io/s3-usehttps": "0"}
    found = s3_environment((secret("other", {}, x="y"), secret("s3", notes, **keys, AWS_DEFAULT_REGION="eu")))
    assert [item["name"] for item in found[:2]] == ["AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"]
    assert found[0]["valueFrom"] == {"secretKeyRef": {"name": "s3", "key": "AWS_ACCESS_KEY_ID"}}
    assert {item["name"]: item["value"] for item in found[2:]} == {
        "S3_USE_HTTPS": "0",
        "S3_ENDPOINT": "minio:9000",
        "AWS_ENDPOINT_URL": "http://minio:9000",
        "AWS_DEFAULT_REGION": "eu",
    }


def test_annotations_of_another_domain_and_secrets_that_are_not_listed_count_for_nothing() -> None:
    keys = {"AWS_ACCESS_KEY_ID": "id", "AWS_SECRET_ACCESS_KEY": "key"}
    wrong = secret("s3", {"serving.kserve.org/s3-endpoint": "minio:9000"}, **keys)
    assert [item["name"] for item in s3_environment((wrong,))] == ["AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"]
    accounts = [{"metadata": {"name": "loader"}, "secrets": [{"name": "s3"}, {"name": "gone"}]}]
    item = service(predictor={**with_model(), "serviceAccountName": "loader"})
    assert account_secrets(item, accounts, [wrong, secret("unlisted", {})]) == (wrong,)
    assert account_secrets(service(), accounts, [wrong]) == ()


def test_a_pod_downloads_before_its_server_starts_and_the_server_cannot_write() -> None:
    spec = template(service(predictor=with_model(storageUri="s3://b/models/3")))["spec"]
    (initializer,) = spec["initContainers"]
    assert (initializer["name"], initializer["image"]) == ("storage-initializer", "initializer:1")
    assert initializer["args"] == ["s3://b/models/3", "/mnt/models"]
    mount = {"name": "kserve-provision-location", "mountPath": "/mnt/models"}
    assert initializer["volumeMounts"] == [mount]
    assert spec["containers"][0]["volumeMounts"] == [{**mount, "readOnly": True}]
    assert spec["volumes"] == [{"name": "kserve-provision-location", "emptyDir": {}}]


def test_a_transformer_gets_a_model_too_when_its_environment_asks_for_one() -> None:
    asking = service(transformer=transformer(env=[{"name": "STORAGE_URI", "value": "pvc://models/words"}]))
    found = template(asking, "d-transformer")
    note = found["metadata"]["annotations"]["internal.serving.kserve.io/storage-initializer-sourceuri"]
    assert note == "pvc://models/words"
    assert found["spec"]["volumes"] == [{"name": "kserve-pvc-source", "persistentVolumeClaim": {"claimName": "models"}}]
    assert "volumes" not in template(service(transformer=transformer()), "d-transformer")["spec"]


@pytest.mark.parametrize(
    ("environment", "endpoint"),
    [
        ({}, None),
        ({"S3_ENDPOINT": "minio:9000"}, "https://minio:9000"),
        ({"S3_ENDPOINT": "minio:9000", "S3_USE_HTTPS": "0"}, "http://minio:9000"),
        ({"S3_ENDPOINT": "minio:9000", "S3_USE_HTTPS": "1"}, "https://minio:9000"),
        ({"S3_ENDPOINT": "minio:9000", "AWS_ENDPOINT_URL": "http://other"}, "http://other"),
    ],
)
def test_the_initializer_reaches_the_store_that_the_variables_name(environment: Object, endpoint: str | None) -> None:
    assert connection(environment).get("endpoint_url") == endpoint


def test_the_initializer_honours_the_other_settings_of_the_secret() -> None:
    plain = connection({})
    assert "verify" not in plain
    told = connection({"S3_VERIFY_SSL": "0", "S3_USER_VIRTUAL_BUCKET": "1", "awsAnonymousCredential": "true"})
    assert told["verify"] is False
    assert told["config"].s3 == {"addressing_style": "virtual"}
    assert told["config"].signature_version is UNSIGNED


def test_an_object_keeps_its_place_under_the_prefix() -> None:
    assert address("s3://bucket/models/3/") == ("bucket", "models/3")
    assert address("s3://bucket") == ("bucket", "")
    assert file_of("models/3/a/model.skops", "models/3") == PurePosixPath("a/model.skops")
    assert file_of("models/3/model.skops", "models/3/model.skops") == PurePosixPath("model.skops")
    assert file_of("model.skops", "") == PurePosixPath("model.skops")
    for other in ("models/30/model.skops", "models/3/"):
        assert file_of(other, "models/3") is None
    with pytest.raises(NoModel, match="leaves the folder"):
        file_of("models/3/../4/model.skops", "models/3")
