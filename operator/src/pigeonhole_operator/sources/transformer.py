"""One document sent to the transformer for one model's answer."""

import asyncio
import base64
from dataclasses import dataclass
from http import HTTPStatus
from typing import Literal

import aiohttp
from pydantic import BaseModel, ConfigDict, Field

from pigeonhole_operator.sources.exchange import Answer, Asked, Passing, Question, ask, parse
from pigeonhole_operator.sources.ports import SourceError
from pigeonhole_operator.sources.settings import SourceSettings

Role = Literal["stable", "candidate"]


@dataclass(frozen=True)
class Wanted:
    """Who is to answer: the role, and the version that is expected there when it is known."""

    role: Role
    version: str | None


@dataclass(frozen=True)
class Said:
    """The class that an answer names, and whether the model that was asked for gave it."""

    class_name: str | None
    by_wanted: bool


class Transformer:
    """Asks one transformer for the time of one replay; what it has no room for now is sent again for a while."""

    def __init__(self, session: aiohttp.ClientSession, settings: SourceSettings, url: str) -> None:
        self._session = session
        self._settings = settings
        self._url = url
        self._source = Asked(
            "The transformer",
            unreachable="TransformerUnreachable",
            refused="TransformerUnreachable",
            garbled="TransformerUnreachable",
            timeout_seconds=settings.replay_timeout_seconds,
            max_answer_bytes=settings.max_answer_bytes,
        )
        # A mounted ConfigMap takes a minute or two to show a new routing, and each pod of a transformer its own.
        self._routed_at = _now() + settings.replay_routing_seconds

    async def say(self, data: bytes, wanted: Wanted) -> Said:
        """Return what a model says of a document.

        Another model's answer counts only once the routing must have reached the transformer.

        Raises:
            SourceError: `TransformerUnreachable`, or `GoldenSetUnreadable` for a document that the transformer refuses.
        """
        instance = {"document": base64.b64encode(data).decode(), "role": wanted.role}
        question = Question("POST", self._url, json={"instances": [instance]})
        while True:
            said = self._read(await self._ask(question), wanted)
            if said.by_wanted or _now() >= self._routed_at:
                return said
            await asyncio.sleep(self._settings.replay_pause_seconds)

    async def _ask(self, question: Question) -> Answer:
        end = _now() + self._settings.replay_patience_seconds
        while True:
            try:
                return await ask(self._session, self._source, question)
            except Passing as error:
                pause = self._settings.replay_pause_seconds if error.retry_after is None else error.retry_after
                pause = min(pause, self._settings.replay_longest_pause_seconds)
                if _now() + pause > end:
                    raise
            await asyncio.sleep(pause)

    def _read(self, answer: Answer, wanted: Wanted) -> Said:
        if answer.status == HTTPStatus.UNPROCESSABLE_ENTITY:
            raise SourceError("GoldenSetUnreadable", "The transformer refuses a document of the golden set.")
        if not answer.is_ok:
            raise self._source.refuses(f"refused a document with {answer.status}")
        (prediction,) = parse(self._source, _Predictions, answer.content).predictions
        is_version = wanted.version is None or prediction.model.version == wanted.version
        return Said(prediction.class_name, prediction.role == wanted.role and is_version)


def _now() -> float:
    return asyncio.get_running_loop().time()


class _Model(BaseModel):
    model_config = ConfigDict(frozen=True, extra="ignore")

    version: str


class _Prediction(BaseModel):
    model_config = ConfigDict(frozen=True, extra="ignore")

    class_name: str | None = Field(alias="class")
    role: Role
    model: _Model


class _Predictions(BaseModel):
    model_config = ConfigDict(frozen=True, extra="ignore")

    predictions: tuple[_Prediction]
