"""Calls about decisions, the audit sample, and the models' figures."""

from urllib.parse import quote

from pigeonhole_api.client.transport import Transport, parse
from pigeonhole_api.models import (
    AuditSamplePage,
    Document,
    DocumentPage,
    ModelQuality,
    Review,
    ReviewHistory,
    SampledDocument,
)


class FeedbackCalls:
    """The calls by which people judge the model, and see how it does."""

    _transport: Transport

    def review(
        self,
        document: Document,
        decision: str,
        class_name: str,
        *,
        seconds_spent: float | None = None,
        note: str | None = None,
    ) -> Document:
        """Decide a document's class, provided that it is still as it was read.

        Args:
            document: The document as the person saw it.
            decision: `accepted` for the model's class, `corrected` for another one.
            class_name: The class.
            seconds_spent: How long the person took.
            note: What the person has to say about it.

        Raises:
            ApiError: Status 412, when the document has changed meanwhile.
        """
        body = {"decision": decision, "class": class_name, "seconds_spent": seconds_spent, "note": note}
        path = f"/v1/documents/{quote(document.id, safe='')}/review"
        answer = self._transport.send("PATCH", path, json=body, headers={"If-Match": document.etag})
        return parse(Document, answer)

    def reviews(self, document_id: str) -> list[Review]:
        """Return all decisions about a document, the oldest first."""
        return self._transport.read(ReviewHistory, f"/v1/documents/{quote(document_id, safe='')}/reviews").reviews

    def review_queue(self, *, page_size: int | None = None, page_token: str | None = None) -> DocumentPage:
        """Return the documents of all jobs that wait for a person, the least certain first."""
        return self._transport.read(
            DocumentPage, "/v1/review-queue", {"page_size": page_size, "page_token": page_token}
        )

    def audit_sample(self, *, page_size: int | None = None, page_token: str | None = None) -> AuditSamplePage:
        """Return a page of the documents that wait for a blind audit, without the model's answers."""
        return self._transport.read(
            AuditSamplePage, "/v1/audit-sample", {"page_size": page_size, "page_token": page_token}
        )

    def decide_blind(self, document: SampledDocument, class_name: str, *, seconds_spent: float | None = None) -> Review:
        """Decide a document of the audit sample, and return the decision as it is kept.

        Args:
            document: The document as the person saw it.
            class_name: The class.
            seconds_spent: How long the person took.

        Raises:
            ApiError: Status 412, when the document has changed meanwhile, also by a decision whose answer was lost.
        """
        body = {"class": class_name, "seconds_spent": seconds_spent}
        path = f"/v1/audit-sample/{quote(document.id, safe='')}/decision"
        return parse(Review, self._transport.send("POST", path, json=body, headers={"If-Match": document.etag}))

    def model_quality(self, version: str) -> ModelQuality:
        """Return what is known of a model version since it serves: its online accuracy, and drift."""
        return self._transport.read(ModelQuality, f"/v1/models/{quote(version, safe='')}/quality")
