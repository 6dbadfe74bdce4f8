"""One server under load: callers that each wait for their answer before they ask again."""

import asyncio
import itertools
import json
import time
from collections.abc import Sequence
from dataclasses import dataclass

import httpx
import numpy as np

from pigeonhole.errors import PigeonholeError
from serving_bench.contenders import Contender

_TIMEOUT_SECONDS = 60.0


class WrongAnswer(PigeonholeError):
    """A server under load answered with an error."""

    def __init__(self, message: str) -> None:
        super().__init__(message, code="bench-answer")


@dataclass(frozen=True)
class Turn:
    """What a server did in one turn: requests a second, and milliseconds of the middle and the slowest of twenty."""

    server: str
    callers: int
    requests_per_second: float
    p50_ms: float
    p95_ms: float


def take_turn(contender: Contender, texts: Sequence[str], *, callers: int, seconds: float) -> Turn:
    """Ask a server about one text a request, from so many callers at once, over connections that stay open.

    Raises:
        WrongAnswer: It answers with anything but 200.
    """
    # Made before the clock starts: the client shares the machine with the server.
    bodies = [json.dumps(contender.body(text)).encode() for text in texts]
    return asyncio.run(_take_turn(contender, bodies, callers, seconds))


async def _take_turn(contender: Contender, bodies: Sequence[bytes], callers: int, seconds: float) -> Turn:
    url = f"http://127.0.0.1:{contender.program.port}{contender.path}"
    upcoming = itertools.cycle(bodies)
    took: list[float] = []

    async def call(client: httpx.AsyncClient, until: float) -> None:
        while (started := time.perf_counter()) < until:
            response = await client.post(url, content=next(upcoming), headers={"content-type": "application/json"})
            if response.status_code != httpx.codes.OK:
                raise WrongAnswer(f"{contender.name} answered {response.status_code}: {response.text[:200]}")
            took.append(time.perf_counter() - started)

    async with httpx.AsyncClient(timeout=_TIMEOUT_SECONDS, trust_env=False) as client:
        started = time.perf_counter()
        await asyncio.gather(*(call(client, started + seconds) for _ in range(callers)))
        elapsed = time.perf_counter() - started
    p50, p95 = np.percentile(took, (50, 95)) * 1000
    return Turn(contender.name, callers, len(took) / elapsed, float(p50), float(p95))


def ask(contender: Contender, text: str) -> Sequence[float]:
    """Return a server's probabilities for a text.

    Raises:
        WrongAnswer: It answers with anything but 200.
    """
    url = f"http://127.0.0.1:{contender.program.port}{contender.path}"
    response = httpx.post(url, json=contender.body(text), timeout=_TIMEOUT_SECONDS, trust_env=False)
    if response.status_code != httpx.codes.OK:
        raise WrongAnswer(f"{contender.name} answered {response.status_code}: {response.text[:200]}")
    return contender.probabilities(response.json())
