"""More documents than the transformer can read, sent at a steady rate whether or not it answers."""

import asyncio
import time
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import httpx

from serving_bench.servers import Running
from serving_bench.single import PREDICT, request_body

# Longer than the transformer's own deadline for a request: by then it has answered, or it hangs.
_TIMEOUT_SECONDS = 180.0


@dataclass(frozen=True)
class Outcome:
    """How one request ended: its status, or the name of the error; whether it says when to come back; milliseconds."""

    status: int | str
    retry_after: bool
    milliseconds: float

    @property
    def is_proper(self) -> bool:
        """Whether it is an answer or a refusal that says when to come back."""
        return self.status == httpx.codes.OK or (self.status == httpx.codes.SERVICE_UNAVAILABLE and self.retry_after)


def measure_capacity(transformer: Running, paths: Sequence[Path], *, callers: int) -> float:
    """Return the documents a second that so many callers have answered who each wait for their answer."""
    return asyncio.run(_measure_capacity(transformer, paths, callers))


def send_steadily(transformer: Running, paths: Sequence[Path], *, per_second: float, seconds: float) -> list[Outcome]:
    """Send documents at a rate, for so long at most, and wait for every answer."""
    return asyncio.run(_send_steadily(transformer, paths, per_second, seconds))


def count_statuses(outcomes: Sequence[Outcome]) -> dict[str, int]:
    """Return how many requests ended in which way; a 503 that does not say when to come back is its own way."""
    names = (
        f"{each.status}" if each.is_proper or each.status != httpx.codes.SERVICE_UNAVAILABLE else "503 alone"
        for each in outcomes
    )
    return dict(sorted(Counter(names).items()))


async def _measure_capacity(transformer: Running, paths: Sequence[Path], callers: int) -> float:
    upcoming = iter(paths)

    async def call(client: httpx.AsyncClient) -> None:
        for path in upcoming:
            (await _post(client, path)).raise_for_status()

    async with _client(transformer) as client:
        started = time.perf_counter()
        await asyncio.gather(*(call(client) for _ in range(callers)))
        return len(paths) / (time.perf_counter() - started)


async def _send_steadily(
    transformer: Running, paths: Sequence[Path], per_second: float, seconds: float
) -> list[Outcome]:
    loop = asyncio.get_running_loop()
    started = loop.time()
    async with _client(transformer) as client:
        sent: list[asyncio.Task[Outcome]] = []
        for number, path in enumerate(paths):
            due = number / per_second
            if due > seconds:
                break
            await asyncio.sleep(max(0.0, started + due - loop.time()))
            sent.append(asyncio.create_task(_try(client, path)))
        return await asyncio.gather(*sent)


def _client(transformer: Running) -> httpx.AsyncClient:
    limits = httpx.Limits(max_connections=None, max_keepalive_connections=64)
    return httpx.AsyncClient(base_url=transformer.url, timeout=_TIMEOUT_SECONDS, limits=limits, trust_env=False)


async def _try(client: httpx.AsyncClient, path: Path) -> Outcome:
    started = time.perf_counter()
    try:
        response = await _post(client, path)
    except httpx.TransportError as error:
        return Outcome(type(error).__name__, retry_after=False, milliseconds=_since(started))
    return Outcome(response.status_code, "retry-after" in response.headers, _since(started))


async def _post(client: httpx.AsyncClient, path: Path) -> httpx.Response:
    return await client.post(PREDICT, content=request_body(path), headers={"content-type": "application/json"})


def _since(started: float) -> float:
    return 1000 * (time.perf_counter() - started)
