"""Which predictor answers: the content of the routing file."""

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from pigeonhole.errors import PigeonholeError

_HOST = r"^([A-Za-z0-9]([A-Za-z0-9.-]*[A-Za-z0-9])?|\[[0-9A-Fa-f:.]+\])(:[0-9]{1,5})?$"


class RoutingInvalid(PigeonholeError):
    """A routing file that cannot be followed; the sentence names the field."""

    def __init__(self, message: str) -> None:
        super().__init__(message, code="routing-invalid")


class Route(BaseModel):
    """A predictor: `host` or `host:port`, and the model version expected there when it is known."""

    model_config = ConfigDict(frozen=True, extra="ignore")

    host: str = Field(pattern=_HOST, max_length=300)
    version: str | None = Field(None, max_length=100)


class Routing(BaseModel):
    """Where texts are scored; entries other than `stable` are not this server's concern."""

    model_config = ConfigDict(frozen=True, extra="ignore")

    stable: Route


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
