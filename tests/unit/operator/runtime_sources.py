"""Sources that answer as they are told to, and count what they are asked."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from pigeonhole_operator.decision.observed import (
    Artefact,
    Deployment,
    Evaluation,
    ModelVersion,
    Promotion,
    Replay,
    Served,
)
from pigeonhole_operator.sources.ports import SourceError


@dataclass
class FakeRegistry:
    """A registry of some versions."""

    aliases_: dict[str, str] = field(default_factory=dict)
    versions: dict[str, ModelVersion] = field(default_factory=dict)
    error: SourceError | None = None
    calls: list[str] = field(default_factory=list)

    def _called(self, call: str) -> None:
        self.calls.append(call)
        if self.error is not None:
            raise self.error

    async def aliases(self, model: str) -> Mapping[str, str]:
        self._called("aliases")
        return self.aliases_

    async def version(self, model: str, version: str) -> ModelVersion | None:
        self._called(f"version {version}")
        return self.versions.get(version)

    async def evaluation(self, version: ModelVersion) -> Evaluation:
        self._called(f"evaluation {version.version}")
        return Evaluation({"f1": 0.9})

    async def set_alias(self, model: str, alias: str, version: str) -> None:
        self._called(f"set {alias}={version}")

    async def delete_alias(self, model: str, alias: str) -> None:
        self._called(f"delete {alias}")

    async def tag(self, model: str, version: str, tags: Mapping[str, str]) -> None:
        self._called(f"tag {version} {dict(tags)}")


@dataclass
class FakeOthers:
    """The artefacts, the metrics, the predictors and the replay; what is named in `down` does not answer."""

    down: set[str] = field(default_factory=set)
    calls: list[str] = field(default_factory=list)
    readings: dict[str, float | None] = field(default_factory=dict)

    def _called(self, call: str) -> None:
        self.calls.append(call)
        if call.split()[0] in self.down or call in self.down:
            raise SourceError("Down", f"{call} did not answer.")

    async def look(self, storage_uri: str) -> Artefact:
        self._called(f"look {storage_uri}")
        return Artefact("digest", "signature")

    async def read(self, query: str) -> float | None:
        self._called(f"read {query}")
        return self.readings.get(query)

    async def served(self, namespace: str, host: str) -> Served:
        self._called(f"served {host}")
        return Served("1", "digest")

    async def progress(self, deployment: Deployment, promotion: Promotion) -> Replay:
        self._called(f"replay {promotion.name}")
        return Replay(1, 10, None)
