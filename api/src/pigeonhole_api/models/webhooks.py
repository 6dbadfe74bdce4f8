"""Webhooks, their deliveries, and what is sent to a receiver."""

from typing import Annotated, Literal

from pydantic import Field

from pigeonhole_api.models.jobs import JobCounts, JobState
from pigeonhole_api.models.wire import Moment, WireModel

WebhookEvent = Literal["job.finished"]
DeliveryEvent = Literal["job.finished", "ping"]
DeliveryState = Literal["queued", "leased", "delivered", "failed", "cancelled"]

_URL = "https://receiver.example/pigeonhole"


class WebhookRequest(WireModel):
    """A receiver, and what it is to be told."""

    url: Annotated[str, Field(min_length=1, max_length=4000, examples=[_URL], description="https, and public.")]
    events: Annotated[list[WebhookEvent], Field(min_length=1, max_length=10, examples=[["job.finished"]])]


class Webhook(WireModel):
    """A receiver without its secret; nothing is sent to one that has answered 410, since `disabled_at`."""

    id: str
    url: Annotated[str, Field(examples=[_URL])]
    events: list[WebhookEvent]
    created_by: str
    created_at: Moment
    disabled_at: Moment | None = None


class NewWebhook(Webhook):
    """A webhook with its secret, which is shown this once."""

    secret: Annotated[str, Field(examples=["whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"])]


class WebhookPage(WireModel):
    """Webhooks, the newest first."""

    webhooks: list[Webhook]
    next_page_token: str | None = None


class Delivery(WireModel):
    """One event on its way to one webhook; `resource` is the job, or the webhook itself for a ping.

    `status` is what the receiver answered last, or `reason` why it gave no answer; `due_at` is the next attempt.
    """

    id: str
    event: DeliveryEvent
    resource: str
    state: DeliveryState
    attempts: int
    status: Annotated[int | None, Field(examples=[503])] = None
    reason: Annotated[str | None, Field(examples=["timeout"])] = None
    created_at: Moment
    due_at: Moment | None = None
    finished_at: Moment | None = None


class DeliveryPage(WireModel):
    """Deliveries, the newest first."""

    deliveries: list[Delivery]
    next_page_token: str | None = None


class JobFinished(WireModel):
    """A job has come to its end, and stays as it is unless someone tries it again."""

    job_id: str
    reference: str
    state: JobState
    counts: JobCounts
    model_version: str | None
    created_at: Moment
    finished_at: Moment


class Ping(WireModel):
    """Someone asked whether the webhook works."""

    webhook_id: str


class WebhookPayload(WireModel):
    """The body of a delivery."""

    type: DeliveryEvent
    timestamp: Moment
    data: JobFinished | Ping
