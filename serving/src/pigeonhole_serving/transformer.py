"""One document from its bytes to its answer: read, cleaned, routed, scored, put together."""

import time

from pigeonhole.classifier import reads_enough
from pigeonhole.ocr import View
from pigeonhole.prediction import Prediction, ReadDocument, rows_to_score, scored_answer, unscored_answer
from pigeonhole_serving.errors import Reason, failure
from pigeonhole_serving.measuring import count_pages, count_prediction
from pigeonhole_serving.predictor_client import PredictorClient, Trace
from pigeonhole_serving.protocol.documents import DocumentInstance
from pigeonhole_serving.readers import Readers
from pigeonhole_serving.routing import Route
from pigeonhole_serving.routing_file import RoutingFile

STABLE = "stable"


class Transformer:
    """Classifies documents with the readers of this process and the predictor that the routing names."""

    def __init__(self, readers: Readers, predictor: PredictorClient, routing: RoutingFile, *, reasons: int) -> None:
        self.readers = readers
        self._predictor = predictor
        self._routing = routing
        self._reasons = reasons

    async def classify(self, instance: DocumentInstance, trace: Trace, deadline: float) -> Prediction:
        """Return the answer for one document.

        A first look is answered when the model is sure enough of it; else the document is read whole.

        Args:
            instance: The document and what is asked of it.
            trace: The ids to send along.
            deadline: `time.monotonic()` until which the answer is of use.

        Raises:
            DocumentRefused: The document cannot be read.
            ServingError: 503 or 504.
        """
        started = time.perf_counter()
        for view in self._views():
            read = await self.readers.read(instance.data, view=view, deadline=deadline, request_id=trace.request_id)
            count_pages(read.text, view)
            prediction, stop_confidence = await self._answer(read, instance, trace)
            if read.text.complete or reads_enough(prediction.score, stop_confidence):
                break
        if prediction.score.abstained and not read.text.complete:
            # A person will look at it, and what they say becomes an example, whose text a training wants.
            self.readers.read_later(instance.data, request_id=trace.request_id)
        count_prediction(prediction, time.perf_counter() - started)
        return prediction

    async def probe(self, trace: Trace) -> None:
        """Have the predictor score an empty text, to learn that it answers and with which model.

        Raises:
            ServingError: 503 or 504.
        """
        await self._predictor.score(self.route(), [""], explain=0, trace=trace)

    def route(self) -> Route:
        """Return where texts are scored now.

        Raises:
            ServingError: 503, when neither a routing file nor --predictor_host names a predictor.
        """
        routing = self._routing.current()
        if routing is None:
            raise failure(Reason.NOT_READY, "No predictor is named by the routing file.")
        return routing.stable

    def _views(self) -> tuple[View, ...]:
        """Return in which views a document is read until it is enough."""
        return ("lines", "full") if self._predictor.takes_first_looks(self.route()) else ("full",)

    async def _answer(
        self, read: ReadDocument, instance: DocumentInstance, trace: Trace
    ) -> tuple[Prediction, float | None]:
        """Return the answer for what was read, and from which confidence on such an answer is enough."""
        route = self.route()
        if not read.clean.text:
            return unscored_answer(read, await self._predictor.model_at(route, trace), STABLE), None
        explain = self._reasons if instance.reasons else 0
        scored = await self._predictor.score(route, rows_to_score(read), explain=explain, trace=trace)
        return scored_answer(read, scored, STABLE), scored.stop_confidence
