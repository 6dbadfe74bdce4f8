"""How many processes read documents, and how long they may take."""

from pydantic import Field
from pydantic_settings import BaseSettings, SettingsConfigDict

from pigeonhole.processes import usable_cpus


class PoolSettings(BaseSettings):
    """Settings of the reading processes; each is an environment variable `PIGEONHOLE_READING_<NAME>`.

    How long a page may take is a limit of documents (`DocumentLimits.page_deadline_seconds`).
    """

    model_config = SettingsConfigDict(env_prefix="PIGEONHOLE_READING_", frozen=True)

    workers: int = Field(
        0, ge=0, le=256, description="Reading processes; 0 means one for each CPU that this process may use."
    )
    queue_size: int = Field(32, ge=1, description="Documents of one priority that may wait for a reading process.")
    recycle_pages: int = Field(500, ge=1, description="Pages after which a reading process is replaced by a fresh one.")
    max_resident_bytes: int = Field(
        650_000_000, ge=300_000_000, description="Memory that a reading process may hold; Linux only."
    )
    document_deadline_seconds: float = Field(
        300.0, gt=0, description="Seconds of reading after which a document is refused, however many pages it has."
    )
    start_deadline_seconds: float = Field(120.0, gt=0, description="Seconds for a reading process to start.")
    start_again_seconds: float = Field(
        30.0, gt=0, description="Pause before a process that did not start is tried again."
    )

    @property
    def processes(self) -> int:
        """Return the number of reading processes."""
        return self.workers or usable_cpus()

    @property
    def room(self) -> int:
        """Return how many documents of one priority may be in hand: read now, or waiting."""
        return self.processes + self.queue_size
