"""The API as one ASGI application."""

import threading
from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from importlib.metadata import version
from typing import Any

from fastapi import FastAPI
from fastapi_offline import FastAPIOffline
from starlette.types import ASGIApp

from pigeonhole_api.auth.rate_limits import RateLimit
from pigeonhole_api.gate import RequestGate
from pigeonhole_api.openapi import complete
from pigeonhole_api.platform import PlatformState
from pigeonhole_api.problem_handlers import install_problem_handlers
from pigeonhole_api.routes import (
    access,
    audit_events,
    audit_sample,
    declared_documents,
    direct_uploads,
    documents,
    health,
    job_events,
    jobs,
    models,
    thumbnails,
    training_set,
    trainings,
    webhooks,
)

_ROUTERS = (
    *(jobs, job_events, declared_documents, direct_uploads, documents, audit_sample, thumbnails),
    *(training_set, trainings, models, audit_events, access, webhooks, health),
)
_DESCRIPTION = "Submit scans, get their classes with calibrated probabilities, correct them, and train on that."


def create_application(platform: PlatformState) -> ASGIApp:
    """Return the application around one platform, which is closed when the application ends."""

    @asynccontextmanager
    async def lifespan(_app: FastAPI) -> AsyncIterator[None]:
        threading.Thread(target=platform.warm, name="warm-up", daemon=True).start()
        yield
        platform.close()

    app = _operations(lifespan)
    app.state.platform = platform
    settings = platform.settings
    limit = RateLimit(settings.calls_per_second, settings.calls_at_once)
    return RequestGate(app, platform.authenticator, limit, hosts=settings.hosts, most_bytes=settings.max_body_bytes)


def describe_api() -> dict[str, Any]:
    """Return the API's OpenAPI document, which `/openapi.json` answers."""
    return _operations().openapi()


def _operations(lifespan: Callable[[FastAPI], AbstractAsyncContextManager[None]] | None = None) -> FastAPI:
    # FastAPI's own page at /docs loads its scripts from another site.
    app = FastAPIOffline(
        title="Pigeonhole",
        description=_DESCRIPTION,
        version=version("pigeonhole-api"),
        lifespan=lifespan,
        redoc_url=None,
    )
    install_problem_handlers(app)
    for module in _ROUTERS:
        app.include_router(module.router)
    app.openapi = _completed(app, app.openapi)  # type: ignore[method-assign]  # as FastAPI's documentation has it
    return app


def _completed(app: FastAPI, describe: Callable[[], dict[str, Any]]) -> Callable[[], dict[str, Any]]:
    """Return what completes the app's document when it is first asked for."""

    def completed() -> dict[str, Any]:
        if app.openapi_schema is None:
            app.openapi_schema = complete(describe())
        return app.openapi_schema

    return completed
