"""Where the sources are, how long they may take and how much they may answer."""

from pathlib import Path
from string import Formatter
from typing import Annotated

from pydantic import AfterValidator, Field
from pydantic_settings import BaseSettings, SettingsConfigDict

_PLACES = {"host", "namespace", "model"}


def _check_template(template: str) -> str:
    # ValueError for a brace that is not closed comes from the formatter itself.
    unknown = {name for _, name, _, _ in Formatter().parse(template) if name is not None} - _PLACES
    if unknown:
        raise ValueError(
            f"only {{host}}, {{namespace}} and {{model}} can be filled in, not {', '.join(sorted(unknown))}"
        )
    return template


_Template = Annotated[str, AfterValidator(_check_template)]


class SourceSettings(BaseSettings):
    """Settings of the sources; each is an environment variable `PIGEONHOLE_OPERATOR_<NAME>`."""

    model_config = SettingsConfigDict(env_prefix="PIGEONHOLE_OPERATOR_", frozen=True)

    timeout_seconds: float = Field(5.0, gt=0, description="Time for one answer of MLflow, Prometheus or a predictor.")
    max_answer_bytes: int = Field(4_000_000, ge=1024, description="Bytes of one answer; a larger one is refused.")

    mlflow_url: str = Field("http://127.0.0.1:5000", description="MLflow's server.")
    mlflow_token_file: Path | None = Field(None, description="File with a bearer token for MLflow.")
    mlflow_username_file: Path | None = Field(None, description="File with the user's name for MLflow.")
    mlflow_password_file: Path | None = Field(None, description="File with the user's password for MLflow.")

    prometheus_url: str = Field("http://127.0.0.1:9090", description="Prometheus, or what answers like it.")
    prometheus_token_file: Path | None = Field(None, description="File with a bearer token for Prometheus.")

    metrics_selector: str = Field(
        'namespace="$namespace"',
        max_length=500,
        description="Label matchers by which the series of a namespace are found; empty where there is one alone.",
    )

    artefact_timeout_seconds: float = Field(20.0, gt=0, description="Time for a look at a model's files.")
    artefact_max_file_bytes: int = Field(1_000_000, ge=1024, description="Bytes of model.json or MLmodel, at most.")
    artefact_threads: int = Field(4, ge=1, le=32, description="Looks into S3 and folders at once.")

    predictor_url: _Template = Field(
        "http://{host}.{namespace}.svc/v2/models/documents/infer", description="Address of a predictor by its host."
    )
    predictor_answers: int = Field(8, ge=1, le=50, description="Answers of a predictor that must agree.")

    webhook_secret_file: Path | None = Field(
        None, description="File with the secret of MLflow's webhook; without it none is followed."
    )
    webhook_tolerance_seconds: float = Field(300.0, gt=0, description="How far off a webhook's time may be.")
    webhook_remembered: int = Field(10_000, ge=1, description="Deliveries that are remembered, to refuse them again.")

    transformer_url: _Template = Field(
        "http://{host}.{namespace}.svc/v1/models/{model}:predict", description="Address of a transformer by its host."
    )
    replay_concurrency: int = Field(2, ge=1, le=64, description="Documents in replay at once, of all replays.")
    replay_timeout_seconds: float = Field(130.0, gt=0, description="Time for one answer of the transformer.")
    replay_patience_seconds: float = Field(
        300.0, gt=0, description="How long one document is sent again while the transformer has no room or is away."
    )
    replay_pause_seconds: float = Field(5.0, gt=0, description="Pause before that, where Retry-After names no other.")
    replay_longest_pause_seconds: float = Field(60.0, gt=0, description="The longest Retry-After that is kept to.")
    replay_routing_seconds: float = Field(
        180.0, ge=0, description="How long after a replay's start the routing may take to reach the transformer."
    )
    replay_failures: int = Field(5, ge=0, description="Documents that may fail before a replay is given up.")
