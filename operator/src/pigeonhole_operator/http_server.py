"""Health, metrics, and the registry's webhooks, by HTTP."""

from collections.abc import Callable
from http import HTTPStatus

from aiohttp import web
from prometheus_client import CollectorRegistry
from prometheus_client.exposition import CONTENT_TYPE_LATEST, generate_latest

from pigeonhole.telemetry import get_logger
from pigeonhole_operator.health import Health
from pigeonhole_operator.sources.ports import VerifyWebhook, WebhookRefused

_log = get_logger(__name__)
_STOP_SECONDS = 2.0


class HttpServer:
    """Answers probes, scrapes and webhooks."""

    def __init__(
        self,
        health: Health,
        metrics: CollectorRegistry,
        verify: VerifyWebhook,
        hinted: Callable[[str], None],
        limit: int,
    ) -> None:
        self._health = health
        self._metrics = metrics
        self._verify = verify
        self._hinted = hinted
        application = web.Application(client_max_size=limit)
        application.add_routes(
            [
                web.get("/livez", self._livez),
                web.get("/readyz", self._readyz),
                web.get("/metrics", self._scrape),
                web.post("/webhooks/mlflow", self._webhook),
            ]
        )
        self._runner = web.AppRunner(application, access_log=None, shutdown_timeout=_STOP_SECONDS)

    async def start(self, host: str, port: int) -> int:
        """Listen, and return the port.

        Raises:
            OSError: The address is not to be had.
        """
        await self._runner.setup()
        await web.TCPSite(self._runner, host, port).start()
        return int(self._runner.addresses[0][1])

    async def stop(self) -> None:
        """Answer what is asked, and listen no longer."""
        await self._runner.cleanup()

    async def _livez(self, _: web.Request) -> web.Response:
        return _state(self._health.dead())

    async def _readyz(self, _: web.Request) -> web.Response:
        return _state(self._health.unready())

    async def _scrape(self, _: web.Request) -> web.Response:
        return web.Response(body=generate_latest(self._metrics), headers={"Content-Type": CONTENT_TYPE_LATEST})

    async def _webhook(self, request: web.Request) -> web.Response:
        body = await request.read()
        try:
            model = self._verify(request.headers, body)
        except WebhookRefused as error:
            _log.warning("webhook_refused", reason=error.code)
            return web.json_response({"code": error.code}, status=HTTPStatus.FORBIDDEN)
        self._hinted(model)
        return web.Response(status=HTTPStatus.ACCEPTED)


def _state(faults: list[str]) -> web.Response:
    status = HTTPStatus.SERVICE_UNAVAILABLE if faults else HTTPStatus.OK
    return web.Response(text="\n".join(faults) or "ok", status=status)
