"""The predictor as KServe's model server sees it."""

import asyncio
import time
from collections.abc import Mapping
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any

from kserve import InferRequest, Model

from pigeonhole.artefact import UNREGISTERED, ArtefactError, ModelIdentity, load_classifier
from pigeonhole.classifier import TrainedClassifier
from pigeonhole.scored_texts import ScoredTexts
from pigeonhole.telemetry import get_logger
from pigeonhole_serving.answering_models import publish_model
from pigeonhole_serving.errors import FieldError, Reason, failure
from pigeonhole_serving.kserve_payloads import infer_answer, json_of, tensors_of
from pigeonhole_serving.openapi import predictor_document
from pigeonhole_serving.protocol.texts import (
    ScoreRequest,
    parse_v1_texts,
    parse_v2_texts,
    score_tensors,
    v1_scores,
)
from pigeonhole_serving.scoring import score_request
from pigeonhole_serving.settings import ServingSettings
from pigeonhole_serving.slots import Slots
from pigeonhole_serving.training_facts import publish_training

_log = get_logger(__name__)
# Two milliseconds of the event loop; a thread would wait longer for the interpreter, which the loop holds.
_QUICK_CHARACTERS = 8_000


@dataclass(frozen=True)
class _Request:
    protocol: str
    texts: ScoreRequest


class TextModel(Model):  # type: ignore[misc]  # kserve ships no types
    """Plain texts in, calibrated probabilities and the model's identity out, by V1 or V2."""

    def __init__(self, name: str, directory: Path, settings: ServingSettings) -> None:
        super().__init__(name)
        self.slots = Slots("texts", slots=settings.slots, queue_size=settings.queue_size)
        self._directory = directory
        self._settings = settings
        self._loaded: tuple[TrainedClassifier, ModelIdentity] | None = None
        self._problem = FieldError("model", Reason.NOT_READY.value, "The model is being loaded.")
        self.ready = True

    async def open(self) -> None:
        """Load the model and answer one text with it, away from the event loop."""
        try:
            model, found = await asyncio.to_thread(load_classifier, self._directory)
            loaded = model, identify(found, self._settings)
        except ArtefactError as error:
            self._problem = FieldError("model", error.code, error.message)
            _log.error("model refused", reason=error.code, detail=error.message)
            return
        await asyncio.to_thread(score_request, *loaded, ScoreRequest(("warm",), 1))
        self._loaded = loaded
        publish_model(loaded[1], "")
        publish_training(loaded[1], model.cross_validation, self._directory)
        _log.info("model loaded", **asdict(loaded[1]))

    def problems(self) -> tuple[FieldError, ...]:
        """Return why texts cannot be scored, or nothing when they can."""
        return () if self._loaded else (self._problem,)

    async def healthy(self) -> bool:
        """Tell whether the model is loaded and warm."""
        return self._loaded is not None

    def load(self) -> bool:
        """Tell whether the model is loaded; `open` loads it, once."""
        return self._loaded is not None

    def openapi(self) -> dict[str, Any]:
        """Return the OpenAPI document of the server that has this model."""
        return predictor_document(self._settings)

    def validate(self, payload: _Request) -> _Request:
        """Return the payload, which `preprocess` has checked."""
        return payload

    async def preprocess(self, payload: Any, _: Mapping[str, str] | None = None) -> _Request:
        """Return the request's texts."""
        most = self._settings.max_texts
        if isinstance(payload, InferRequest):
            return _Request("v2", parse_v2_texts(tensors_of(payload), payload.parameters, most))
        return _Request("v1", parse_v1_texts(json_of(payload), most))

    async def predict(self, payload: _Request, _: Mapping[str, str] | None = None) -> tuple[_Request, ScoredTexts]:
        """Score the texts, in a thread unless that takes longer than the scoring."""
        if self._loaded is None:
            raise failure(Reason.NOT_READY, self._problem.detail)
        model, identity = self._loaded
        if _is_quick(payload.texts):
            return payload, score_request(model, identity, payload.texts)
        deadline = time.monotonic() + self._settings.deadline_seconds
        with self.slots.admit(1):
            scored = await self.slots.run(lambda: score_request(model, identity, payload.texts), deadline=deadline)
        return payload, scored

    async def postprocess(self, result: tuple[_Request, ScoredTexts], headers: Mapping[str, str] | None = None) -> Any:
        """Return the answer in the request's protocol."""
        request, scored = result
        if request.protocol == "v1":
            return v1_scores(scored)
        return infer_answer(self.name, headers, score_tensors(scored), parameters=asdict(scored.model))


def _is_quick(request: ScoreRequest) -> bool:
    return not request.explain and sum(map(len, request.texts)) <= _QUICK_CHARACTERS


def identify(found: ModelIdentity, settings: ServingSettings) -> ModelIdentity:
    """Return a model's identity as its folder has it, or else as the settings do.

    A registry's folder is written before its model has a version, so who deploys it from there has to tell the version.

    Raises:
        ArtefactError: `identity-mismatch`, when folder and settings name two versions.
    """
    if not settings.model_version:
        return found
    told = replace(found, name=settings.registered_model, version=settings.model_version, run_id=settings.model_run_id)
    if found.version != UNREGISTERED and (found.name, found.version) != (told.name, told.version):
        raise ArtefactError(
            "The model's identity.json names another version than the settings.", code="identity-mismatch"
        )
    return found if found.version != UNREGISTERED else told
