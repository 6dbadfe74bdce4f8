"""Many ModelDeployments whose versions serve: registered in MLflow, their InferenceServices ready by word alone."""

import contextlib
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any
from uuid import uuid4

import httpx
import httpx2
from lightkube import Client
from lightkube.core.exceptions import ApiError
from lightkube.generic_resource import create_namespaced_resource
from lightkube.models.meta_v1 import ObjectMeta
from lightkube.resources.core_v1 import ConfigMap, Namespace
from lightkube.types import PatchType
from tests.e2e.kubectl import Kubectl
from tests.e2e.stand_in import apply_crds

CRDS = (Path("k8s/operator/crds.yaml"), Path("tests/e2e/kserve/crds.yaml"))
MLFLOW = "/api/2.0/mlflow"
_THREADS = 8
_SECONDS = 30.0
ModelDeployment = create_namespaced_resource("pigeonhole.dev", "v1alpha1", "ModelDeployment", "modeldeployments")
InferenceService: Any = create_namespaced_resource(
    "serving.kserve.io", "v1beta1", "InferenceService", "inferenceservices"
)


class FleetFailed(Exception):
    """The operator did not do what the bench waits for."""


class Fleet:
    """The deployments of one namespace."""

    def __init__(self, count: int, mlflow: str) -> None:
        self.namespace = f"bench-{uuid4().hex[:8]}"
        self.names = [f"model-{number:04}" for number in range(count)]
        self._client = Client(namespace=self.namespace, timeout=httpx2.Timeout(_SECONDS))
        self._mlflow = httpx.Client(base_url=f"{mlflow}{MLFLOW}", timeout=60)

    def settle(self) -> None:
        """Make everything, side by side."""
        kubectl = Kubectl("default")
        for crds in CRDS:
            apply_crds(kubectl, crds)
        self._client.create(Namespace(metadata=ObjectMeta(name=self.namespace)))
        with ThreadPoolExecutor(_THREADS) as pool:
            list(pool.map(self._make, self.names))

    def ready(self) -> int:
        """Return how many say that they serve."""
        found = self._client.list(ModelDeployment, chunk_size=250)
        return sum(_is_ready(dict(item)) for item in found)

    def wait_until_ready(self, seconds: float) -> float:
        """Wait until all of them serve, and return how long that took.

        Raises:
            FleetFailed: Some do not.
        """
        began = time.perf_counter()
        while (ready := self.ready()) < len(self.names):
            if time.perf_counter() - began > seconds:
                raise FleetFailed(f"{ready} of {len(self.names)} are ready after {seconds:.0f} s")
            time.sleep(1)
        return time.perf_counter() - began

    def change(self, name: str, *, suspend: bool) -> float:
        """Change a spec, and return the seconds until the operator's status is about it."""
        patch = {"spec": {"suspend": suspend}}
        began = time.perf_counter()
        changed = dict(self._client.patch(ModelDeployment, name, patch, patch_type=PatchType.MERGE))
        generation = changed["metadata"]["generation"]
        while time.perf_counter() - began < _SECONDS:
            status = dict(self._client.get(ModelDeployment, name)).get("status") or {}
            if status.get("observedGeneration", 0) >= generation:
                return time.perf_counter() - began
            time.sleep(0.02)
        raise FleetFailed(f"{name} was not looked at within {_SECONDS:.0f} s of a change")

    def remove(self) -> None:
        """Delete the namespace with all that is in it, and do not wait for it."""
        with contextlib.suppress(ApiError):
            self._client.delete(Namespace, self.namespace)
        self._mlflow.close()

    def _make(self, name: str) -> None:
        uri = f"pvc://models/{name}/1"
        for path, body in (
            ("registered-models/create", {"name": name}),
            ("model-versions/create", {"name": name, "source": uri, "tags": [{"key": "digest", "value": name}]}),
            ("registered-models/alias", {"name": name, "alias": "champion", "version": "1"}),
        ):
            self._mlflow.post(f"/{path}", json=body).raise_for_status()
        routing = f'{{"generation": 1, "stable": {{"host": "{name}-predictor"}}, "candidate": null}}'
        self._client.create(ConfigMap(metadata=ObjectMeta(name=f"{name}-routing"), data={"routing.json": routing}))
        model = {"modelFormat": {"name": "pigeonhole-textclf"}, "storageUri": uri}
        model["env"] = [{"name": "PIGEONHOLE_SERVING_MODEL_VERSION", "value": "1"}]
        service = InferenceService(metadata=ObjectMeta(name=name), spec={"predictor": {"model": model}})
        self._client.create(service)
        status = {"observedGeneration": 1, "conditions": [{"type": "Ready", "status": "True"}]}
        self._client.patch(InferenceService.Status, name, {"status": status}, patch_type=PatchType.MERGE)
        spec = {"source": {"modelName": name}, "target": {"inferenceService": name}}
        self._client.create(ModelDeployment(metadata=ObjectMeta(name=name), spec=spec))


def _is_ready(item: dict[str, Any]) -> bool:
    conditions = (item.get("status") or {}).get("conditions") or []
    return any(found["type"] == "Ready" and found["status"] == "True" for found in conditions)


@contextlib.contextmanager
def fleet(count: int, mlflow: str) -> Iterator[Fleet]:
    """Yield that many deployments, made; their namespace is deleted in the end."""
    made = Fleet(count, mlflow)
    try:
        made.settle()
        yield made
    finally:
        made.remove()
