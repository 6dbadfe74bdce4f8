"""One question over HTTP and its answer, with a limit on its time and on its size."""

import asyncio
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from http import HTTPStatus
from typing import Any, TypeVar

import aiohttp
from pydantic import BaseModel, ValidationError

from pigeonhole_operator.sources.credentials import Credentials, CredentialsUnreadable
from pigeonhole_operator.sources.ports import SourceError

_BLOCK = 1 << 16
_WHOLE = re.compile(r"[0-9]{1,6}")
_Shape = TypeVar("_Shape", bound=BaseModel)


class Passing(SourceError):
    """A failure that may be over in a moment: no connection, or 503 with the seconds of its Retry-After."""

    def __init__(self, reason: str, message: str, retry_after: float | None) -> None:
        super().__init__(reason, message)
        self.retry_after = retry_after


@dataclass(frozen=True)
class Asked:
    """A source: its name in sentences, the reasons of its failures and its limits.

    `unreachable` stands for no answer or a server's fault, `refused` for any other status than 200, and `garbled` for
    an answer that is not what was asked for.
    """

    name: str
    unreachable: str
    refused: str
    garbled: str
    timeout_seconds: float
    max_answer_bytes: int
    credentials: Credentials = field(default_factory=Credentials)

    def is_away(self, detail: str) -> SourceError:
        """Return the error of a source that does not answer."""
        return SourceError(self.unreachable, f"{self.name} {detail}.")

    def is_away_now(self, detail: str, retry_after: float | None = None) -> Passing:
        """Return the error of a source that may answer in a moment."""
        return Passing(self.unreachable, f"{self.name} {detail}.", retry_after)

    def refuses(self, detail: str) -> SourceError:
        """Return the error of a source that answers with a refusal."""
        return SourceError(self.refused, f"{self.name} {detail}.")

    def is_garbled(self, detail: str = "answers with something else than was asked for") -> SourceError:
        """Return the error of an answer that cannot be used."""
        return SourceError(self.garbled, f"{self.name} {detail}.")


@dataclass(frozen=True)
class Question:
    """A request; `form` is sent as a form, `json` as JSON."""

    method: str
    url: str
    params: Mapping[str, str] = field(default_factory=dict)
    form: Mapping[str, str] | None = None
    json: Any = None


@dataclass(frozen=True)
class Answer:
    """The status, headers and whole body of an answer whose status is below 500."""

    status: int
    content: bytes
    headers: Mapping[str, str]

    @property
    def is_ok(self) -> bool:
        """Tell whether the answer is what was asked for."""
        return self.status == HTTPStatus.OK


def open_session() -> aiohttp.ClientSession:
    """Return the one session of all sources; it heeds HTTP_PROXY, HTTPS_PROXY and NO_PROXY and keeps no cookies.

    Each question has a connection of its own: a Service shows all its pods only so, and none is used that the other end
    has just closed.
    """
    connector = aiohttp.TCPConnector(force_close=True, use_dns_cache=False)
    # A question has a deadline as a whole, which a server that drips cannot stretch.
    no_timeout = aiohttp.ClientTimeout(total=None, sock_connect=None)
    cookies = aiohttp.DummyCookieJar()
    return aiohttp.ClientSession(connector=connector, timeout=no_timeout, cookie_jar=cookies, trust_env=True)


async def ask(session: aiohttp.ClientSession, source: Asked, question: Question) -> Answer:
    """Return the answer to a question; redirects are not followed, since credentials go along.

    Raises:
        SourceError: `unreachable` for no answer in time, a broken one or a status from 500 on, `garbled` for one that
            is too large. A failure that may be over in a moment is a `Passing` one.
    """
    try:
        async with asyncio.timeout(source.timeout_seconds):
            answer = await _exchange(session, source, question)
    except CredentialsUnreadable as error:
        raise source.is_away("cannot be asked: a file of its credentials is missing, empty or not a token") from error
    except TimeoutError as error:
        raise source.is_away(f"did not answer within {source.timeout_seconds:g} s") from error
    # ValueError: an address that is none, which aiohttp finds in different places.
    except (aiohttp.ClientError, OSError, ValueError) as error:
        raise source.is_away_now(f"cannot be reached ({type(error).__name__})") from error
    if answer.status == HTTPStatus.SERVICE_UNAVAILABLE:
        raise source.is_away_now("has no room now (503)", _seconds(answer.headers.get("Retry-After", "")))
    if answer.status >= HTTPStatus.INTERNAL_SERVER_ERROR:
        raise source.is_away(f"answered {answer.status}")
    return answer


def parse(source: Asked, shape: type[_Shape], content: bytes) -> _Shape:
    """Return an answer of the expected shape.

    Raises:
        SourceError: `garbled`.
    """
    try:
        return shape.model_validate_json(content)
    except ValidationError as error:
        raise source.is_garbled() from error


def _seconds(retry_after: str) -> float | None:
    return float(retry_after) if _WHOLE.fullmatch(retry_after) else None


async def _exchange(session: aiohttp.ClientSession, source: Asked, question: Question) -> Answer:
    async with session.request(
        question.method,
        question.url,
        params=question.params,
        data=question.form,
        json=question.json,
        headers=source.credentials.headers(),
        allow_redirects=False,
    ) as response:
        return Answer(response.status, await _read(response, source), response.headers)


async def _read(response: aiohttp.ClientResponse, source: Asked) -> bytes:
    content = bytearray()
    async for block in response.content.iter_chunked(_BLOCK):
        content += block
        if len(content) > source.max_answer_bytes:
            response.close()
            raise source.is_garbled(f"answers with more than {source.max_answer_bytes} bytes")
    return bytes(content)
