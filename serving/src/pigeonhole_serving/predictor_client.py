"""Ask a predictor over V2 REST."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import httpx

from pigeonhole.artefact import ModelIdentity
from pigeonhole.prediction import ScoredTexts
from pigeonhole.telemetry import get_logger
from pigeonhole_serving.errors import Reason, ServingError, failure
from pigeonhole_serving.metrics import PREDICTOR_CALLS
from pigeonhole_serving.protocol.texts import AnswerInvalid, parse_score_answer, score_request_json
from pigeonhole_serving.routing import Route

_log = get_logger(__name__)
_ATTEMPTS = 2
_ABOUT_THE_TEXTS = {400, 413, 422}
# Shorter than the server's own keep-alive of 65 s, so that a connection is never used while it is being closed.
_KEEPALIVE_SECONDS = 30.0


@dataclass(frozen=True)
class Trace:
    """What of a request's headers goes on to the predictor: never its Authorization."""

    request_id: str
    traceparent: str | None = None
    tracestate: str | None = None

    @classmethod
    def of(cls, headers: Mapping[str, str]) -> "Trace":
        """Return the trace of a request's lower-case headers."""
        return cls(headers.get("x-request-id", ""), headers.get("traceparent"), headers.get("tracestate"))

    def headers(self) -> dict[str, str]:
        """Return the headers to send."""
        named = {"x-request-id": self.request_id, "traceparent": self.traceparent, "tracestate": self.tracestate}
        return {name: value for name, value in named.items() if value}


class PredictorClient:
    """Calls predictors, and remembers what each host answered last."""

    def __init__(self, model_name: str, *, timeout_seconds: float, use_ssl: bool = False) -> None:
        self._path = f"/v2/models/{model_name}/infer"
        self._scheme = "https" if use_ssl else "http"
        self._last: dict[str, ScoredTexts] = {}
        self._http = httpx.AsyncClient(
            timeout=timeout_seconds,
            limits=httpx.Limits(keepalive_expiry=_KEEPALIVE_SECONDS),
            trust_env=False,
        )

    async def score(self, route: Route, texts: Sequence[str], *, explain: int, trace: Trace) -> ScoredTexts:
        """Return the model's numbers for plain texts.

        A call is repeated once when the connection fails: scoring changes nothing.

        Raises:
            ServingError: 503 `predictor-unavailable`, 504 when the predictor does not answer in time, or 500 when these
                very texts are what it cannot score: sent again, they would fail again.
        """
        response = await self._post(route, score_request_json(texts, explain), trace)
        if response.status_code != httpx.codes.OK:
            raise _refused(response.status_code)
        try:
            scored = parse_score_answer(response.content)
        except AnswerInvalid as error:
            raise _unavailable("invalid") from error
        if len(scored.probabilities) != len(texts):
            raise _unavailable("invalid")
        PREDICTOR_CALLS.labels("ok").inc()
        self._last[route.host] = scored
        return scored

    async def model_at(self, route: Route, trace: Trace) -> ModelIdentity:
        """Return the model that answered last at a host, asking it when none did yet.

        Raises:
            ServingError: As `score`.
        """
        known = self._last.get(route.host)
        return (known or await self.score(route, [""], explain=0, trace=trace)).model

    def takes_first_looks(self, route: Route) -> bool:
        """Tell whether the model at a host may answer by a first look; one that is not known yet may."""
        known = self._last.get(route.host)
        return known is None or known.stop_confidence is not None

    async def close(self) -> None:
        """Close the connections."""
        await self._http.aclose()

    async def _post(self, route: Route, body: dict[str, object], trace: Trace) -> httpx.Response:
        url = f"{self._scheme}://{route.host}{self._path}"
        for attempt in range(1, _ATTEMPTS + 1):
            try:
                return await self._http.post(url, json=body, headers=trace.headers())
            except (httpx.NetworkError, httpx.RemoteProtocolError, httpx.ConnectTimeout) as error:
                PREDICTOR_CALLS.labels("connection").inc()
                if attempt == _ATTEMPTS:
                    raise _unavailable("connection", error=type(error).__name__) from error
            except httpx.TimeoutException as error:
                PREDICTOR_CALLS.labels("timeout").inc()
                raise failure(Reason.TIMEOUT, "The predictor did not answer in time.") from error
        raise AssertionError("unreachable")


def _refused(status: int) -> ServingError:
    if status not in _ABOUT_THE_TEXTS:
        return _unavailable("refused", status=status)
    PREDICTOR_CALLS.labels("refused").inc()
    _log.warning("predictor refused texts", status=status)
    return failure(Reason.INTERNAL, "The predictor cannot score the document.")


def _unavailable(result: str, **fields: object) -> ServingError:
    if result != "connection":
        PREDICTOR_CALLS.labels(result).inc()
    _log.warning("predictor unavailable", result=result, **fields)
    return failure(Reason.PREDICTOR_UNAVAILABLE, "The predictor does not answer; send the request again later.")
