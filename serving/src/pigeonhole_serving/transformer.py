"""One document from its bytes to its answer: read, cleaned, routed, scored, put together."""

import time
from dataclasses import replace

from pigeonhole.classifier import reads_enough
from pigeonhole.documents import document_sha256
from pigeonhole.prediction import Prediction, ReadDocument, rows_to_score, scored_answer, unscored_answer
from pigeonhole.telemetry.tracing import span
from pigeonhole_serving.measuring import count_pages, count_prediction
from pigeonhole_serving.predictor_client import Question
from pigeonhole_serving.protocol.documents import DocumentInstance
from pigeonhole_serving.readers import Readers
from pigeonhole_serving.router import RoutedDocument, Router


class Transformer:
    """Classifies documents with the readers of this process and the predictors that the routing names."""

    def __init__(self, readers: Readers, router: Router, *, reasons: int) -> None:
        self.readers = readers
        self.router = router
        self._reasons = reasons

    async def classify(self, instance: DocumentInstance, request_id: str, deadline: float) -> Prediction:
        """Return the answer for one document.

        A first look is answered when the model is sure enough of it; else the document is read whole.

        Args:
            instance: The document and what is asked of it.
            request_id: The id to send along.
            deadline: `time.monotonic()` until which the answer is of use.

        Raises:
            DocumentRefused: The document cannot be read.
            ServingError: 503 or 504.
        """
        started = time.perf_counter()
        sha256 = document_sha256(instance.data)
        routed = self.router.route(instance.group or sha256, instance.role)
        for view in routed.views:
            with span("read document", view=view) as reading:
                read = await self.readers.read(
                    instance.data, sha256=sha256, view=view, deadline=deadline, request_id=request_id
                )
                reading.set_attribute("pages", len(read.text.pages))
            count_pages(read.text, view)
            prediction, is_enough = await self._answer(routed, read, instance, request_id)
            if is_enough:
                break
        if prediction.score.abstained and not read.text.complete:
            # A person will look at it, and what they say becomes an example, whose text a training wants.
            self.readers.read_later(instance.data, sha256=sha256, request_id=request_id)
        count_prediction(prediction, time.perf_counter() - started)
        return prediction

    async def _answer(
        self, routed: RoutedDocument, read: ReadDocument, instance: DocumentInstance, request_id: str
    ) -> tuple[Prediction, bool]:
        """Return the answer for what was read, and whether it is enough for the model to answer by."""
        complete = read.text.complete
        if not read.clean.text:
            return unscored_answer(read, await routed.model(request_id), routed.role), complete
        question = Question(rows_to_score(read), self._reasons if instance.reasons else 0, request_id)
        scored = await routed.score(question)
        prediction = scored_answer(read, scored.scores, scored.role)
        is_enough = complete or reads_enough(prediction.score, scored.scores.stop_confidence)
        if is_enough:
            routed.compare(replace(question, explain=0), scored, complete=complete)
        return prediction, is_enough
