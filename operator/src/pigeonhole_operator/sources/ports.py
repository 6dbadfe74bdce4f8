"""What the operator asks of the world outside the cluster's API; each method raises SourceError and nothing else."""

from collections.abc import Callable, Mapping
from typing import Protocol

from pigeonhole.errors import PigeonholeError
from pigeonhole_operator.decision.observed import (
    Artefact,
    Deployment,
    Evaluation,
    ModelVersion,
    Problem,
    Promotion,
    Reading,
    Replay,
    Served,
)


class SourceError(PigeonholeError):
    """A source that did not answer, or not as it should: `reason` is CamelCase and goes into a condition.

    The sentence names the source and never quotes an answer, an address with credentials or a secret.
    """

    def __init__(self, reason: str, message: str) -> None:
        super().__init__(message, code=reason)

    @property
    def problem(self) -> Problem:
        """Return what a decision sees of it."""
        return Problem(self.code, self.message)


class RegistryPort(Protocol):
    """MLflow's registry."""

    async def aliases(self, model: str) -> Mapping[str, str]:
        """Return the versions of a registered model's aliases; none when there is no such model."""

    async def version(self, model: str, version: str) -> ModelVersion | None:
        """Return a version, or None when there is none."""

    async def evaluation(self, version: ModelVersion) -> Evaluation:
        """Return the evaluation report of a version's run; `EvaluationMissing` when the run has none."""

    async def set_alias(self, model: str, alias: str, version: str) -> None:
        """Let an alias name a version."""

    async def delete_alias(self, model: str, alias: str) -> None:
        """Take an alias away; one that is not there is no error."""

    async def tag(self, model: str, version: str, tags: Mapping[str, str]) -> None:
        """Set tags of a version."""


class ArtefactPort(Protocol):
    """The store of models' files."""

    async def look(self, storage_uri: str) -> Artefact:
        """Return what lies there.

        Reasons: `ArtefactMissing` for a folder without the model's files, `ArtefactUnreachable` for a store that does
        not answer. A scheme that cannot be looked into from here (`pvc://`) gives an Artefact of Nones.
        """


class MetricsPort(Protocol):
    """Prometheus."""

    async def read(self, query: str) -> Reading:
        """Return the one value of an instant query, or None for no data or NaN; `MetricsAmbiguous` for several."""


class PredictorPort(Protocol):
    """The predictors, by their names inside the cluster."""

    async def served(self, namespace: str, host: str) -> Served:
        """Return which model answers there, by an answer to a real request; `PredictorUnreachable` when none does."""


class ReplayPort(Protocol):
    """The golden set, sent through the transformer while the candidate is compared."""

    async def progress(self, deployment: Deployment, promotion: Promotion) -> Replay:
        """Begin the replay of a promotion, or tell how far it is; it returns at once."""


class WebhookRefused(PigeonholeError):
    """A webhook that is not the registry's, too old, or seen before; the code says which."""

    def __init__(self, code: str, message: str) -> None:
        super().__init__(message, code=code)


VerifyWebhook = Callable[[Mapping[str, str], bytes], str]
"""Returns the registered model that a webhook is about, by its headers and its body, or raises WebhookRefused."""
