"""What a bench says while it runs."""

import sys
import time


def say(line: str) -> None:
    """Print a line at once."""
    sys.stdout.write(f"{line}\n")
    sys.stdout.flush()


class Stages:
    """Prints a line after each stage, with the seconds that it took."""

    def __init__(self) -> None:
        self._started = time.perf_counter()

    def done(self, line: str) -> None:
        """Print the line of the stage that has ended."""
        now = time.perf_counter()
        say(f"{line}; {now - self._started:.0f} s")
        self._started = now
