"""Whether the transformer can do its work, and why not."""

import asyncio
import time
from uuid import uuid4

from pigeonhole_serving.errors import FieldError, Reason, ServingError
from pigeonhole_serving.settings import ServingSettings
from pigeonhole_serving.transformer import Transformer


class TransformerHealth:
    """Ready means that the OCR engine works with its languages and that a predictor answered lately."""

    def __init__(self, transformer: Transformer, settings: ServingSettings) -> None:
        self._transformer = transformer
        self._settings = settings
        self._answered_at: float | None = None
        self._problem: str | None = "No predictor has answered yet."

    def problems(self) -> tuple[FieldError, ...]:
        """Return what keeps the transformer from its work, naming the part that has the problem."""
        found = list(self.own_problems())
        if self._problem and not self._answered_lately():
            found.append(FieldError("predictor", Reason.PREDICTOR_UNAVAILABLE.value, self._problem))
        return tuple(found)

    def own_problems(self) -> tuple[FieldError, ...]:
        """Return why documents cannot be read, whether or not a predictor answers."""
        problem = self._transformer.readers.problem
        return (FieldError("ocr", Reason.NOT_READY.value, problem),) if problem else ()

    async def watch(self) -> None:
        """Probe the predictor for ever."""
        while True:
            try:
                await self._transformer.router.probe(f"probe-{uuid4().hex}")
                self._answered_at, self._problem = time.monotonic(), None
            except ServingError as error:
                self._problem = error.message
            await asyncio.sleep(self._settings.predictor_probe_seconds)

    def _answered_lately(self) -> bool:
        # One lost probe does not take every transformer out of service at once.
        grace = self._settings.predictor_grace_seconds
        return self._answered_at is not None and time.monotonic() - self._answered_at <= grace
