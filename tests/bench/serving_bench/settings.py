"""How much is measured; docs/bench.md has the same table."""

from pathlib import Path

from pydantic import Field
from pydantic_settings import BaseSettings, SettingsConfigDict


class ServingBenchSettings(BaseSettings):
    """Settings of the bench; each is an environment variable `BENCH_<NAME>`."""

    model_config = SettingsConfigDict(env_prefix="BENCH_", frozen=True, env_ignore_empty=True)

    output: Path = Field(Path("build/bench"), description="Where serving.json, serving.png and the logs of servers go.")
    documents: int = Field(2000, ge=100, description="Documents sent under load.")
    difficulty: float = Field(0.1, ge=0, le=1, description="Difficulty of the generated corpora.")
    training_documents: int = Field(280, ge=70, description="Documents that the model is trained on.")
    single_documents: int = Field(70, ge=7, description="Documents sent one at a time.")
    rounds: int = Field(7, ge=1, description="Turns of every server.")
    round_seconds: float = Field(3.0, gt=0, description="Seconds of a server's turn, for each number of callers.")
    load_seconds: float = Field(600.0, gt=0, description="Seconds of sending at most; later documents are left out.")
    seed: int = Field(0, ge=0, description="Seed of the corpora and of every order.")
