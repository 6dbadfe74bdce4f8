"""The audit trail."""

from pigeonhole_api.models.wire import Moment, WireModel


class AuditEvent(WireModel):
    """Who changed what, and when; `details` holds ids, counts and reasons, never a file name."""

    id: str
    at: Moment
    actor: str
    action: str
    resource: str
    request_id: str | None = None
    details: dict[str, str | int | None] = {}


class AuditEventPage(WireModel):
    """Events, the newest first."""

    events: list[AuditEvent]
    next_page_token: str | None = None
