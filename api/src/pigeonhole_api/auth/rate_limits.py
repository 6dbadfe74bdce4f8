"""How fast one caller may call: a bucket that fills at a steady rate and is emptied by calls."""

import math
import threading
import time
from collections import OrderedDict
from collections.abc import Callable

from pigeonhole_api.problems import Refusal

_MOST_CALLERS = 10_000


class RateLimit:
    """Buckets by caller; the longest unused one is forgotten when there are too many."""

    def __init__(self, rate: float, burst: int, clock: Callable[[], float] = time.monotonic) -> None:
        """Make the buckets.

        Args:
            rate: Calls a second that go on for ever; 0 for no limit.
            burst: Calls that may come at once.
            clock: Seconds that only grow.
        """
        self._rate = rate
        self._burst = float(burst)
        self._clock = clock
        self._lock = threading.Lock()
        self._buckets: OrderedDict[str, tuple[float, float]] = OrderedDict()

    def check(self, caller: str) -> None:
        """Count a call.

        Raises:
            Refusal: 429 `rate-limited`, with the seconds after which a call passes again.
        """
        if not self._rate:
            return
        present = self._clock()
        with self._lock:
            level, at = self._buckets.pop(caller, (self._burst, present))
            level = min(self._burst, level + (present - at) * self._rate)
            passes = level >= 1
            self._buckets[caller] = (level - 1 if passes else level, present)
            if len(self._buckets) > _MOST_CALLERS:
                self._buckets.popitem(last=False)
        if not passes:
            seconds = math.ceil((1 - level) / self._rate)
            raise Refusal(
                "rate-limited",
                f"More than {self._rate:g} calls a second came from this caller.",
                hint=f"Call again after {seconds} s.",
                headers={"Retry-After": str(seconds)},
            )
