"""Contents that clients send to the storage themselves."""

from typing import Annotated, Literal

from pydantic import Field

from pigeonhole_api.models.jobs import Document
from pigeonhole_api.models.wire import Moment, WireModel

MOST_UPLOAD_URLS = 500
MOST_ARRIVALS = 100

DocumentName = Annotated[str, Field(min_length=1, max_length=255, pattern=r"^[^\x00-\x1f\x7f]*$")]


class UploadUrlsRequest(WireModel):
    """The declared documents that are to be sent to the storage."""

    names: list[DocumentName] = Field(min_length=1, max_length=MOST_UPLOAD_URLS, examples=[["letter.pdf", "scan.jpg"]])


class UploadUrl(WireModel):
    """Where one document's bytes go, without credentials, and the headers that must be sent with them."""

    name: str
    document_id: str
    method: Literal["PUT"] = "PUT"
    url: str
    headers: dict[str, str]


class UploadUrls(WireModel):
    """An address for each of the named documents that waits; those that do not wait any more get none."""

    uploads: list[UploadUrl]
    expires_at: Moment


class ArrivalsRequest(WireModel):
    """The documents whose bytes have been sent to the storage."""

    names: list[DocumentName] = Field(min_length=1, max_length=MOST_ARRIVALS, examples=[["letter.pdf", "scan.jpg"]])


class RefusedArrival(WireModel):
    """A document whose bytes were not taken, and why; unless it was closed, it goes on waiting."""

    name: str
    code: str
    detail: str


class Arrivals(WireModel):
    """What became of the named documents; those that had come before are among `documents`, too."""

    documents: list[Document]
    refused: list[RefusedArrival] = []
