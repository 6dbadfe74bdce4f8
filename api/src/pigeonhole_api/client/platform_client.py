"""The platform's API as typed calls."""

import time
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from types import TracebackType
from urllib.parse import quote

from pigeonhole_api.client.access_calls import AccessCalls
from pigeonhole_api.client.direct_uploads import send_directly
from pigeonhole_api.client.errors import ApiError
from pigeonhole_api.client.feedback_calls import FeedbackCalls
from pigeonhole_api.client.training_calls import TrainingCalls
from pigeonhole_api.client.transport import Transport, parse
from pigeonhole_api.client.uploads import BINARY, Sending, Upload, declare, opened
from pigeonhole_api.client.watching import JobEvent, watch_job
from pigeonhole_api.client.webhook_calls import WebhookCalls
from pigeonhole_api.models import (
    FINAL_JOB_STATES,
    Document,
    DocumentOrder,
    DocumentPage,
    Job,
    JobDeletion,
    JobPage,
)

_FIRST_PAUSE = 0.1
_LONGEST_PAUSE = 1.0
_MOST_ROWS = 500
_CONNECTIONS = 8


class PlatformClient(TrainingCalls, AccessCalls, WebhookCalls, FeedbackCalls):
    """A synchronous client; every call raises ApiError when the platform refuses or does not answer."""

    def __init__(self, base_url: str, token: str, *, read_seconds: float = 60.0) -> None:
        """Connect lazily.

        Args:
            base_url: Where the API answers, such as `http://127.0.0.1:8000`.
            token: The access token.
            read_seconds: How long to wait for an answer.
        """
        super().__init__(Transport(base_url, token, read_seconds=read_seconds))

    def __enter__(self) -> "PlatformClient":
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def close(self) -> None:
        """Close the connections."""
        self._transport.close()

    def submit_job(self, reference: str, files: Sequence[Upload], *, direct: bool = False) -> Job:
        """Upload files as one job, several at a time; the same reference with the same files is the same job.

        An upload that broke off is gone on with by the same call: what has come is not sent again. Of two files of one
        name the second is numbered.

        Args:
            reference: The caller's own name for the job.
            files: Names and contents, or paths to read while sending.
            direct: Send them to the storage itself, past the API, where the platform has a storage for that.

        Raises:
            ApiError: `reference-conflict`, when the reference names a job with other files.
        """
        sendings = declare(files)
        declared = [sending.declared.model_dump(mode="json") for sending in sendings]
        body = {"reference": reference, "documents": declared}
        # Repeatable because the reference makes it so: a lost answer gives the same job again.
        job = parse(Job, self._transport.send("POST", "/v1/jobs", repeatable=True, json=body))
        if not job.counts.waiting_upload:
            return job
        waiting = {document.name for document in self.all_documents(job.id, state="waiting_upload")}
        missing = [sending for sending in sendings if sending.declared.name in waiting]
        if direct:
            missing = self._upload_directly(job.id, missing)
        with ThreadPoolExecutor(_CONNECTIONS) as senders:
            list(senders.map(partial(self._upload, job.id), missing))
        return self.job(job.id)

    def complete(self, job_id: str) -> Job:
        """Give up a job's documents that have not been uploaded."""
        return parse(Job, self._transport.send("POST", f"/v1/jobs/{quote(job_id, safe='')}/completion"))

    def _upload_directly(self, job_id: str, sendings: Sequence[Sending]) -> list[Sending]:
        """Send files to the storage, and return those that have to go through the API: all, when it is not S3."""
        # Of an empty file nothing is declared that an address could be signed for.
        empty = [sending for sending in sendings if not sending.declared.size]
        try:
            send_directly(self._transport, job_id, [sending for sending in sendings if sending.declared.size])
        except ApiError as error:
            if error.code != "presigning-unsupported":
                raise
            return list(sendings)
        return empty

    def _upload(self, job_id: str, sending: Sending) -> None:
        name = sending.declared.name
        path = f"/v1/jobs/{quote(job_id, safe='')}/documents/{quote(name, safe='')}"
        for last in (False, True):
            with opened(name, sending.content) as content:
                try:
                    self._transport.send("PUT", path, content=content, headers={"Content-Type": BINARY})
                    return
                except ApiError as error:
                    if error.code == "too-large":
                        return  # the document has failed with that reason, and its job goes on
                    if last or error.code != "api-unreachable":
                        raise

    def job(self, job_id: str) -> Job:
        """Return a job with the counts of its documents."""
        return self._transport.read(Job, f"/v1/jobs/{quote(job_id, safe='')}")

    def jobs(
        self,
        *,
        reference: str | None = None,
        state: str | None = None,
        page_size: int | None = None,
        page_token: str | None = None,
    ) -> JobPage:
        """Return a page of jobs, the newest first."""
        query = {"reference": reference, "state": state, "page_size": page_size, "page_token": page_token}
        return self._transport.read(JobPage, "/v1/jobs", query)

    def job_by_reference(self, reference: str) -> Job | None:
        """Return the job with a reference, or None."""
        return next(iter(self.jobs(reference=reference).jobs), None)

    def wait(self, job_id: str, timeout: float | None = None, on_progress: Callable[[Job], None] | None = None) -> Job:
        """Wait until a job has ended and return it.

        Args:
            job_id: The job.
            timeout: Seconds to wait at most; for ever when None.
            on_progress: Called with the job at every look at it.

        Raises:
            ApiError: `wait-timeout`, when the job has not ended in time.
        """
        end = None if timeout is None else time.monotonic() + timeout
        pause = _FIRST_PAUSE
        while True:
            job = self.job(job_id)
            if on_progress is not None:
                on_progress(job)
            if job.state in FINAL_JOB_STATES:
                return job
            if end is not None and time.monotonic() >= end:
                raise ApiError(f"The job has not ended after {timeout:g} s.", code="wait-timeout")
            time.sleep(pause)
            pause = min(_LONGEST_PAUSE, pause * 1.5)

    def watch(self, job_id: str) -> Iterator[JobEvent]:
        """Yield a job at each change of its counts, and each document that ends from now on, until the job has ended.

        A connection that breaks off is taken up again where it was.

        Raises:
            ApiError: The job is not there, too many watch, or the platform does not answer any more.
        """
        return watch_job(self._transport, job_id)

    def cancel(self, job_id: str) -> Job:
        """Cancel what a job has not begun; what is at work ends."""
        return parse(Job, self._transport.send("POST", f"/v1/jobs/{quote(job_id, safe='')}/cancellation"))

    def delete(self, job_id: str, *, force: bool = False) -> JobDeletion:
        """Delete a job with everything that its documents were.

        Args:
            job_id: The job.
            force: Erase copies in the training set, too.

        Raises:
            ApiError: `in-training-set`, when there are copies and it is not forced.
        """
        path = f"/v1/jobs/{quote(job_id, safe='')}"
        return parse(JobDeletion, self._transport.send("DELETE", path, params={"force": force}))

    def retry(self, job_id: str) -> Job:
        """Try a job's failed documents again."""
        return parse(Job, self._transport.send("POST", f"/v1/jobs/{quote(job_id, safe='')}/retries"))

    def documents(
        self,
        job_id: str,
        *,
        state: str | None = None,
        review: str | None = None,
        sort: DocumentOrder | None = None,
        page_size: int | None = None,
        page_token: str | None = None,
    ) -> DocumentPage:
        """Return a page of a job's documents in the order of their upload, or by `confidence` the least sure first."""
        query = {"state": state, "review": review, "sort": sort, "page_size": page_size, "page_token": page_token}
        return self._transport.read(DocumentPage, f"/v1/jobs/{quote(job_id, safe='')}/documents", query)

    def all_documents(self, job_id: str, *, state: str | None = None, review: str | None = None) -> Iterator[Document]:
        """Yield every document of a job in the order of their upload, page after page."""
        token: str | None = None
        while True:
            page = self.documents(job_id, state=state, review=review, page_size=_MOST_ROWS, page_token=token)
            yield from page.documents
            token = page.next_page_token
            if token is None:
                return

    def document(self, document_id: str) -> Document:
        """Return a document."""
        return self._transport.read(Document, f"/v1/documents/{quote(document_id, safe='')}")

    def content(self, document_id: str) -> bytes:
        """Return a document's bytes as they were uploaded."""
        return self._transport.get(f"/v1/documents/{quote(document_id, safe='')}/content").content

    def thumbnail(self, document_id: str) -> bytes:
        """Return the first page as a small JPEG."""
        return self._transport.get(f"/v1/documents/{quote(document_id, safe='')}/thumbnail").content

    def page_image(self, document_id: str, page: int, *, long_side: int | None = None) -> bytes:
        """Return a page, counted from 1, as a JPEG whose longer side is at most `long_side` pixels."""
        path = f"/v1/documents/{quote(document_id, safe='')}/pages/{page}"
        return self._transport.get(path, {"long_side": long_side}).content
