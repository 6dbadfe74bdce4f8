"""Probing a server's liveness from a process of its own, so that no other work of the client's is measured."""

import time
from collections.abc import Iterator
from concurrent.futures import ProcessPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, field
from multiprocessing import get_context
from multiprocessing.synchronize import Event

import httpx

_EVERY_SECONDS = 0.05
_TIMEOUT_SECONDS = 30.0
_stop: Event | None = None


@dataclass
class Probes:
    """Milliseconds of each answer of /livez, and how many probes had no answer 200; filled when probing ends."""

    milliseconds: list[float] = field(default_factory=list)
    failed: int = 0


@contextmanager
def probing(url: str) -> Iterator[Probes]:
    """Probe every 50 ms, over a new connection each time as a kubelet does, while the body runs."""
    probes = Probes()
    context = get_context("spawn")
    stop = context.Event()
    with ProcessPoolExecutor(1, context, initializer=_remember, initargs=(stop,)) as pool:
        running = pool.submit(probe, url)
        try:
            yield probes
        finally:
            stop.set()
        probes.milliseconds, probes.failed = running.result()


def probe(url: str) -> tuple[list[float], int]:
    """Return the milliseconds of every probe until the process is told to stop, and how many failed."""
    if _stop is None:
        raise RuntimeError("this process was not told what stops it")
    took: list[float] = []
    failed = 0
    client = httpx.Client(timeout=_TIMEOUT_SECONDS, trust_env=False, headers={"connection": "close"})
    upcoming = time.perf_counter()
    while not _stop.wait(max(0.0, upcoming - time.perf_counter())):
        started = time.perf_counter()
        upcoming = max(upcoming + _EVERY_SECONDS, started)
        try:
            failed += client.get(f"{url}/livez").status_code != httpx.codes.OK
        except httpx.TransportError:
            failed += 1
        took.append(1000 * (time.perf_counter() - started))
    client.close()
    return took, failed


def _remember(stop: Event) -> None:
    global _stop
    _stop = stop
