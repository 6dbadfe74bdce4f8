"""What the cases ask an operator itself: whether it lives, is ready and leads, and what it measured."""

import re
from collections.abc import Iterator

import httpx
from prometheus_client.parser import text_string_to_metric_families
from prometheus_client.samples import Sample

from .operator_process import OperatorProcess

LEADER = "pigeonhole_operator_leader"
_GAINED = re.compile(r"leadership_gained.*?identity\W+([\w.-]+)|identity\W+([\w.-]+).*?leadership_gained")


def probe(operator: OperatorProcess, path: str) -> tuple[int, str]:
    """Return the status and the text of a probe; 0 and nothing where nobody answers."""
    try:
        answer = httpx.get(f"{operator.url}{path}", timeout=10)
    except httpx.TransportError:
        return 0, ""
    return answer.status_code, answer.text


def samples(operator: OperatorProcess) -> list[Sample]:
    """Return everything that it exports now; nothing where nobody answers."""
    status, text = probe(operator, "/metrics")
    return list(_samples(text)) if status == httpx.codes.OK else []


def _samples(text: str) -> Iterator[Sample]:
    for family in text_string_to_metric_families(text):
        yield from family.samples


def measured(operator: OperatorProcess, metric: str, /, **labels: str) -> float | None:
    """Return the sum of a metric's samples that have some labels; None where there is none."""
    found = [
        sample.value
        for sample in samples(operator)
        if sample.name == metric and labels.items() <= sample.labels.items()
    ]
    return sum(found) if found else None


def leads(operator: OperatorProcess) -> bool:
    return measured(operator, LEADER) == 1


def identities(operator: OperatorProcess) -> list[str]:
    """Return the names under which it held the Lease, one for each time."""
    return [one or other for one, other in _GAINED.findall(operator.text)]
