"""One document from its bytes to its answer: read, cleaned, routed, scored, put together."""

import time

from pigeonhole.prediction import Prediction, ReadDocument, rows_to_score, scored_answer, unscored_answer
from pigeonhole_serving.errors import Reason, failure
from pigeonhole_serving.measuring import count_pages, count_prediction
from pigeonhole_serving.predictor_client import PredictorClient, Trace
from pigeonhole_serving.protocol.documents import DocumentInstance
from pigeonhole_serving.reader_pool import ReaderPool
from pigeonhole_serving.routing import Route
from pigeonhole_serving.routing_file import RoutingFile

STABLE = "stable"


class Transformer:
    """Classifies documents with the readers of this process and the predictor that the routing names."""

    def __init__(self, readers: ReaderPool, predictor: PredictorClient, routing: RoutingFile, *, reasons: int) -> None:
        self.readers = readers
        self._predictor = predictor
        self._routing = routing
        self._reasons = reasons

    async def classify(self, instance: DocumentInstance, trace: Trace, deadline: float) -> Prediction:
        """Return the answer for one document.

        Args:
            instance: The document and what is asked of it.
            trace: The ids to send along.
            deadline: `time.monotonic()` until which the answer is of use.

        Raises:
            DocumentRefused: The document cannot be read.
            ServingError: 503 or 504.
        """
        started = time.perf_counter()
        read = await self.readers.read(
            instance.data, with_boxes=instance.reasons, deadline=deadline, request_id=trace.request_id
        )
        count_pages(read.text)
        if read.clean.text:
            prediction = await self._score(read, instance, trace)
        else:
            prediction = unscored_answer(read, await self._predictor.model_at(self.route(), trace), STABLE)
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

    async def _score(self, read: ReadDocument, instance: DocumentInstance, trace: Trace) -> Prediction:
        scored = await self._predictor.score(
            self.route(), rows_to_score(read), explain=self._reasons if instance.reasons else 0, trace=trace
        )
        return scored_answer(read, scored, STABLE)
