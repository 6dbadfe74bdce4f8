"""Settings of the API and of its worker."""

import os

from pydantic import Field, SecretStr, field_validator
from pydantic_settings import BaseSettings, SettingsConfigDict


class DatabaseSettings(BaseSettings):
    """Where the platform's state lies; each is an environment variable `PIGEONHOLE_API_<NAME>`."""

    model_config = SettingsConfigDict(env_prefix="PIGEONHOLE_API_", frozen=True)

    database_url: str = Field("", description="SQLAlchemy URL of the database; sqlite:///<home>/platform.db.")
    log_level: str = Field("INFO", description="The lowest level that is logged.")


class ApiSettings(DatabaseSettings):
    """Settings of the server; each is an environment variable `PIGEONHOLE_API_<NAME>`."""

    token: SecretStr = Field(min_length=16, description="The access token that every call must carry.")
    user_name: str = Field(
        "local", min_length=1, max_length=100, description="The token holder's name in reviews and the audit trail."
    )
    allow_remote: bool = Field(False, description="Listen on other addresses than those of the loopback interface.")
    allowed_hosts: str = Field(
        "127.0.0.1,localhost,::1", min_length=1, description="Names a request's Host header may have; * for any."
    )
    files_per_upload: int = Field(100, ge=1, le=1000, description="Files that one request may hold.")
    documents_per_job: int = Field(5000, ge=1, description="Documents that one job may declare.")
    max_body_bytes: int = Field(1_010_000_000, ge=1, description="Bytes of a request's body.")
    max_queued_documents: int = Field(20_000, ge=1, description="Documents that may wait; then uploads get 429.")
    ingest_threads: int = Field(4, ge=1, le=64, description="Files of one upload that are stored at the same time.")
    thumbnail_pixels: int = Field(160, ge=32, le=1024, description="Longer side of a thumbnail.")
    max_page_pixels: int = Field(4000, ge=200, le=10_000, description="Longest side of a page image asked for.")
    signed_url_seconds: int = Field(3600, ge=60, description="How long a thumbnail's address is good at least.")
    rendering_threads: int = Field(2, ge=1, le=64, description="Page images that are drawn at the same time.")

    @property
    def hosts(self) -> frozenset[str]:
        """Return the allowed host names in lower case."""
        return frozenset(name.strip().lower() for name in self.allowed_hosts.split(",") if name.strip())


class WorkerSettings(DatabaseSettings):
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
    training_attempts: int = Field(2, ge=1, le=10, description="Attempts at a training whose worker was lost.")
    metrics_port: int = Field(0, ge=0, le=65535, description="Port of the worker's metrics; 0 for none.")
    metrics_address: str = Field("127.0.0.1", min_length=1, description="Address of the worker's metrics.")
    training_promotes: bool = Field(True, description="Let a model that passes its gates serve at once.")

    @field_validator("concurrency")
    @classmethod
    def _one_a_processor(cls, value: int) -> int:
        return value or os.cpu_count() or 1
