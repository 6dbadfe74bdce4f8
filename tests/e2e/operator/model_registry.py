"""Versions in the real MLflow as the trainer registers them, written over its REST API."""

import hashlib
import json
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import httpx

API = "/api/2.0/mlflow"
CLASSES = ("invoice", "payslip")
# One who is slow because the machine is: eight cases share it.
_SECONDS = 60


@dataclass(frozen=True)
class Scores:
    """What an evaluation report says of a model; `champion` is the version it was judged beside, with its metrics."""

    metrics: Mapping[str, float]
    per_class: Mapping[str, Mapping[str, float]] = field(default_factory=dict)
    champion: Mapping[str, Any] | None = None

    def report(self) -> dict[str, Any]:
        rows = [{"class": name, **dict(scores)} for name, scores in self.per_class.items()]
        report: dict[str, Any] = {"metrics": dict(self.metrics), "labels": list(CLASSES), "per_class": rows}
        return {**report, "gates": {"passed": True, "gates": []}, "champion": self.champion}


@dataclass(frozen=True)
class Registered:
    """A version in MLflow."""

    version: str
    run_id: str
    uri: str
    digest: str


def digest_of(version: str) -> str:
    """Return the digest that a tiny predictor of a version tells."""
    return hashlib.sha256(f"model {version}".encode()).hexdigest()


class ModelRegistry:
    """One registered model of a case."""

    def __init__(self, url: str, model: str) -> None:
        self._http = httpx.Client(base_url=url, timeout=_SECONDS)
        self.model = model
        self._experiment = ""

    def close(self) -> None:
        self._http.close()

    def register(
        self, uri: str, scores: Scores | None, *, digest: str | None = None, tags: Mapping[str, str] | None = None
    ) -> Registered:
        """Register the next version; without scores its run has no evaluation report."""
        run_id = self._run(scores)
        number = str(int(self._newest()) + 1)
        known = digest_of(number) if digest is None else digest
        metrics = dict(scores.metrics) if scores else {}
        given = {"digest": known, "classes": json.dumps(CLASSES), "metrics": json.dumps(metrics), **(tags or {})}
        body = {"name": self.model, "source": uri, "run_id": run_id, "tags": _pairs(given)}
        made = self._post("model-versions/create", body)["model_version"]
        assert made["version"] == number, made
        return Registered(number, run_id, uri, known)

    def alias(self, name: str, version: str) -> None:
        self._post("registered-models/alias", {"name": self.model, "alias": name, "version": version})

    def remove_alias(self, name: str) -> None:
        self._send("DELETE", "registered-models/alias", {"name": self.model, "alias": name})

    def aliases(self) -> dict[str, str]:
        found = self._get("registered-models/get", {"name": self.model})["registered_model"]
        return {row["alias"]: str(row["version"]) for row in found.get("aliases", [])}

    def tag(self, version: str, key: str, value: str) -> None:
        body = {"name": self.model, "version": version, "key": key, "value": value}
        self._post("model-versions/set-tag", body)

    def tags(self, version: str) -> dict[str, str]:
        found = self._get("model-versions/get", {"name": self.model, "version": version})["model_version"]
        return {row["key"]: row["value"] for row in found.get("tags", [])}

    def delete(self, version: str) -> None:
        self._send("DELETE", "model-versions/delete", {"name": self.model, "version": version})

    def _run(self, scores: Scores | None) -> str:
        if not self._experiment:
            self._experiment = self._post("experiments/create", {"name": self.model})["experiment_id"]
            self._post("registered-models/create", {"name": self.model})
        begun = int(time.time() * 1000)
        run = self._post("runs/create", {"experiment_id": self._experiment, "start_time": begun})["run"]
        run_id = str(run["info"]["run_id"])
        if scores:
            rows = [{"key": key, "value": value, "timestamp": begun} for key, value in scores.metrics.items()]
            self._post("runs/log-batch", {"run_id": run_id, "metrics": rows})
            folder = f"/api/2.0/mlflow-artifacts/artifacts/{self._experiment}/{run_id}/artifacts"
            self._checked(self._http.put(f"{folder}/evaluation.json", json=scores.report()))
        self._post("runs/update", {"run_id": run_id, "status": "FINISHED", "end_time": begun})
        return run_id

    def _newest(self) -> str:
        query = {"filter": f"name='{self.model}'", "max_results": 200}
        found = self._get("model-versions/search", query).get("model_versions", [])
        return str(max((int(row["version"]) for row in found), default=0))

    def _get(self, path: str, query: Mapping[str, Any]) -> dict[str, Any]:
        return self._checked(self._http.get(f"{API}/{path}", params=dict(query)))

    def _post(self, path: str, body: Mapping[str, Any]) -> dict[str, Any]:
        return self._send("POST", path, body)

    def _send(self, method: str, path: str, body: Mapping[str, Any]) -> dict[str, Any]:
        return self._checked(self._http.request(method, f"{API}/{path}", json=dict(body)))

    def _checked(self, response: httpx.Response) -> dict[str, Any]:
        assert response.status_code == httpx.codes.OK, f"{response.request.url}: {response.text[:500]}"
        return dict(response.json()) if response.content else {}


def _pairs(tags: Mapping[str, str]) -> list[dict[str, str]]:
    return [{"key": key, "value": value} for key, value in tags.items()]
