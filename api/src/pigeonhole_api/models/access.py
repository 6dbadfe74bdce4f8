"""Who may call: the caller, and API keys."""

from typing import Annotated

from pydantic import Field

from pigeonhole_api.auth.callers import Role
from pigeonhole_api.models.wire import Moment, WireModel


class CallerSummary(WireModel):
    """Who the platform takes the caller for; `roles` holds those that other roles include, too."""

    name: str
    tenant: str
    roles: list[Role]
    keeps_models: bool


class ApiKeyRequest(WireModel):
    """A key to be made: it acts under its name, with roles that its maker has."""

    name: Annotated[str, Field(min_length=1, max_length=100, pattern=r"^\S(.*\S)?$", examples=["nightly-import"])]
    roles: Annotated[list[Role], Field(min_length=1, max_length=4, examples=[["user"]])]
    days: Annotated[int, Field(ge=1, le=3650, strict=True, description="Days until it expires.")] = 365


class ApiKeySummary(WireModel):
    """A key without its secret."""

    id: str
    name: str
    roles: list[Role]
    created_by: str
    created_at: Moment
    expires_at: Moment
    last_used_at: Moment | None = None


class NewApiKey(ApiKeySummary):
    """A key as it is shown once, to its maker."""

    key: str


class ApiKeyPage(WireModel):
    """Keys that can be used, the newest first."""

    api_keys: list[ApiKeySummary]
    next_page_token: str | None = None
