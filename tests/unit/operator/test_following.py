"""The follower: the registry's champion, rolled out to a plain Deployment."""

import asyncio
from collections.abc import Callable, Mapping
from typing import Any

import pytest

from pigeonhole_operator.cluster.errors import Forbidden
from pigeonhole_operator.decision.observed import ModelVersion, Problem
from pigeonhole_operator.following.follower import Follower
from pigeonhole_operator.following.rollout import Target, next_rollout, rollout_body, wanted_variables
from pigeonhole_operator.following.settings import FollowerSettings
from pigeonhole_operator.sources.ports import SourceError

from .runtime_cluster import RecordingCluster

pytestmark = pytest.mark.unit
TARGET = Target("ns", "documents-predictor", "model")
MODEL = "document-classifier"


def version(number: str = "3", **changes: Any) -> ModelVersion:
    return ModelVersion(
        **{
            "version": number,
            "run_id": f"run-{number}",
            "storage_uri": f"s3://models/{number}",
            "digest": f"d{number}",
            **changes,
        }
    )


def deployment(env: Mapping[str, str] | None = None, name: str = "model") -> dict[str, Any]:
    container = {"name": name, "env": [{"name": key, "value": value} for key, value in (env or {}).items()]}
    template = {"spec": {"initContainers": [{"name": "other"}, container]}}
    return {"metadata": {"name": TARGET.deployment, "namespace": "ns"}, "spec": {"template": template}}


class Registry:
    """A registry with versions and one alias."""

    def __init__(self, champion: str | None, *known: ModelVersion) -> None:
        self.champion, self.known = champion, {each.version: each for each in known}
        self.failure: SourceError | None = None

    async def aliases(self, model: str) -> Mapping[str, str]:
        if self.failure:
            raise self.failure
        return {"champion": self.champion} if self.champion else {}

    async def version(self, model: str, number: str) -> ModelVersion | None:
        return self.known.get(number)


@pytest.fixture
def cluster() -> RecordingCluster:
    cluster = RecordingCluster()
    cluster.hold("Deployment", deployment())
    return cluster


def follower(cluster: RecordingCluster, registry: Registry, clock: Callable[[], float] = lambda: 0.0) -> Follower:
    return Follower(cluster, registry, MODEL, TARGET, FollowerSettings(), clock)  # type: ignore[arg-type]


def look(cluster: RecordingCluster, registry: Registry) -> str:
    return asyncio.run(follower(cluster, registry).look())


def test_a_champion_is_rolled_out_by_variables_of_the_container_that_fetches_it() -> None:
    wanted = next_rollout(TARGET, MODEL, version(), deployment())
    assert wanted == wanted_variables(MODEL, version())
    assert not isinstance(wanted, Problem)
    assert wanted is not None
    (container,) = rollout_body(TARGET, wanted)["spec"]["template"]["spec"]["initContainers"]
    assert container["name"] == "model"
    assert {"name": "PIGEONHOLE_MODEL_URI", "value": "s3://models/3"} in container["env"]


def test_what_is_rolled_out_already_is_left_alone() -> None:
    present = {**wanted_variables(MODEL, version()), "AWS_ACCESS_KEY_ID": "key"}
    assert next_rollout(TARGET, MODEL, version(), deployment(present)) is None


def test_files_that_were_written_anew_under_the_same_version_are_rolled_out() -> None:
    present = wanted_variables(MODEL, version())
    assert next_rollout(TARGET, MODEL, version(digest="other"), deployment(present)) is not None


def test_without_a_champion_nothing_is_done() -> None:
    assert next_rollout(TARGET, MODEL, None, deployment()) is None


@pytest.mark.parametrize(
    ("champion", "stored", "reason"),
    [
        (version(status="PENDING_REGISTRATION"), deployment(), "VersionNotReady"),
        (version(storage_uri="mlflow-artifacts:/1/model"), deployment(), "ArtefactUnreachable"),
        (version(), deployment(name="another"), "ContainerMissing"),
    ],
)
def test_a_champion_that_no_pod_could_load_is_not_rolled_out(
    champion: ModelVersion, stored: dict[str, Any], reason: str
) -> None:
    found = next_rollout(TARGET, MODEL, champion, stored)
    assert isinstance(found, Problem)
    assert found.reason == reason


def test_a_look_applies_what_is_wanted_and_the_next_one_finds_nothing_to_do(cluster: RecordingCluster) -> None:
    registry = Registry("3", version())
    assert look(cluster, registry) == "changed"
    assert cluster.calls == ["get Deployment documents-predictor", "apply Deployment documents-predictor"]
    assert look(cluster, registry) == "success"
    assert cluster.calls[2:] == ["get Deployment documents-predictor"]


def test_a_registry_or_a_cluster_that_fails_costs_one_look_and_changes_nothing(cluster: RecordingCluster) -> None:
    registry = Registry("3", version())
    registry.failure = SourceError("RegistryUnreachable", "MLflow does not answer.")
    assert look(cluster, registry) == "error"
    registry.failure = None
    cluster.fails["get Deployment"] = Forbidden("no")
    assert look(cluster, registry) == "error"
    assert not any(call.startswith("apply") for call in cluster.calls)


def test_a_follower_that_has_not_looked_for_long_counts_as_dead(cluster: RecordingCluster) -> None:
    now = 0.0
    following = follower(cluster, Registry(None), lambda: now)
    now = 300.0
    assert not following.is_dead
    now = 301.0
    assert following.is_dead
    asyncio.run(following.look())
    assert not following.is_dead
