"""Who answers for a document: the content of the routing file and what it means; pure functions."""

import hashlib
from dataclasses import dataclass
from enum import StrEnum

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from pigeonhole.errors import PigeonholeError

_HOST = r"^([A-Za-z0-9]([A-Za-z0-9.-]*[A-Za-z0-9])?|\[[0-9A-Fa-f:.]+\])(:[0-9]{1,5})?$"
_WHOLE = 100.0


class RoutingInvalid(PigeonholeError):
    """A routing file that cannot be followed; the sentence names the field."""

    def __init__(self, message: str) -> None:
        super().__init__(message, code="routing-invalid")


class Role(StrEnum):
    """The part that a model plays in an answer."""

    STABLE = "stable"
    CANDIDATE = "candidate"


class Route(BaseModel):
    """A predictor: `host` or `host:port`, and the model version expected there when it is known."""

    model_config = ConfigDict(frozen=True, extra="ignore")

    host: str = Field(pattern=_HOST, max_length=300)
    version: str | None = Field(None, max_length=100)


class Candidate(Route):
    """A predictor on trial: `weight` per cent of the documents are its to answer.

    With `shadow`, the model that does not answer for a document is asked about the same text, for comparison alone.
    """

    weight: float = Field(ge=0, le=_WHOLE, strict=True, allow_inf_nan=False)
    shadow: bool = Field(False, strict=True)


class Routing(BaseModel):
    """Where texts are scored; `generation` is the writer's count of its changes, shown in the metrics."""

    model_config = ConfigDict(frozen=True, extra="ignore")

    stable: Route
    candidate: Candidate | None = None
    generation: int = Field(0, ge=0)


@dataclass(frozen=True)
class Choice:
    """Which model answers for a document, and which other one is asked for comparison, if any."""

    answers: Role
    shadow: Role | None

    @property
    def involves_candidate(self) -> bool:
        """Tell whether the candidate is asked at all."""
        return Role.CANDIDATE in (self.answers, self.shadow)


STABLE_ALONE = Choice(Role.STABLE, None)


def choose(routing: Routing, identity: str, asked: Role | None = None) -> Choice:
    """Return who answers for the document of this identity: its sha256, or the group that it was sent in.

    It is always the same one while the candidate and its weight stay; a weight that rises keeps the documents that the
    candidate had before. Where one role is asked for, it answers, and its document is none of those that are compared.
    """
    candidate = routing.candidate
    if candidate is None:
        return STABLE_ALONE
    if asked is not None:
        return Choice(asked, None)
    if position(identity, candidate) < candidate.weight:
        return Choice(Role.CANDIDATE, Role.STABLE if candidate.shadow else None)
    return Choice(Role.STABLE, Role.CANDIDATE if candidate.shadow else None)


def position(identity: str, candidate: Candidate) -> float:
    """Return where a document or group stands from 0 to below 100; it is the candidate's when below its weight.

    The candidate's version is hashed along, so that not the same documents meet every candidate first.
    """
    digest = hashlib.sha256(f"{candidate.version or candidate.host}:{identity}".encode()).digest()
    # 53 bits are what a float holds exactly, so that the quotient stays below 1.
    return (int.from_bytes(digest[:8]) >> 11) / (1 << 53) * _WHOLE


def parse_routing(content: bytes) -> Routing:
    """Return the routing that a file describes.

    Raises:
        RoutingInvalid: The content is not JSON of the expected shape.
    """
    try:
        return Routing.model_validate_json(content)
    except ValidationError as error:
        first = error.errors(include_input=False, include_url=False)[0]
        field = ".".join(str(part) for part in first["loc"]) or "the file"
        raise RoutingInvalid(f"{field}: {first['msg']}.") from error


def routing_to(host: str) -> Routing:
    """Return the routing that sends every text to one predictor.

    Raises:
        RoutingInvalid: `host` is not `host` or `host:port`.
    """
    try:
        return Routing(stable=Route(host=host))
    except ValidationError as error:
        raise RoutingInvalid("predictor_host: expected host or host:port, without a scheme.") from error
