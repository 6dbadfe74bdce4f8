"""How much is measured; docs/bench.md has the same table."""

from pathlib import Path

from pydantic import Field
from pydantic_settings import BaseSettings, SettingsConfigDict

from pigeonhole.processes import usable_cpus


class BenchSettings(BaseSettings):
    """Settings of the bench; each is an environment variable `BENCH_<NAME>`, which `make bench` takes as well."""

    model_config = SettingsConfigDict(env_prefix="BENCH_", frozen=True, env_ignore_empty=True)

    data: Path | None = Field(
        None, description="A folder with one folder of documents a class; without one, a corpus is generated."
    )
    output: Path = Field(Path("build/bench"), description="Where ocr.json, ocr.png and the generated corpus go.")
    documents: int = Field(350, ge=10, description="Documents measured at most, as many of each class.")
    difficulty: float = Field(0.1, ge=0, le=1, description="Difficulty of the generated corpus.")
    rapidocr_pages: int = Field(21, ge=0, description="Pages that rapidocr reads as well; it takes seconds for each.")
    robustness_pages: int = Field(140, ge=0, description="Pages that are turned, skewed and photographed.")
    scaling_pages: int = Field(28, ge=0, description="Pages that one worker and two workers read by turns.")
    scaling_rounds: int = Field(3, ge=1, description="Turns of one worker and of two.")
    folds: int = Field(5, ge=2, description="Folds: each document is sorted by a model of the other folds.")
    processes: int = Field(2, ge=1, description="Processes at once, no more than there are CPUs.")
    seed: int = Field(0, ge=0, description="Seed of every choice and of every order.")

    @property
    def workers(self) -> int:
        """Return the number of processes."""
        return min(self.processes, usable_cpus())
