"""One number from Prometheus."""

import math
import re
from typing import Any, Literal

import aiohttp
from pydantic import BaseModel, ConfigDict, ValidationError

from pigeonhole_operator.decision.observed import Reading
from pigeonhole_operator.sources.credentials import Credentials
from pigeonhole_operator.sources.exchange import Answer, Asked, Question, ask, parse
from pigeonhole_operator.sources.ports import SourceError
from pigeonhole_operator.sources.settings import SourceSettings

_ERROR_TYPE = re.compile(r"[a-z_]{1,40}")


class PrometheusMetrics:
    """Instant queries to the one address that the settings name; a resource brings the query alone."""

    def __init__(self, session: aiohttp.ClientSession, settings: SourceSettings) -> None:
        self._session = session
        self._url = settings.prometheus_url.rstrip("/") + "/api/v1/query"
        self._source = Asked(
            "Prometheus",
            unreachable="MetricsUnreachable",
            refused="MetricsRefused",
            garbled="MetricsGarbled",
            timeout_seconds=settings.timeout_seconds,
            max_answer_bytes=settings.max_answer_bytes,
            credentials=Credentials(settings.prometheus_token_file),
        )

    async def read(self, query: str) -> Reading:
        """Return the one value of an instant query, or None for no data or none that is a finite number.

        Raises:
            SourceError: `MetricsAmbiguous` for several series, `MetricsRefused` for a query that Prometheus refuses or
                that has no single value, `MetricsUnreachable` or `MetricsGarbled`.
        """
        # Prometheus itself gives up in time, so that a heavy query does not go on without anybody waiting for it.
        form = {"query": query, "timeout": f"{self._source.timeout_seconds:g}s"}
        answer = await ask(self._session, self._source, Question("POST", self._url, form=form))
        if not answer.is_ok:
            raise self._refused(answer)
        return self._value(parse(self._source, _QueryAnswer, answer.content).data)

    def _value(self, data: "_Data") -> Reading:
        if data.resultType == "scalar":
            return self._number(data.result)
        if data.resultType != "vector":
            raise self._source.refuses("was asked for a range or a text, which is not one number")
        if len(data.result) > 1:
            message = f"The query finds {len(data.result)} series where one is wanted; sum or average them."
            raise SourceError("MetricsAmbiguous", message)
        if not data.result:
            return None
        sample = data.result[0]
        if isinstance(sample, dict) and "histogram" in sample:
            raise self._source.refuses("was asked for a histogram, which is not one number")
        return self._number(sample.get("value") if isinstance(sample, dict) else None)

    def _number(self, sample: Any) -> Reading:
        """Return the number of `[time, "number"]`."""
        try:
            _, text = sample
            value = float(text)
        except (TypeError, ValueError) as error:
            raise self._source.is_garbled() from error
        return value if math.isfinite(value) else None

    def _refused(self, answer: Answer) -> SourceError:
        try:
            kind = _Refusal.model_validate_json(answer.content).errorType
        except ValidationError:
            kind = ""
        named = f" {kind}" if _ERROR_TYPE.fullmatch(kind) else ""
        return self._source.refuses(f"refused the query with {answer.status}{named}")


class _Shape(BaseModel):
    model_config = ConfigDict(frozen=True, extra="ignore")


class _Data(_Shape):
    resultType: Literal["vector", "scalar", "matrix", "string"]  # noqa: N815  # Prometheus's own name
    result: list[Any]


class _QueryAnswer(_Shape):
    status: Literal["success"]
    data: _Data


class _Refusal(_Shape):
    status: Literal["error"]
    errorType: str  # noqa: N815  # Prometheus's own name
