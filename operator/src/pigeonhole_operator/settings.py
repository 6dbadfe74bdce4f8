"""How the operator's process behaves; what it decides is in the resources."""

from pathlib import Path
from typing import Annotated, Self

from pydantic import Field, model_validator
from pydantic_settings import BaseSettings, SettingsConfigDict

_Name = Annotated[str, Field(min_length=1, max_length=63, pattern=r"^[a-z0-9]([-a-z0-9]*[a-z0-9])?$")]


class OperatorSettings(BaseSettings):
    """Settings of the operator; each is an environment variable `PIGEONHOLE_OPERATOR_<NAME>`."""

    model_config = SettingsConfigDict(env_prefix="PIGEONHOLE_OPERATOR_", frozen=True)

    namespace: _Name | None = Field(None, description="The only namespace that is looked after; all when it is unset.")
    lease_namespace: _Name = Field("default", description="Namespace of the Lease by which one operator leads.")
    lease_name: _Name = Field("pigeonhole-operator", description="Name of that Lease.")
    # The three as Argo Rollouts and client-go have them.
    lease_seconds: int = Field(15, ge=1, le=600, description="Age of a Lease that did not change at which it is free.")
    lease_renew_seconds: float = Field(
        10.0, gt=0, description="Time without a renewal after which the leader stops; below the Lease's age."
    )
    lease_retry_seconds: float = Field(2.0, gt=0, description="Pause between two looks at the Lease.")
    workers: int = Field(4, ge=1, le=64, description="ModelDeployments that are worked on at once.")
    resync_seconds: float = Field(60.0, gt=0, description="Pause between two comparisons of what is held and a list.")
    idle_seconds: float = Field(300.0, gt=0, description="Time after which a ModelDeployment is looked at anyway.")
    backoff_seconds: float = Field(1.0, gt=0, description="Pause after a first failure; each further one doubles it.")
    backoff_limit_seconds: float = Field(300.0, gt=0, description="The longest such pause.")
    look_seconds: float = Field(60.0, gt=0, description="Time for asking everything that one decision needs.")
    artefact_seconds: float = Field(300.0, ge=0, description="Time for which a model's files are not looked at again.")
    routing_seconds: float = Field(
        300.0, ge=0, description="Time for which the routing is not read again while no promotion is under way."
    )
    conflict_seconds: float = Field(300.0, ge=0, description="Time for which fields that somebody else has are let be.")
    stop_seconds: float = Field(10.0, gt=0, description="Time after SIGTERM for the work in hand.")
    host: str = Field("127.0.0.1", min_length=1, description="Address to listen on; 0.0.0.0 in a container.")
    port: int = Field(8081, ge=0, le=65535, description="Port of health, metrics and webhooks; 0 for any free one.")
    max_body_bytes: int = Field(1_000_000, ge=1024, description="Bytes of a webhook's body; more get 413.")
    silence_limit_seconds: float = Field(
        180.0, gt=0, description="Time without an event or a comparison after which the process counts as dead."
    )
    queue_age_limit_seconds: float = Field(
        300.0, gt=0, description="Age of the oldest due work at which the process counts as dead."
    )
    loop_lag_limit_seconds: float = Field(
        2.0, gt=0, description="Lag of the event loop from which on the process counts as dead."
    )
    log_level: str = Field(
        "INFO", pattern="^(DEBUG|INFO|WARNING|ERROR)$", description="The lowest level that is logged."
    )
    objects_directory: Path | None = Field(
        None, description="Folder of YAML files with what the installation brings along, applied at the start."
    )
    objects_owner: _Name | None = Field(None, description="ConfigMap in the namespace that those objects belong to.")

    @model_validator(mode="after")
    def _objects_have_a_place(self) -> Self:
        if self.objects_directory is not None and None in (self.namespace, self.objects_owner):
            raise ValueError("objects_directory needs namespace and objects_owner as well")
        return self
