"""Ask a predictor over V2 REST."""

import asyncio
import json
from collections.abc import Sequence
from dataclasses import dataclass
from http import HTTPStatus

import aiohttp

from pigeonhole.artefact import ModelIdentity
from pigeonhole.scored_texts import ScoredTexts
from pigeonhole.telemetry import get_logger
from pigeonhole.telemetry.tracing import span, trace_headers
from pigeonhole_serving.errors import Reason, ServingError, failure
from pigeonhole_serving.metrics import PREDICTOR_CALLS
from pigeonhole_serving.protocol.texts import MODEL_NAME, AnswerInvalid, parse_score_answer, score_request_json
from pigeonhole_serving.routing import Role, Route

_log = get_logger(__name__)
# Predictors answer to this name whichever InferenceService they run under: a candidate's is another than stable's.
_PATH = f"/v2/models/{MODEL_NAME}/infer"
_ATTEMPTS = 2
_ABOUT_THE_TEXTS = {400, 413, 422}
# Shorter than the server's own keep-alive of 65 s, so that a connection is never used while it is being closed.
_KEEPALIVE_SECONDS = 30.0


@dataclass(frozen=True)
class Question:
    """Plain texts to score, how many words to name as reasons for each answer, and the id of the request."""

    texts: Sequence[str]
    explain: int
    request_id: str


@dataclass(frozen=True)
class Target:
    """A predictor to ask: the role it plays, where it is, and how long its answer may take in all."""

    role: Role
    route: Route
    timeout_seconds: float


class PredictorClient:
    """Calls predictors, and remembers what each host answered last."""

    def __init__(self, *, use_ssl: bool = False) -> None:
        self._scheme = "https" if use_ssl else "http"
        self._last: dict[str, ScoredTexts] = {}
        self._session: aiohttp.ClientSession | None = None

    async def score(self, target: Target, question: Question) -> ScoredTexts:
        """Return the model's numbers for plain texts.

        A call is repeated once when the connection fails: scoring changes nothing.

        Raises:
            ServingError: 503 `predictor-unavailable`, 504 when the predictor does not answer in time, or 500 when these
                very texts are what it cannot score: sent again, they would fail again.
        """
        with span("score texts", role=target.role.value, texts=len(question.texts)) as current:
            scored = await self._ask(target, question, _Calls(target.role))
            current.set_attribute("model_version", scored.model.version)
        self._last[target.route.host] = scored
        return scored

    def last_model(self, route: Route) -> ModelIdentity | None:
        """Return the model that answered last at a host, if any did."""
        known = self._last.get(route.host)
        return known.model if known else None

    def takes_first_looks(self, route: Route) -> bool:
        """Tell whether the model at a host may answer by a first look; one that is not known yet may."""
        known = self._last.get(route.host)
        return known is None or known.stop_confidence is not None

    async def close(self) -> None:
        """Close the connections."""
        if self._session is not None:
            await self._session.close()

    async def _ask(self, target: Target, question: Question, calls: "_Calls") -> ScoredTexts:
        try:
            async with asyncio.timeout(target.timeout_seconds):
                status, content = await self._post(target, question, calls)
        except TimeoutError as error:
            calls.count("timeout")
            raise failure(Reason.TIMEOUT, "The predictor did not answer in time.") from error
        if status != HTTPStatus.OK:
            raise calls.refused(status)
        try:
            scored = parse_score_answer(content)
        except AnswerInvalid as error:
            raise calls.unavailable("invalid") from error
        if len(scored.probabilities) != len(question.texts):
            raise calls.unavailable("invalid")
        calls.count("ok")
        return scored

    async def _post(self, target: Target, question: Question, calls: "_Calls") -> tuple[int, bytes]:
        url = f"{self._scheme}://{target.route.host}{_PATH}"
        body = json.dumps(score_request_json(question.texts, question.explain)).encode()
        # Nothing else of a caller's headers goes on, above all not its Authorization.
        headers = {"content-type": "application/json", "x-request-id": question.request_id, **trace_headers()}
        for attempt in range(1, _ATTEMPTS + 1):
            try:
                async with self._http().post(url, data=body, headers=headers, allow_redirects=False) as response:
                    return response.status, await response.read()
            except aiohttp.ClientError as error:
                if attempt == _ATTEMPTS:
                    raise calls.unavailable("connection", error=type(error).__name__) from error
                calls.count("connection")
        raise AssertionError("unreachable")

    def _http(self) -> aiohttp.ClientSession:
        # It belongs to the loop, which runs only now.
        if self._session is None:
            connector = aiohttp.TCPConnector(limit=0, keepalive_timeout=_KEEPALIVE_SECONDS, use_dns_cache=False)
            # A call has a deadline as a whole, which a server that drips cannot stretch.
            timeout = aiohttp.ClientTimeout(total=None, sock_connect=None)
            cookies = aiohttp.DummyCookieJar()
            self._session = aiohttp.ClientSession(connector=connector, timeout=timeout, cookie_jar=cookies)
        return self._session


@dataclass(frozen=True)
class _Calls:
    """Counts and logs how the calls of a predictor end."""

    role: Role

    def count(self, result: str) -> None:
        PREDICTOR_CALLS.labels(self.role, result).inc()

    def refused(self, status: int) -> ServingError:
        if status not in _ABOUT_THE_TEXTS:
            return self.unavailable("refused", status=status)
        self.count("refused")
        _log.warning("predictor refused texts", role=self.role, status=status)
        return failure(Reason.INTERNAL, "The predictor cannot score the document.")

    def unavailable(self, result: str, **fields: object) -> ServingError:
        self.count(result)
        _log.warning("predictor unavailable", role=self.role, result=result, **fields)
        return failure(Reason.PREDICTOR_UNAVAILABLE, "The predictor does not answer; send the request again later.")
