"""How much is measured; docs/bench.md has the same table."""

from pathlib import Path

from pydantic import Field
from pydantic_settings import BaseSettings, SettingsConfigDict

_SHORT = {
    "files": 250,
    "submissions": 2,
    "queued": 10_000,
    "claims": 50,
    "drained": 300,
    "drain_rounds": 1,
    "waits": 2,
    "shared": 200,
}


class ApiBenchSettings(BaseSettings):
    """Settings of the bench; each is an environment variable `BENCH_<NAME>`."""

    model_config = SettingsConfigDict(env_prefix="BENCH_", frozen=True, env_ignore_empty=True)

    output: Path = Field(Path("build/bench"), description="Where api.json, api.png and the logs of processes go.")
    files: int = Field(5000, ge=100, le=5000, description="Files of the job that is uploaded, and of the large one.")
    file_kilobytes: int = Field(200, ge=10, le=5000, description="Size of an uploaded file, about.")
    connections: int = Field(8, ge=1, le=64, description="Files that are uploaded at the same time.")
    submissions: int = Field(5, ge=1, description="Jobs that are declared, of which the median counts.")
    queued: int = Field(100_000, ge=5000, description="Documents that wait while others are claimed.")
    claims: int = Field(500, ge=10, description="Claims of eight documents, of which the median counts.")
    drained: int = Field(4000, ge=100, le=5000, description="Documents of one drain.")
    drain_rounds: int = Field(3, ge=1, description="Drains of every queue.")
    concurrency: int = Field(8, ge=1, le=64, description="Documents in the hands of each of the two workers.")
    waits: int = Field(5, ge=1, description="Jobs of one file that are sent while a large job is worked on.")
    shared: int = Field(1000, ge=200, description="Documents that a tenant sends in one job, and in a hundred.")
    short: bool = Field(False, description="Measure little, to try the bench; counts that are set are then ignored.")

    def effective(self) -> "ApiBenchSettings":
        """Return the settings as they count: with small numbers when the bench is only tried."""
        return self.model_copy(update=_SHORT) if self.short else self
