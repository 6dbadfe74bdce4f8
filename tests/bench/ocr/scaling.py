"""How much more two workers read than one: the same pages by turns, by the clock on the wall."""

import random
import time
from collections.abc import Iterator, Sequence
from contextlib import suppress

from ocr.results import Round
from ocr.robustness import Pool, open_pool
from pigeonhole.documents import DocumentRefused

WORKERS = (1, 2)


def measure_scaling(files: Sequence[bytes], *, rounds: int, seed: int) -> Iterator[Round]:
    """Yield round after round; both pools stand all the time, and the one that does not read costs nothing."""
    with open_pool(1) as one, open_pool(2) as two:
        pools = {1: one, 2: two}
        for pool in pools.values():
            _pages_per_second(pool, files[: 2 * len(pools)])
        for number in range(rounds):
            order = random.Random(f"{seed} {number}").sample(WORKERS, len(WORKERS))
            speeds = {workers: _pages_per_second(pools[workers], files) for workers in order}
            yield Round(speeds[1], speeds[2])


def _pages_per_second(pool: Pool, files: Sequence[bytes]) -> float:
    started = time.perf_counter()
    readings = [pool.submit(data, view="full") for data in files]
    for reading in readings:
        # A page that is refused was worked on as well, in both pools alike.
        with suppress(DocumentRefused):
            reading.result()
    return len(files) / (time.perf_counter() - started)
