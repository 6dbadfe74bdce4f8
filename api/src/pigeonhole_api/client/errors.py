"""What a client gets when the API refuses, or does not answer."""

import httpx
from pydantic import ValidationError

from pigeonhole.errors import PigeonholeError
from pigeonhole_api.models import FieldProblem, Problem


class ApiError(PigeonholeError):
    """The API refused a call, or could not be reached; `status` is None when there was no answer."""

    def __init__(
        self,
        message: str,
        *,
        code: str,
        status: int | None = None,
        hint: str | None = None,
        problem: Problem | None = None,
    ) -> None:
        super().__init__(message, code=code, hint=hint)
        self.status = status
        self.problem = problem

    @property
    def errors(self) -> list[FieldProblem]:
        """Return what is wrong with each field of the request."""
        return self.problem.errors if self.problem else []


def unreachable(base_url: str) -> ApiError:
    """Return the error for an API that does not answer."""
    return ApiError(
        f"The platform at {base_url} cannot be reached.",
        code="api-unreachable",
        hint="Start it with: pigeonhole serve; or check the address.",
    )


def refusal_of(response: httpx.Response) -> ApiError:
    """Return the error that an answer describes; one that is no problem document keeps its status alone."""
    try:
        problem = Problem.model_validate_json(response.content)
    except ValidationError:
        return ApiError(
            f"The platform answered with status {response.status_code}.",
            code="unexpected-answer",
            status=response.status_code,
            hint="Check that the address is that of the Pigeonhole API.",
        )
    return ApiError(problem.detail, code=problem.code, status=problem.status, hint=problem.hint, problem=problem)
