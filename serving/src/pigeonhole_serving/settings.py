"""How the two model servers behave."""

from pydantic import Field
from pydantic_settings import BaseSettings, SettingsConfigDict

from pigeonhole.processes import usable_cpus


class ServingSettings(BaseSettings):
    """Settings of the transformer and the predictor; each is an environment variable `PIGEONHOLE_SERVING_<NAME>`."""

    model_config = SettingsConfigDict(env_prefix="PIGEONHOLE_SERVING_", frozen=True)

    host: str = Field("127.0.0.1", min_length=1, description="Address to listen on; 0.0.0.0 in a container.")
    slots: int = Field(
        default_factory=usable_cpus,
        ge=1,
        le=256,
        description="Documents read at once (transformer) or requests scored at once (predictor); the CPU count.",
    )
    queue_size: int = Field(32, ge=0, description="Documents or requests that may wait for a slot; more get 503.")
    max_requests: int = Field(64, ge=1, description="Requests in hand at once, their bodies in memory; more get 503.")
    retry_after_seconds: int = Field(5, ge=1, description="Retry-After of an answer 503.")
    max_body_bytes: int = Field(32_000_000, ge=1024, description="Bytes of a request's body; more get 413.")
    max_documents: int = Field(16, ge=1, description="Documents a request to the transformer.")
    max_texts: int = Field(256, ge=1, description="Texts a request to the predictor.")
    deadline_seconds: float = Field(120.0, gt=0, description="Time for a whole request; then it gets 504.")
    grace_period_seconds: int = Field(
        130, ge=1, description="Time after SIGTERM for requests in flight; keep it above the deadline."
    )
    reasons: int = Field(8, ge=1, le=50, description="Words named as reasons, at most, when a caller asks for them.")
    cache_url: str = Field("", description="Storage of page texts read before: a folder or s3://...; empty for none.")
    registered_model: str = Field(
        "document-classifier", min_length=1, description="Registered name of the predictor's model, with its version."
    )
    model_version: str = Field(
        "", max_length=100, description="Version of the predictor's model, where its folder has no identity.json."
    )
    model_run_id: str = Field("", max_length=100, description="Run that made the predictor's model, likewise.")
    predictor_timeout_seconds: float = Field(10.0, gt=0, description="Time for the predictor's answer.")
    candidate_timeout_seconds: float = Field(
        1.0, gt=0, description="Time for the candidate's answer; then stable is asked."
    )
    candidate_failures: int = Field(
        5, ge=1, description="Failures in a row after which the candidate is left alone for a while."
    )
    candidate_open_seconds: float = Field(
        30.0, gt=0, description="How long it is left alone; then one document tries it again."
    )
    shadow_limit: int = Field(8, ge=0, description="Comparisons of the two models at once; more are left out.")
    predictor_probe_seconds: float = Field(2.0, gt=0, description="Pause between two probes of the predictor.")
    predictor_grace_seconds: float = Field(
        10.0, ge=0, description="Age of the predictor's last answer at which the transformer is no longer ready."
    )
