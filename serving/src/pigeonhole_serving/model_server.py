"""KServe's model server with our health routes, our errors and our limits."""

import asyncio
import logging
import warnings
from collections.abc import Callable, Coroutine
from dataclasses import asdict, dataclass
from typing import Any

import uvloop
from fastapi import APIRouter, FastAPI, HTTPException, Request
from fastapi.responses import JSONResponse
from kserve import Model, ModelServer
from kserve.predictor_config import PredictorConfig
from kserve.protocol.dataplane import DataPlane
from kserve.protocol.rest.server import RESTServer

from pigeonhole.telemetry.tracing import close_tracing
from pigeonhole_serving.error_mapping import MAPPED_EXCEPTIONS, serving_error
from pigeonhole_serving.errors import FieldError, Reason, failure
from pigeonhole_serving.inference_routes import inference_routes
from pigeonhole_serving.protocol.texts import MODEL_NAME
from pigeonhole_serving.request_gate import RequestGate, error_response, request_id_of
from pigeonhole_serving.settings import ServingSettings

_APP = "kserve.model_server:app"
_METHODS_BESIDE_POST = ["DELETE", "GET", "HEAD", "OPTIONS", "PATCH", "PUT", "QUERY", "TRACE"]
_QUIET_LOGGERS = ("uvicorn.access", "uvicorn.error", "kserve", "kserve.trace")


Problems = Callable[[], tuple[FieldError, ...]]


@dataclass(frozen=True)
class ServerParts:
    """What a model server is made of.

    `problems` tells why it is not ready, and `own_problems` what of that is not a server's which it asks; `is_full`
    whether a request would be refused for load; `background` runs beside the server, and a failure there ends the
    server; `close` runs last.
    """

    settings: ServingSettings
    problems: Problems
    own_problems: Problems
    is_full: Callable[[], bool]
    background: tuple[Callable[[], Coroutine[Any, Any, None]], ...]
    close: Callable[[], Coroutine[Any, Any, None]]


class PigeonholeModelServer(ModelServer):  # type: ignore[misc]  # kserve ships no types
    """A KServe model server of one process, with REST alone.

    kserve's own workers lose the predictor's address and the metrics of all but one, and its gRPC port would pass by
    our limits and errors.
    """

    def __init__(self, http_port: int, parts: ServerParts) -> None:
        super().__init__(
            http_port=http_port,
            workers=1,
            enable_grpc=False,
            enable_docs_url=False,
            enable_latency_logging=False,
            grace_period=parts.settings.grace_period_seconds,
            predictor_config=PredictorConfig(predictor_host=""),
        )
        self._parts = parts
        self.dataplane = _ReadinessDataPlane(self.registered_models, parts)

    def start(self, model: Model) -> None:
        """Serve the model until SIGTERM or SIGINT, and finish the requests in flight.

        It answers to `MODEL_NAME` too: a transformer asks every predictor by it, while KServe names a model
        after its InferenceService, so that a candidate's name is another than stable's.
        """
        # kserve's choice of response class, which it makes for every answer.
        warnings.filterwarnings("ignore", message="ORJSONResponse is deprecated")
        for name in _QUIET_LOGGERS:
            logging.getLogger(name).setLevel(logging.WARNING)
        self._register_and_check_atleast_one_model_is_ready([model])
        self.registered_models.update(model, MODEL_NAME)
        self._rest_server = _RestServer(self, self._parts, model.openapi())
        self.register_signal_handler()
        with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
            runner.run(self._serve())

    async def _serve(self) -> None:
        try:
            async with asyncio.TaskGroup() as group:
                background = [group.create_task(run()) for run in self._parts.background]
                await self._rest_server.start()
                for task in background:
                    task.cancel()
        finally:
            await self._parts.close()
            await asyncio.to_thread(close_tracing)


class _ReadinessDataPlane(DataPlane):  # type: ignore[misc]  # kserve ships no types
    def __init__(self, registry: Any, parts: ServerParts) -> None:
        super().__init__(model_registry=registry)
        self._parts = parts

    async def ready(self) -> bool:
        return not self._parts.problems()

    def metadata(self) -> dict[str, Any]:
        # Models cannot be loaded and unloaded here, which kserve's answer would claim.
        return {**super().metadata(), "extensions": []}

    async def model_ready(self, model_name: str, disable_predictor_health_check: bool = False) -> bool:
        # kserve asks with the flag before each inference, and without it for the routes of a model's readiness.
        healthy: bool = await super().model_ready(model_name, True)
        return healthy and (disable_predictor_health_check or await self.ready())


class _RestServer(RESTServer):  # type: ignore[misc]  # kserve ships no types
    def __init__(self, server: PigeonholeModelServer, parts: ServerParts, document: dict[str, Any]) -> None:
        super().__init__(
            _APP,
            server.dataplane,
            server.model_repository_extension,
            server.http_port,
            grace_period=server.grace_period,
            timeout_keep_alive=server.timeout_keep_alive,
        )
        # kserve listens on every address and has no setting for it.
        self.config.host = parts.settings.host
        # Nobody asks for a caller's address.
        self.config.proxy_headers = False
        self._parts = parts
        self._document = document

    def _add_middlewares(self, app: FastAPI) -> None:
        app.add_middleware(RequestGate, settings=self._parts.settings, is_full=self._parts.is_full)

    def _register_endpoints(self, app: FastAPI) -> None:
        # The first route that matches answers, so ours come before kserve's.
        app.router.routes.extend(inference_routes(self.dataplane))
        app.include_router(health_routes(self._parts.problems, self._parts.own_problems))
        super()._register_endpoints(app)
        # FastAPI would describe kserve's routes, which take and answer anything.
        app.openapi = lambda: self._document  # type: ignore[method-assign]

    def _add_exception_handlers(self, app: FastAPI) -> None:
        async def answer(request: Request, error: Exception) -> JSONResponse:
            retry_after = self._parts.settings.retry_after_seconds
            return error_response(serving_error(error), request_id_of(request), retry_after)

        for kind in MAPPED_EXCEPTIONS:
            app.add_exception_handler(kind, answer)


def health_routes(problems: Problems, own_problems: Problems) -> APIRouter:
    """Return the routes of health, and those that mend what kserve's would answer."""
    router = APIRouter()

    @router.get("/livez")
    async def live() -> dict[str, str]:
        return {"status": "alive"}

    @router.get("/startupz")
    async def started() -> JSONResponse:
        return _readiness(own_problems())

    @router.get("/readyz")
    @router.get("/v2/health/ready")
    async def ready() -> JSONResponse:
        return _readiness(problems())

    @router.post("/v2/repository/models/{rest:path}")
    async def repository() -> None:
        # kserve lets any caller unload the model.
        raise failure(Reason.NOT_FOUND, "There is nothing at this address.")

    @router.api_route("/v1/models/{model_name}:predict", methods=_METHODS_BESIDE_POST)
    async def predict_otherwise() -> None:
        # kserve's GET /v1/models/{model_name} would take it for a model's name.
        raise HTTPException(405, headers={"Allow": "POST"})

    return router


def _readiness(found: tuple[FieldError, ...]) -> JSONResponse:
    body = {"ready": not found, "problems": [asdict(problem) for problem in found]}
    return JSONResponse(body, status_code=503 if found else 200)
