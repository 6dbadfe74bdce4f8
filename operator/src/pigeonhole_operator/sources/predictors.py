"""Which model a predictor serves, by its answers to a real request."""

import aiohttp
from pydantic import BaseModel, ConfigDict, Field

from pigeonhole_operator.decision.observed import Served
from pigeonhole_operator.sources.exchange import Asked, Question, ask, parse
from pigeonhole_operator.sources.ports import SourceError
from pigeonhole_operator.sources.settings import SourceSettings

# One empty text: it costs nothing to score and is nobody's.
_BODY = {"inputs": [{"name": "text", "datatype": "BYTES", "shape": [1], "data": [""]}]}


class Predictors:
    """Asks predictors several times, since a Service may have an old and a new pod; each time anew (`open_session`)."""

    def __init__(self, session: aiohttp.ClientSession, settings: SourceSettings) -> None:
        self._session = session
        self._url = settings.predictor_url
        self._answers = settings.predictor_answers
        self._source = Asked(
            "The predictor",
            unreachable="PredictorUnreachable",
            refused="PredictorUnreachable",
            garbled="PredictorGarbled",
            timeout_seconds=settings.timeout_seconds,
            max_answer_bytes=settings.max_answer_bytes,
        )

    async def served(self, namespace: str, host: str) -> Served:
        """Return the model that all answers name.

        Raises:
            SourceError: `PredictorUnreachable` when one answer fails, `PredictorsDisagree` or `PredictorGarbled`.
        """
        url = self._url.format(host=host, namespace=namespace, model="documents")
        found = {await self._ask(url) for _ in range(self._answers)}
        if len(found) > 1:
            raise SourceError("PredictorsDisagree", f"{len(found)} models answer at one predictor's address.")
        return found.pop()

    async def _ask(self, url: str) -> Served:
        answer = await ask(self._session, self._source, Question("POST", url, json=_BODY))
        if not answer.is_ok:
            raise self._source.refuses(f"answered {answer.status}")
        model = parse(self._source, _Answer, answer.content).parameters
        return Served(model.version, model.digest)


class _Identity(BaseModel):
    model_config = ConfigDict(frozen=True, extra="ignore")

    version: str = Field(min_length=1)
    digest: str = Field(min_length=1)


class _Answer(BaseModel):
    model_config = ConfigDict(frozen=True, extra="ignore")

    parameters: _Identity
