"""How the API says that something is wrong."""

from pigeonhole_api.models.wire import WireModel


class FieldProblem(WireModel):
    """What is wrong with one field of a request."""

    field: str
    detail: str


class Problem(WireModel):
    """An error as RFC 9457 has it; `code` tells programs, `detail` tells people."""

    type: str
    title: str
    status: int
    detail: str
    instance: str
    request_id: str
    code: str
    hint: str | None = None
    errors: list[FieldProblem] = []
    existing_job: str | None = None
