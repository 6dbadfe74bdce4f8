"""Single questions to addresses, by people's and machines' protocol alike."""

import json
import time
from collections.abc import Mapping
from dataclasses import dataclass
from http import HTTPStatus
from typing import Any

import httpx

from pigeonhole_api.client.transport import is_loopback

_CONNECT_SECONDS, _READ_SECONDS = 5.0, 15.0
_PATIENCE_SECONDS, _PAUSE_SECONDS = 15.0, 1.0


@dataclass(frozen=True)
class Answer:
    """What an address answered."""

    status: int
    text: str
    is_page: bool

    def json(self) -> Mapping[str, Any]:
        """Return the object in it; an empty one when there is none."""
        try:
            found = json.loads(self.text)
        except ValueError:
            return {}
        return found if isinstance(found, dict) else {}


def ask(address: str, *, token: str = "") -> Answer | str:
    """Return what an address answers, or in a sentence why it does not."""
    headers = {"Authorization": f"Bearer {token}"} if token else {}
    timeout = httpx.Timeout(_READ_SECONDS, connect=_CONNECT_SECONDS)
    try:
        # No proxy stands between processes of one machine.
        answer = httpx.get(address, headers=headers, timeout=timeout, trust_env=not is_loopback(address))
    except (httpx.InvalidURL, httpx.UnsupportedProtocol):
        return "this is no address that can be asked"
    except httpx.TimeoutException:
        return "it does not answer in time"
    except httpx.HTTPError as error:
        return f"it cannot be reached ({type(error).__name__})"
    kind = answer.headers.get("content-type", "")
    return Answer(answer.status_code, answer.text, kind.startswith("text/html"))


def ask_until_answered(address: str) -> Answer | str:
    """Return what an address answers, asked again for some seconds while it does not answer 200."""
    end = time.monotonic() + _PATIENCE_SECONDS
    while True:
        answer = ask(address)
        is_good = not isinstance(answer, str) and answer.status == HTTPStatus.OK
        if is_good or time.monotonic() >= end:
            return answer
        time.sleep(_PAUSE_SECONDS)
