"""How much is measured; docs/bench.md has the same table."""

from pathlib import Path

from pydantic import Field
from pydantic_settings import BaseSettings, SettingsConfigDict

_SHORT = {"deployments": 20, "rest_seconds": 20, "changes": 5}


class OperatorBenchSettings(BaseSettings):
    """Settings of the bench; each is an environment variable `BENCH_<NAME>`."""

    model_config = SettingsConfigDict(env_prefix="BENCH_", frozen=True, env_ignore_empty=True)

    output: Path = Field(Path("build/bench"), description="Where operator.json and the logs of processes go.")
    deployments: int = Field(500, ge=5, le=2000, description="ModelDeployments that the operator looks after.")
    rest_seconds: int = Field(180, ge=10, description="Time at rest over which calls are counted.")
    changes: int = Field(40, ge=5, description="Changes of a spec, of which the slowest but five per cent counts.")
    short: bool = Field(False, description="Measure little, to try the bench; counts that are set are then ignored.")

    def effective(self) -> "OperatorBenchSettings":
        """Return the settings as they count: with small numbers when the bench is only tried."""
        return self.model_copy(update=_SHORT) if self.short else self
