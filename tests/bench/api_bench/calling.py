"""The API over connections that stay open, by Python's own client, which takes least of the machine that both share."""

import http.client
import json
from collections.abc import Iterable, Mapping
from contextlib import closing
from typing import Any

from api_bench.installation import Tenant
from pigeonhole.errors import PigeonholeError
from serving_bench.servers import Running

_TIMEOUT_SECONDS = 120.0
_OK = range(200, 300)


class WrongAnswer(PigeonholeError):
    """The API refused what it must take, or did not do what it had answered."""

    def __init__(self, message: str) -> None:
        super().__init__(message, code="bench-answer")


class Caller:
    """One connection of one tenant."""

    def __init__(self, api: Running, tenant: Tenant) -> None:
        self._connection = http.client.HTTPConnection("127.0.0.1", api.port, timeout=_TIMEOUT_SECONDS)
        self._headers = {"Authorization": f"Bearer {tenant.token}"}

    def close(self) -> None:
        """Close the connection."""
        self._connection.close()

    def get(self, path: str) -> Any:
        """Return what the API has at a path.

        Raises:
            WrongAnswer: It answers with an error.
        """
        return self._send("GET", path, None, {})

    def post(self, path: str, values: Any) -> Any:
        """Return the answer to JSON values.

        Raises:
            WrongAnswer: It answers with an error.
        """
        return self._send("POST", path, json.dumps(values).encode(), {"Content-Type": "application/json"})

    def put(self, path: str, content: Iterable[bytes], size: int) -> Any:
        """Return the answer to a content that is sent piece by piece.

        Raises:
            WrongAnswer: It answers with an error.
        """
        headers = {"Content-Type": "application/octet-stream", "Content-Length": str(size)}
        return self._send("PUT", path, content, headers)

    def _send(self, method: str, path: str, body: bytes | Iterable[bytes] | None, headers: Mapping[str, str]) -> Any:
        self._connection.request(method, path, body, {**self._headers, **headers})
        response = self._connection.getresponse()
        answer = response.read()
        if response.status not in _OK:
            raise WrongAnswer(f"{method} {path.partition('?')[0]}: {response.status} {answer[:200].decode()}")
        return json.loads(answer)


def calling(api: Running, tenant: Tenant) -> "closing[Caller]":
    """Return a connection that is closed when the block ends."""
    return closing(Caller(api, tenant))
