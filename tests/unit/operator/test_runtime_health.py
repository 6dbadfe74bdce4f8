"""The probes, the metrics and the webhooks, as they are answered by HTTP."""

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field

import aiohttp
import pytest
from prometheus_client import CollectorRegistry, Gauge

from pigeonhole_operator.health import Health, Heartbeat
from pigeonhole_operator.http_server import HttpServer
from pigeonhole_operator.settings import OperatorSettings
from pigeonhole_operator.sources.ports import WebhookRefused

pytestmark = pytest.mark.unit


@dataclass
class Heard:
    """What the watches brought."""

    synced: bool = True
    missed: int = 0
    silent_seconds: float = 0.0


@dataclass
class Waiting:
    """What waits for a worker."""

    oldest_seconds: float = 0.0


@dataclass
class Stage:
    """The judge, and what it judges by."""

    heard: Heard = field(default_factory=Heard)
    waiting: Waiting = field(default_factory=Waiting)
    heartbeat: Heartbeat = field(default_factory=lambda: Heartbeat(lambda: 0.0))

    def __post_init__(self) -> None:
        self.health = Health(self.heard, self.waiting, self.heartbeat, OperatorSettings())


def test_all_is_well() -> None:
    stage = Stage()
    assert (stage.health.dead(), stage.health.unready()) == ([], [])


@pytest.mark.parametrize(
    ("stage", "says"),
    [
        (Stage(Heard(silent_seconds=181)), "No event and no comparison for 181 s."),
        (Stage(Heard(missed=3)), "3 comparisons in a row"),
        (Stage(waiting=Waiting(301)), "Work is due for 301 s."),
        (Stage(heartbeat=Heartbeat(lambda: 0.0, lag=2.1)), "lags by 2.1 s."),
    ],
)
def test_each_way_to_be_dead_is_named(stage: Stage, says: str) -> None:
    assert len(stage.health.dead()) == 1
    assert says in stage.health.dead()[0]


def test_short_of_the_limits_the_process_lives() -> None:
    stage = Stage(Heard(silent_seconds=179, missed=2), Waiting(299), Heartbeat(lambda: 0.0, lag=1.9))
    assert stage.health.dead() == []


def test_a_process_that_knows_nothing_yet_or_is_ending_is_not_ready_and_lives() -> None:
    stage = Stage(Heard(synced=False))
    assert stage.health.unready()
    stage.heard.synced = True
    stage.health.stopping = True
    assert stage.health.unready()
    assert stage.health.dead() == []


def test_a_stuck_event_loop_shows_in_the_lag() -> None:
    async def test() -> None:
        now = 0.0
        heartbeat = Heartbeat(lambda: now)
        beating = asyncio.create_task(heartbeat.run())
        await asyncio.sleep(0)
        now = 5.0
        await asyncio.sleep(0.6)
        beating.cancel()
        assert heartbeat.lag == 4.5

    asyncio.run(test())


def verify(headers: Mapping[str, str], body: bytes) -> str:
    if headers.get("X-Signature") != "right":
        raise WebhookRefused("signature-wrong", "The signature is wrong.")
    return body.decode()


def serve(stage: Stage, test: Callable[[aiohttp.ClientSession, list[str]], Awaitable[None]]) -> None:
    async def inside() -> None:
        hinted: list[str] = []
        registry = CollectorRegistry()
        Gauge("answer", "The answer.", registry=registry).set(42)
        server = HttpServer(stage.health, registry, verify, hinted.append, 2048)
        port = await server.start("127.0.0.1", 0)
        try:
            async with aiohttp.ClientSession(f"http://127.0.0.1:{port}") as session:
                await test(session, hinted)
        finally:
            await server.stop()

    asyncio.run(inside())


def test_probes_are_answered_with_the_faults() -> None:
    stage = Stage(Heard(synced=False))

    async def test(session: aiohttp.ClientSession, _: list[str]) -> None:
        async with session.get("/livez") as alive, session.get("/readyz") as ready:
            assert (alive.status, ready.status) == (200, 503)
            assert await ready.text() == "The cluster's objects have not been read yet."
        stage.heard.missed = 9
        async with session.get("/livez") as alive:
            assert alive.status == 503

    serve(stage, test)


def test_metrics_are_served_as_prometheus_wants_them() -> None:
    async def test(session: aiohttp.ClientSession, _: list[str]) -> None:
        async with session.get("/metrics") as answer:
            assert answer.headers["Content-Type"].startswith("text/plain; version=")
            assert "answer 42.0" in await answer.text()

    serve(Stage(), test)


@pytest.mark.parametrize(
    ("signature", "body", "status", "hints"),
    [
        ("right", b"classifier", 202, ["classifier"]),
        ("wrong", b"classifier", 403, []),
        ("right", b"x" * 4000, 413, []),
    ],
)
def test_a_webhook_is_a_hint_only_when_it_is_the_registrys(
    signature: str, body: bytes, status: int, hints: list[str]
) -> None:
    async def test(session: aiohttp.ClientSession, hinted: list[str]) -> None:
        async with session.post("/webhooks/mlflow", data=body, headers={"X-Signature": signature}) as answer:
            assert answer.status == status
        assert hinted == hints

    serve(Stage(), test)
