"""What the pods of a run are given besides their parameters: where S3 is, and the keys to it and to MLflow."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from kfp.dsl import PipelineTask

VARIABLES = ("AWS_ENDPOINT_URL", "AWS_DEFAULT_REGION")
"""Variables that every step gets as whoever compiles the pipeline has them."""
KEYS = (
    "AWS_ACCESS_KEY_ID",
    "AWS_SECRET_ACCESS_KEY",
    "AWS_SESSION_TOKEN",
    "MLFLOW_TRACKING_TOKEN",
    "MLFLOW_TRACKING_USERNAME",
    "MLFLOW_TRACKING_PASSWORD",
)
"""Variables that every step gets from a Secret, by the same names; the Secret has those that are needed."""


@dataclass(frozen=True)
class Pods:
    """The environment of a run's pods; `secret` is the name of a Secret in the namespace where they run."""

    variables: Mapping[str, str] = field(default_factory=dict)
    secret: str = ""

    def prepare(self, task: "PipelineTask") -> None:
        """Give a step's pod its environment."""
        for name, value in self.variables.items():
            task.set_env_variable(name, value)
        if self.secret:
            from kfp import kubernetes

            # Optional, or a pod would wait for ever for a key that is not needed; a step says what it cannot reach.
            kubernetes.use_secret_as_env(task, self.secret, {key: key for key in KEYS}, optional=True)


def pods_of(environment: Mapping[str, str], secret: str) -> Pods:
    """Return the pods' environment as this process's has it, and the name of their Secret, which may be empty."""
    return Pods({name: environment[name] for name in VARIABLES if environment.get(name)}, secret)
