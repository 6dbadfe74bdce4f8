"""The same model behind several servers: all are up, one at a time is under load, and they take turns."""

import random
import statistics
from collections.abc import Iterator, Sequence
from contextlib import ExitStack
from pathlib import Path

from pigeonhole.errors import PigeonholeError
from serving_bench.contenders import OURS, Contender
from serving_bench.load import Turn, ask, take_turn
from serving_bench.servers import ServerFailed, running
from serving_bench.settings import ServingBenchSettings

CALLERS = (1, 8)
FIGURE_CALLERS = 8
_WARM_UP_SECONDS = 2.0
_SAME = 1e-6


class DifferentAnswers(PigeonholeError):
    """Two servers give different probabilities, so that comparing them says nothing."""

    def __init__(self, message: str) -> None:
        super().__init__(message, code="bench-different-answers")


def start_all(contenders: Sequence[Contender], stack: ExitStack, logs: Path) -> tuple[list[Contender], dict[str, str]]:
    """Start the servers; a rival that does not start is left out, with the reason.

    Raises:
        ServerFailed: Our own does not start.
    """
    started, failed = [], {}
    for contender in contenders:
        try:
            stack.enter_context(running(contender.program, logs))
        except ServerFailed as error:
            if contender.name == OURS:
                raise
            failed[contender.name] = error.message
        else:
            started.append(contender)
    return started, failed


def largest_difference(contenders: Sequence[Contender], texts: Sequence[str]) -> float:
    """Return by how much the first server's probabilities differ from another's at most.

    Raises:
        DifferentAnswers: By more than rounding.
        WrongAnswer: A server answers with an error.
    """
    worst = 0.0
    for text in texts:
        first, *others = (ask(contender, text) for contender in contenders)
        for contender, row in zip(contenders[1:], others, strict=True):
            difference = max(abs(a - b) for a, b in zip(first, row, strict=True))
            if difference > _SAME:
                raise DifferentAnswers(f"{contender.name}'s probabilities differ from ours by {difference:.2g}.")
            worst = max(worst, difference)
    return worst


def compare(contenders: Sequence[Contender], texts: Sequence[str], settings: ServingBenchSettings) -> Iterator[Turn]:
    """Yield every server's turns; the order within a round is drawn anew for each.

    Raises:
        WrongAnswer: A server answers with an error.
    """
    for contender in contenders:
        take_turn(contender, texts, callers=FIGURE_CALLERS, seconds=min(_WARM_UP_SECONDS, settings.round_seconds))
    for number in range(settings.rounds):
        order = random.Random(f"{settings.seed} {number}").sample(contenders, len(contenders))
        for contender in order:
            for callers in CALLERS:
                yield take_turn(contender, texts, callers=callers, seconds=settings.round_seconds)


def throughput_ratio(turns: Sequence[Turn], rival: str) -> float | None:
    """Return how many times the rival's requests a second ours answers: the median of the rounds; None without any."""
    pairs = _rounds(turns, rival)
    return (
        statistics.median(own.requests_per_second / other.requests_per_second for own, other in pairs)
        if pairs
        else None
    )


def latency_ratio(turns: Sequence[Turn], rival: str) -> float | None:
    """Return how many times our p95 the rival's is: the median of the rounds; None without any."""
    pairs = _rounds(turns, rival)
    return statistics.median(other.p95_ms / own.p95_ms for own, other in pairs) if pairs else None


def _rounds(turns: Sequence[Turn], rival: str) -> list[tuple[Turn, Turn]]:
    def of(server: str) -> list[Turn]:
        return [turn for turn in turns if turn.server == server and turn.callers == FIGURE_CALLERS]

    return list(zip(of(OURS), of(rival), strict=True)) if of(rival) else []
