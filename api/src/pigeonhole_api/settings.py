"""Settings of the API and of its worker."""

import os
from collections.abc import Collection, Sequence
from typing import Self

from pydantic import Field, SecretStr, field_validator, model_validator
from pydantic_settings import BaseSettings, SettingsConfigDict

from pigeonhole_api.auth.callers import Role
from pigeonhole_api.auth.claims import ClaimRules
from pigeonhole_api.duties import Duty, read_duties
from pigeonhole_api.quality.rules import QualityRules
from pigeonhole_api.retention import Retention
from pigeonhole_api.webhooks.addresses import Network, read_networks
from pigeonhole_api.webhooks.outcomes import RetryRules

_ASYMMETRIC = frozenset({"RS256", "RS384", "RS512", "PS256", "PS384", "PS512", "ES256", "ES384", "ES512", "EdDSA"})


class DatabaseSettings(BaseSettings):
    """Where the platform's state lies; each is an environment variable `PIGEONHOLE_API_<NAME>`."""

    model_config = SettingsConfigDict(env_prefix="PIGEONHOLE_API_", frozen=True)

    database_url: str = Field("", description="SQLAlchemy URL of the database; sqlite:///<home>/platform.db.")
    log_level: str = Field("INFO", description="The lowest level that is logged.")
    retention_days: float = Field(90.0, ge=0, description="Days that a job is kept after its end; 0 for ever.")
    retention_days_of_tenants: dict[str, float] = Field({}, description="JSON: other days, by tenant.")
    removal_grace_seconds: float = Field(
        900.0, ge=1, description="Time from a deletion to the removal of its contents; longer than any upload."
    )

    @property
    def retention(self) -> Retention:
        """Return how long jobs are kept."""
        return Retention(self.retention_days, self.retention_days_of_tenants)


class SharedSettings(DatabaseSettings):
    """What the server and its worker must be told alike; each is an environment variable `PIGEONHOLE_API_<NAME>`."""

    token: SecretStr | None = Field(
        None, min_length=16, description="The installation's own access token, with every right; none when unset."
    )
    signing_key: SecretStr | None = Field(
        None,
        min_length=16,
        description="What addresses, page tokens and webhooks are signed with; the access token when unset.",
    )
    webhook_networks: str = Field(
        "", description="Networks that are not public and that webhooks may go to, as CIDRs; comma-separated."
    )

    @field_validator("webhook_networks")
    @classmethod
    def _are_networks(cls, value: str) -> str:
        read_networks(value)
        return value

    @property
    def secret(self) -> str:
        """Return what signatures are made with, empty when there is nothing."""
        key = self.signing_key or self.token
        return "" if key is None else key.get_secret_value()

    @property
    def receiver_networks(self) -> Sequence[Network]:
        """Return the networks that webhooks may go to besides the public ones."""
        return read_networks(self.webhook_networks)


class ApiSettings(SharedSettings):
    """Settings of the server; each is an environment variable `PIGEONHOLE_API_<NAME>`."""

    user_name: str = Field(
        "local", min_length=1, max_length=100, description="The token holder's name in reviews and the audit trail."
    )
    allow_remote: bool = Field(False, description="Listen on other addresses than those of the loopback interface.")
    allowed_hosts: str = Field(
        "127.0.0.1,localhost,::1", min_length=1, description="Names a request's Host header may have; * for any."
    )
    files_per_upload: int = Field(100, ge=1, le=1000, description="Files that one request may hold.")
    documents_per_job: int = Field(5000, ge=1, description="Documents that one job may declare.")
    calls_per_second: float = Field(500.0, ge=0, description="Calls a second of one caller; 0 for no limit.")
    calls_at_once: int = Field(1000, ge=1, description="Calls that one caller may make at once above that rate.")
    event_seconds: float = Field(0.5, gt=0, le=10, description="Pause between two looks at a job that is watched.")
    max_watchers: int = Field(200, ge=1, description="Callers that may watch jobs at the same time.")
    max_body_bytes: int = Field(1_010_000_000, ge=1, description="Bytes of a request's body.")
    max_queued_documents: int = Field(
        20_000, ge=1, description="Documents of a tenant that may wait; then uploads get 429."
    )
    ingest_threads: int = Field(4, ge=1, le=64, description="Files of one upload that are stored at the same time.")
    min_free_bytes: int = Field(
        1_000_000_000, ge=0, description="Bytes of the storage's disk that uploads leave free; S3 has no such limit."
    )
    upload_url_seconds: int = Field(
        900, ge=1, le=604_800, description="How long an address for an upload to S3 is good."
    )
    public_s3_url: str = Field(
        "", description="S3's address as clients see it, for their uploads; that of AWS_ENDPOINT_URL when empty."
    )
    thumbnail_pixels: int = Field(160, ge=32, le=1024, description="Longer side of a thumbnail.")
    max_page_pixels: int = Field(4000, ge=200, le=10_000, description="Longest side of a page image asked for.")
    signed_url_seconds: int = Field(3600, ge=60, description="How long a thumbnail's address is good at least.")
    rendering_threads: int = Field(2, ge=1, le=64, description="Page images that are drawn at the same time.")
    webhooks_per_tenant: int = Field(20, ge=0, le=1000, description="Webhooks that a tenant may have.")
    model_deployment: str = Field(
        "",
        pattern=r"^((NAME/)?NAME)?$".replace("NAME", "[a-z0-9]([-a-z0-9.]*[a-z0-9])?"),
        description="ModelDeployment that decides what serves, as NAME or NAMESPACE/NAME; empty: the registry does.",
    )

    @model_validator(mode="after")
    def _has_a_key(self) -> Self:
        if self.token is None and self.signing_key is None:
            raise ValueError("PIGEONHOLE_API_SIGNING_KEY must be set when PIGEONHOLE_API_TOKEN is not")
        return self

    @property
    def hosts(self) -> frozenset[str]:
        """Return the allowed host names in lower case."""
        return frozenset(name.lower() for name in _names(self.allowed_hosts))


class OidcSettings(BaseSettings):
    """The issuer of people's tokens; each is an environment variable `PIGEONHOLE_OIDC_<NAME>`."""

    model_config = SettingsConfigDict(env_prefix="PIGEONHOLE_OIDC_", frozen=True)

    issuer: str = Field("", description="The issuer's address as its tokens name it; none when empty.")
    audience: str = Field("pigeonhole", min_length=1, description="Whom the issuer's tokens must be meant for.")
    jwks_url: str = Field("", description="Where its keys are; the issuer's discovery document says it when empty.")
    algorithms: str = Field("RS256,ES256", min_length=1, description="Signatures that are accepted; asymmetric ones.")
    name_claim: str = Field("preferred_username", min_length=1, description="The claim with a person's name, or `sub`.")
    roles_claim: str = Field("groups", min_length=1, description="The claim with groups, such as realm_access.roles.")
    tenant_claim: str = Field("tenant", min_length=1, description="The claim with the tenant.")
    default_tenant: str | None = Field(None, min_length=1, max_length=64, description="Tenant of tokens without one.")
    roles: dict[str, Role] = Field(
        {role.value: role for role in Role}, description="JSON: the role of each group; others give none."
    )
    leeway_seconds: float = Field(30.0, ge=0, le=300, description="By how much clocks may differ.")
    keys_seconds: float = Field(300.0, gt=0, description="After how long the issuer's keys are read again.")
    unknown_key_pause_seconds: float = Field(
        10.0, ge=0, description="Shortest time between two looks for a key that is not known."
    )

    @field_validator("algorithms")
    @classmethod
    def _asymmetric(cls, value: str) -> str:
        refused = sorted(set(_names(value)) - _ASYMMETRIC)
        if refused or not _names(value):
            raise ValueError(f"it must name asymmetric algorithms, {', '.join(sorted(_ASYMMETRIC))}")
        return value

    @property
    def accepted_algorithms(self) -> frozenset[str]:
        """Return the signature algorithms by their names."""
        return frozenset(_names(self.algorithms))

    def claim_rules(self) -> ClaimRules:
        """Return where a token says what."""
        return ClaimRules(self.name_claim, self.roles_claim, self.tenant_claim, self.roles, self.default_tenant)


def _names(text: str) -> list[str]:
    return [name.strip() for name in text.split(",") if name.strip()]


class WorkerSettings(SharedSettings):
    """Settings of the worker; each is an environment variable `PIGEONHOLE_API_<NAME>`."""

    transformer_url: str = Field("http://127.0.0.1:8080", min_length=1, description="Where the transformer answers.")
    served_model: str = Field("documents", pattern=r"^[A-Za-z0-9_-]+$", description="The model's name there.")
    transformer_timeout_seconds: float = Field(150.0, gt=0, description="Time for one document's answer.")
    concurrency: int = Field(0, ge=0, le=512, description="Documents in hand at the same time; 0 for the CPU count.")
    lease_seconds: float = Field(30.0, ge=1, description="How long work is a worker's without a sign of life.")
    upload_hours: float = Field(24.0, gt=0, description="Hours after which a declared file is given up.")
    max_attempts: int = Field(3, ge=1, le=20, description="Attempts at a document before it has failed.")
    poll_seconds: float = Field(0.5, gt=0, description="Pause between two looks at an empty queue.")
    max_backoff_seconds: float = Field(5.0, gt=0, description="Longest pause while the transformer does not answer.")
    training_module: str = Field("pigeonhole_pipelines.run", min_length=1, description="The module that trains.")
    training_runner: str = Field("direct", pattern="^(direct|kfp)$", description="How the training's steps run.")
    training_params: str = Field("", description="YAML file with parameters of trainings; their defaults when empty.")
    training_attempts: int = Field(2, ge=1, le=10, description="Attempts at a training whose worker was lost.")
    duties: str = Field(
        "documents,trainings,webhooks,upkeep",
        description="What the worker does; upkeep removes what is due and computes the models' figures.",
    )
    metrics_port: int = Field(
        0, ge=0, le=65535, description="Port of the worker's metrics, /livez and /readyz; 0 for none."
    )
    metrics_address: str = Field("127.0.0.1", min_length=1, description="Address of that port.")
    reap_seconds: float = Field(60.0, gt=0, description="Pause between two looks for what is to be removed.")
    page_text_caches: str = Field(
        "", description="The transformers' PIGEONHOLE_SERVING_CACHE_URL, which removals must reach; comma-separated."
    )
    webhook_ca_file: str = Field(
        "", description="PEM file of receivers' certificate authorities, besides the usual ones."
    )
    webhook_concurrency: int = Field(4, ge=1, le=64, description="Webhooks that are sent at the same time.")
    webhook_timeout_seconds: float = Field(10.0, gt=0, le=120, description="Time for a receiver's answer.")
    webhook_attempts: int = Field(12, ge=1, le=50, description="Attempts at a delivery, over about 22 hours.")
    webhook_first_pause_seconds: float = Field(
        5.0, gt=0, description="Pause after a delivery's first attempt; three times as long after each further one."
    )
    webhook_longest_pause_seconds: float = Field(21_600.0, gt=0, description="Longest pause between two attempts.")
    webhook_kept_days: float = Field(30.0, gt=0, description="Days that a delivery is listed after its end.")
    training_promotes: bool = Field(True, description="Let a model that passes its gates serve at once.")
    audit_share: float = Field(0.02, ge=0, le=1, description="Share of sure answers that people decide blind as well.")
    quality_seconds: float = Field(
        300.0, gt=0, description="Time from one computing of the models' figures to the next."
    )
    accuracy_days: float = Field(30.0, gt=0, description="Days whose decisions make a model's accuracy.")
    drift_days: float = Field(7.0, gt=0, description="Days whose documents are compared with a model's first ones.")
    drift_reference_days: float = Field(
        30.0, gt=0, description="Days from a model's first answer that make the reference."
    )
    drift_min_documents: int = Field(100, ge=1, description="Documents on each side below which no drift is told.")

    @property
    def quality_rules(self) -> QualityRules:
        """Return what the models' figures are about."""
        return QualityRules(self.accuracy_days, self.drift_days, self.drift_reference_days, self.drift_min_documents)

    @property
    def caches(self) -> list[str]:
        """Return the storages of page texts, besides the platform's own."""
        return _names(self.page_text_caches)

    @field_validator("duties")
    @classmethod
    def _are_duties(cls, value: str) -> str:
        read_duties(value)
        return value

    @property
    def chosen_duties(self) -> Collection[Duty]:
        """Return what the worker does."""
        return read_duties(self.duties)

    @field_validator("concurrency")
    @classmethod
    def _one_a_processor(cls, value: int) -> int:
        return value or os.cpu_count() or 1

    @property
    def webhook_retries(self) -> RetryRules:
        """Return how often a delivery is tried."""
        return RetryRules(self.webhook_attempts, self.webhook_first_pause_seconds, self.webhook_longest_pause_seconds)
