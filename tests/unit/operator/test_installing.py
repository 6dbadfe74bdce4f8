"""What an installation brings along, applied at the operator's start."""

import asyncio
from pathlib import Path
from typing import Any

import pytest
import yaml

from pigeonhole_operator.cluster.errors import Forbidden
from pigeonhole_operator.cluster.kube import INSTALLER
from pigeonhole_operator.installing import InstallationFailed, install

from .runtime_cluster import RecordingCluster

pytestmark = pytest.mark.unit
SERVICE = {"apiVersion": "serving.kserve.io/v1beta1", "kind": "InferenceService", "metadata": {"name": "documents"}}
MODEL = {"apiVersion": "pigeonhole.dev/v1alpha1", "kind": "ModelDeployment", "metadata": {"name": "documents"}}
ROUTING = {"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "documents-routing"}, "data": {"a": "new"}}


@pytest.fixture
def cluster() -> RecordingCluster:
    cluster = RecordingCluster()
    cluster.hold("ConfigMap", {"metadata": {"name": "release-serving", "namespace": "ns", "uid": "u1"}})
    cluster.hold("ConfigMap", {"metadata": {"name": "documents-routing", "namespace": "ns", "uid": "u2"}})
    return cluster


def run(cluster: RecordingCluster, folder: Path, *objects: dict[str, Any]) -> None:
    (folder / "objects.yaml").write_text(yaml.safe_dump_all(objects))
    asyncio.run(install(cluster, folder, "ns", "release-serving"))


def test_objects_are_applied_for_the_installation_and_belong_to_its_config_map(
    cluster: RecordingCluster, tmp_path: Path
) -> None:
    run(cluster, tmp_path, SERVICE, MODEL)
    for kind in ("InferenceService", "ModelDeployment"):
        metadata = cluster.objects[kind, "documents"]["metadata"]
        assert metadata["namespace"] == "ns"
        owner = {"apiVersion": "v1", "kind": "ConfigMap", "name": "release-serving", "uid": "u1"}
        assert metadata["ownerReferences"] == [owner]
    assert cluster.managers == [INSTALLER] * 2
    assert cluster.forced == [True] * 2


def test_what_else_is_to_belong_to_the_installation_is_told_how(cluster: RecordingCluster, tmp_path: Path) -> None:
    (tmp_path / "objects.yaml").write_text("")
    reference = asyncio.run(install(cluster, tmp_path, "ns", "release-serving"))
    assert reference == {"apiVersion": "v1", "kind": "ConfigMap", "name": "release-serving", "uid": "u1"}


def test_a_config_map_is_filled_once_and_stays_the_release_s(cluster: RecordingCluster, tmp_path: Path) -> None:
    run(cluster, tmp_path, ROUTING)
    stored = cluster.objects["ConfigMap", "documents-routing"]
    assert stored["data"] == {"a": "new"}
    assert "ownerReferences" not in stored["metadata"]
    stored["data"] = {"a": "written by the operator"}
    run(cluster, tmp_path, ROUTING)
    assert cluster.objects["ConfigMap", "documents-routing"]["data"] == {"a": "written by the operator"}


@pytest.mark.parametrize("content", ["kind: Secret\nmetadata: {name: a}\n", "- 1\n", "a: [", "kind: ConfigMap\n"])
def test_a_file_of_anything_else_is_one_sentence(cluster: RecordingCluster, tmp_path: Path, content: str) -> None:
    (tmp_path / "objects.yaml").write_text(content)
    with pytest.raises(InstallationFailed):
        asyncio.run(install(cluster, tmp_path, "ns", "release-serving"))


def test_a_refusal_of_the_api_server_is_told(cluster: RecordingCluster, tmp_path: Path) -> None:
    cluster.fails["apply InferenceService"] = Forbidden("The API server refuses it.")
    with pytest.raises(InstallationFailed, match="The API server refuses it"):
        run(cluster, tmp_path, SERVICE)
