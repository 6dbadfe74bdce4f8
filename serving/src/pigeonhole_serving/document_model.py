"""The transformer as KServe's model server sees it."""

import asyncio
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from kserve import InferRequest, Model

from pigeonhole.documents import DocumentRefused
from pigeonhole.prediction import Prediction
from pigeonhole_serving.errors import FieldError, Reason, documents_refused, failure
from pigeonhole_serving.kserve_payloads import infer_answer, json_of, tensors_of
from pigeonhole_serving.openapi import transformer_document
from pigeonhole_serving.protocol.documents import DocumentRequest, parse_v1_documents, parse_v2_documents
from pigeonhole_serving.protocol.predictions import prediction_tensor, v1_predictions
from pigeonhole_serving.settings import ServingSettings
from pigeonhole_serving.transformer import Transformer


@dataclass(frozen=True)
class Answered:
    """A request with the answers for its documents, in order."""

    request: DocumentRequest
    predictions: tuple[Prediction, ...]


class DocumentModel(Model):  # type: ignore[misc]  # kserve ships no types
    """Documents in, predictions out, by V1 or V2."""

    def __init__(self, name: str, transformer: Transformer, settings: ServingSettings) -> None:
        super().__init__(name)
        self._transformer = transformer
        self._settings = settings
        self.ready = True

    async def healthy(self) -> bool:
        """Tell whether documents can be read; a predictor that is away is another error."""
        return self._transformer.readers.problem is None

    def load(self) -> bool:
        """Tell whether documents can be read; the readers start on their own."""
        return self._transformer.readers.problem is None

    def openapi(self) -> dict[str, Any]:
        """Return the OpenAPI document of the server that has this model."""
        return transformer_document(self._settings)

    def validate(self, payload: DocumentRequest) -> DocumentRequest:
        """Return the payload, which `preprocess` has checked."""
        return payload

    async def preprocess(self, payload: Any, _: Mapping[str, str] | None = None) -> DocumentRequest:
        """Return the request's documents."""
        most = self._settings.max_documents
        if isinstance(payload, InferRequest):
            return parse_v2_documents(tensors_of(payload), payload.parameters, most)
        return parse_v1_documents(json_of(payload), most)

    async def predict(self, payload: DocumentRequest, headers: Mapping[str, str] | None = None) -> Answered:
        """Classify the documents side by side."""
        request_id = (headers or {}).get("x-request-id", "")
        with self._transformer.readers.admission.admit(len(payload.instances)):
            try:
                async with asyncio.timeout(self._settings.deadline_seconds):
                    results = await self._classify(payload, request_id)
            except TimeoutError as error:
                raise failure(Reason.TIMEOUT, "The request was not answered in time.") from error
        return Answered(payload, _predictions(payload, results))

    async def postprocess(self, result: Answered, headers: Mapping[str, str] | None = None) -> Any:
        """Return the answer in the request's protocol."""
        if result.request.protocol == "v1":
            return v1_predictions(result.predictions)
        return infer_answer(self.name, headers, [prediction_tensor(result.predictions)])

    async def _classify(self, request: DocumentRequest, request_id: str) -> list[Prediction | BaseException]:
        deadline = time.monotonic() + self._settings.deadline_seconds
        return await asyncio.gather(
            *(self._transformer.classify(instance, request_id, deadline) for instance in request.instances),
            return_exceptions=True,
        )


def _predictions(request: DocumentRequest, results: Sequence[Prediction | BaseException]) -> tuple[Prediction, ...]:
    predictions, refused = [], []
    for instance, result in zip(request.instances, results, strict=True):
        if isinstance(result, Prediction):
            predictions.append(result)
        elif isinstance(result, DocumentRefused):
            refused.append(FieldError(instance.field, result.code, result.detail))
        else:
            raise result
    if refused:
        raise documents_refused(refused)
    return tuple(predictions)
