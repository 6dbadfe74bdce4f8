"""Calls of the API over HTTP: retries of what may be repeated, and errors as exceptions."""

import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any, TypeVar

import httpx
from httpx_sse import ServerSentEvent, SSEError, connect_sse
from pydantic import BaseModel, ValidationError

from pigeonhole_api.client.errors import ApiError, refusal_of, unreachable

Answer = TypeVar("Answer", bound=BaseModel)
Query = Mapping[str, str | int | None]

_PAUSES = (0.2, 0.6)
_CONNECT_SECONDS = 5.0
_READ_SECONDS = 60.0


class Transport:
    """One API's address and token, and the connections to it; safe to share between threads."""

    def __init__(self, base_url: str, token: str, *, read_seconds: float = _READ_SECONDS) -> None:
        self.base_url = base_url.rstrip("/")
        self._client = httpx.Client(
            base_url=self.base_url,
            headers={"Authorization": f"Bearer {token}"},
            timeout=httpx.Timeout(read_seconds, connect=_CONNECT_SECONDS),
            trust_env=not is_loopback(self.base_url),
        )

    def close(self) -> None:
        """Close the connections."""
        self._client.close()

    def get(self, path: str, query: Query | None = None) -> httpx.Response:
        """Read, again when the connection breaks."""
        return self.send("GET", path, repeatable=True, params=_given(query))

    def read(self, model: type[Answer], path: str, query: Query | None = None) -> Answer:
        """Read a value."""
        return parse(model, self.get(path, query))

    def send(self, method: str, path: str, *, repeatable: bool = False, **content: Any) -> httpx.Response:
        """Call the API and return its answer.

        A call that was not even sent is always tried again; one that broke off only when it is repeatable.

        Raises:
            ApiError: The API refused, or `api-unreachable`.
        """
        for pause in (*_PAUSES, None):
            try:
                response = self._client.request(method, path, **content)
            except httpx.TransportError as error:
                if pause is None or not (repeatable or isinstance(error, httpx.ConnectError)):
                    raise unreachable(self.base_url) from error
                time.sleep(pause)
                continue
            except httpx.InvalidURL as error:
                raise unreachable(self.base_url) from error
            if response.is_success:
                return response
            raise refusal_of(response)
        raise AssertionError("unreachable: the last try returns or raises")

    @contextmanager
    def events(self, path: str, last_id: str) -> Iterator[Iterator[ServerSentEvent]]:
        """Yield the events of a stream, from one on where that is named.

        Raises:
            ApiError: The API refused, or `unexpected-answer`.
        """
        headers = {"Last-Event-ID": last_id} if last_id else {}
        with connect_sse(self._client, "GET", path, headers=headers) as source:
            if not source.response.is_success:
                source.response.read()
                raise refusal_of(source.response)
            try:
                yield source.iter_sse()
            except SSEError as error:
                raise ApiError("The platform's answer is not a stream of events.", code="unexpected-answer") from error


def parse(model: type[Answer], response: httpx.Response) -> Answer:
    """Return an answer's value.

    Raises:
        ApiError: `unexpected-answer`.
    """
    try:
        return model.model_validate_json(response.content)
    except ValidationError as error:
        raise ApiError(
            "The platform's answer is not what this client understands.",
            code="unexpected-answer",
            status=response.status_code,
            hint="Check the address, and that client and platform have the same version.",
        ) from error


def _given(query: Query | None) -> dict[str, str | int]:
    return {name: value for name, value in (query or {}).items() if value is not None}


def is_loopback(url: str) -> bool:
    """Tell whether an address is this machine's: no proxy of the environment may stand between its processes."""
    return httpx.URL(url).host in {"127.0.0.1", "localhost", "::1"}
