"""The routes of inference: kserve's requests and models, without what FastAPI does for routes that it describes.

FastAPI matches the address a second time, asks which kind of body this is, and validates and copies answers that are
our own: half of the predictor's time, and a fifth of the transformer's own.
"""

import json

import orjson
from fastapi.exceptions import RequestValidationError
from kserve import InferRequest
from kserve.errors import InvalidInput, ModelNotReady
from kserve.protocol.dataplane import DataPlane
from kserve.protocol.rest.v1_endpoints import V1Endpoints
from kserve.protocol.rest.v2_datamodels import InferenceRequest
from pydantic import ValidationError
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Match, Route
from starlette.types import Scope


class _Route(Route):
    """A route that says so in the scope, as FastAPI's do: metrics and traces name a request by it."""

    def matches(self, scope: Scope) -> tuple[Match, Scope]:
        match, found = super().matches(scope)
        return match, {**found, "route": self}


def inference_routes(dataplane: DataPlane) -> list[Route]:
    """Return the routes of V1 and V2 inference."""
    v1 = V1Endpoints(dataplane)

    async def predict(request: Request) -> Response:
        answer: Response = await v1.predict(request.path_params["model_name"], request)
        return answer

    async def infer(request: Request) -> Response:
        name = request.path_params["model_name"]
        if not await dataplane.model_ready(name, True):
            raise ModelNotReady(name)
        asked = InferRequest.from_inference_request(_parse(await request.body()), name)
        answer, _ = await dataplane.infer(name, asked, headers=dict(request.headers))
        return Response(orjson.dumps(answer), media_type="application/json")

    return [
        _Route("/v1/models/{model_name}:predict", predict, methods=["POST"]),
        _Route("/v2/models/{model_name}/infer", infer, methods=["POST"]),
    ]


def _parse(body: bytes) -> InferenceRequest:
    """Return a V2 request in JSON.

    Raises:
        InvalidInput: It is no JSON.
        RequestValidationError: It is no V2 request; each wrong field is named.
    """
    try:
        return InferenceRequest.model_validate(json.loads(body))
    except ValidationError as error:
        raise RequestValidationError(error.errors(include_url=False, include_input=False)) from error
    except (ValueError, RecursionError) as error:
        raise InvalidInput("the body is no JSON") from error
