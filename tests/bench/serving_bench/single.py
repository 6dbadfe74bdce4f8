"""One document at a time through transformer and predictor."""

import base64
import json
import re
import time
from collections.abc import Iterator, Sequence
from contextlib import closing
from dataclasses import dataclass
from http import HTTPStatus
from http.client import HTTPConnection
from pathlib import Path
from typing import Any

import httpx

from serving_bench.load import WrongAnswer
from serving_bench.servers import Running

PREDICT = "/v1/models/documents:predict"
_TIMEOUT_SECONDS = 180.0
_IDLE_SECONDS = 180.0
_BUSY = re.compile(r'^pigeonhole_(?:slots_busy|queue_depth)\{queue="documents"\} (\S+)$', re.MULTILINE)


@dataclass(frozen=True)
class Answered:
    """One document's answer: milliseconds until it was there, those of them that are reading, and the view it is by."""

    milliseconds: float
    ocr_milliseconds: float
    view: str

    @property
    def overhead(self) -> float:
        """Milliseconds that are not the reading that the answer is by."""
        return self.milliseconds - self.ocr_milliseconds


def send_one_by_one(transformer: Running, paths: Sequence[Path]) -> list[Answered]:
    """Send documents, each after the answer to the one before.

    Raises:
        WrongAnswer: An answer is not 200.
    """
    # The client that costs least: what it takes is counted as the servers'.
    with closing(HTTPConnection("127.0.0.1", transformer.port, timeout=_TIMEOUT_SECONDS)) as connection:
        return [_send(connection, path) for path in paths]


def wait_until_idle(transformer: Running) -> None:
    """Wait until the transformer reads nothing: documents that await a person's decision are read whole afterwards.

    Raises:
        TimeoutError: It still reads after three minutes.
    """
    deadline = time.monotonic() + _IDLE_SECONDS
    while any(_work(httpx.get(f"{transformer.url}/metrics", timeout=30, trust_env=False).text)):
        if time.monotonic() > deadline:
            raise TimeoutError("the transformer does not become idle")
        time.sleep(0.1)


def request_body(path: Path) -> bytes:
    """Return the V1 request for a document."""
    return b'{"instances": [{"document": "' + base64.b64encode(path.read_bytes()) + b'"}]}'


def _send(connection: HTTPConnection, path: Path) -> Answered:
    body = request_body(path)
    started = time.perf_counter()
    connection.request("POST", PREDICT, body, {"content-type": "application/json"})
    response = connection.getresponse()
    content = response.read()
    elapsed = time.perf_counter() - started
    if response.status != HTTPStatus.OK:
        raise WrongAnswer(f"the transformer answered {response.status}: {content[:200]!r}")
    ocr: dict[str, Any] = json.loads(content)["predictions"][0]["ocr"]
    return Answered(1000 * elapsed, 1000 * float(ocr["seconds"]), str(ocr["view"]))


def _work(metrics: str) -> Iterator[float]:
    return (float(value) for value in _BUSY.findall(metrics))
