"""What all of the API's wire models share."""

from datetime import UTC, datetime
from typing import Annotated

from pydantic import BaseModel, ConfigDict, PlainSerializer


def _rfc3339(moment: datetime) -> str:
    return moment.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


Moment = Annotated[datetime, PlainSerializer(_rfc3339, return_type=str, when_used="json")]
"""A time with its zone; RFC 3339 in UTC on the wire."""


class WireModel(BaseModel):
    """An immutable value in snake_case JSON; a field that a reader does not know is passed over.

    A class of documents is `class` on the wire and `class_name` in Python.
    """

    model_config = ConfigDict(frozen=True, populate_by_name=True, serialize_by_alias=True, extra="ignore")
