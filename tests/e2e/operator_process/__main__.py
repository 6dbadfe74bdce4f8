"""The operator's runtime as a process of its own, around a mind that only writes what it saw into the status."""

import os
import sys
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from datetime import timedelta

from pigeonhole_operator.brain import Brain, Sources
from pigeonhole_operator.decision.needs import Needs
from pigeonhole_operator.decision.observed import Artefact, Evaluation, ModelVersion, Observed, Replay, Served
from pigeonhole_operator.decision.plan import Emit, Plan, WriteStatus
from pigeonhole_operator.launching import launch
from pigeonhole_operator.resources.deployment_status import DeploymentStatus

_MARK = os.environ["OPERATOR_MARK"]
_PAUSE = timedelta(seconds=0.2)


class _Nothing:
    """Stands for every source; none of them is asked."""

    async def aliases(self, model: str) -> Mapping[str, str]:
        return {}

    async def version(self, model: str, version: str) -> ModelVersion | None:
        raise NotImplementedError

    async def evaluation(self, version: ModelVersion) -> Evaluation:
        raise NotImplementedError

    async def set_alias(self, model: str, alias: str, version: str) -> None:
        raise NotImplementedError

    async def delete_alias(self, model: str, alias: str) -> None:
        raise NotImplementedError

    async def tag(self, model: str, version: str, tags: Mapping[str, str]) -> None:
        raise NotImplementedError

    async def look(self, storage_uri: str) -> Artefact:
        raise NotImplementedError

    async def read(self, query: str) -> float | None:
        raise NotImplementedError

    async def served(self, namespace: str, host: str) -> Served:
        raise NotImplementedError

    async def progress(self, *_: object) -> Replay:
        raise NotImplementedError


def _reconcile(observed: Observed) -> Plan:
    """Count the looks in `failedChecks`, so that each of them is a write, and say whose they are in `state`."""
    seen = observed.deployment.status
    status = DeploymentStatus(
        observed_generation=observed.deployment.generation, state=_MARK, failed_checks=seen.failed_checks + 1
    )
    event = Emit("first", "Normal", "Seen", "The operator looked at it.")
    return Plan((WriteStatus(status), event), _PAUSE)


@asynccontextmanager
async def _sources() -> AsyncIterator[Sources]:
    nothing = _Nothing()
    yield Sources(nothing, nothing, nothing, nothing, nothing, lambda _headers, body: body.decode())


if __name__ == "__main__":
    sys.exit(launch(lambda: Brain(_reconcile, lambda *_: Needs(), lambda *_: {}), _sources))
