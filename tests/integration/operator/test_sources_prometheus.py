"""A real Prometheus as the operator asks it."""

from typing import Any

import pytest

from pigeonhole_operator.sources.ports import SourceError
from pigeonhole_operator.sources.prometheus import PrometheusMetrics

from .conftest import Prometheus, patient, with_session
from .faulty_server import answer, faulty_server

pytestmark = pytest.mark.integration


def read(url: str, query: str, **settings: Any) -> float | None:
    values = patient(prometheus_url=url, **settings)
    return with_session(lambda session: PrometheusMetrics(session, values).read(query))


@pytest.mark.parametrize(
    ("query", "value"),
    [
        ('answered{model="2"}', 2.5),
        ("sum(answered)", 42.5),
        ("sum(answered) > 100", None),
        ("no_such_metric", None),
        ("sum(no_such_metric)", None),
        ("broken", None),
        ("sum(answered) / 0", None),
        ("0 / sum(no_such_metric)", None),
        ("1 / 4", 0.25),
        ("0 / 0", None),
        ('sum(answered{model=~"[0-9]+"}) # a comment & more=1', 42.5),
    ],
)
def test_a_query_has_one_number_or_none(gauges: Prometheus, query: str, value: float | None) -> None:
    assert read(gauges.url, query) == value
    assert read(gauges.url + "/", query) == value


@pytest.mark.parametrize(
    ("query", "reason"),
    [
        ("answered", "MetricsAmbiguous"),
        ("answered[5m]", "MetricsRefused"),
        ('"text"', "MetricsRefused"),
        ("sum(", "MetricsRefused"),
        ("", "MetricsRefused"),
        ("answered + on() group_left() answered", "MetricsRefused"),
    ],
)
def test_a_query_without_one_number_says_why(gauges: Prometheus, query: str, reason: str) -> None:
    with pytest.raises(SourceError) as caught:
        read(gauges.url, query)
    assert caught.value.code == reason


@pytest.mark.parametrize(("query", "kind"), [("sum(", "400 bad_data"), ("answered + on() answered", "422 execution")])
def test_what_prometheus_has_against_a_query_is_named(gauges: Prometheus, query: str, kind: str) -> None:
    with pytest.raises(SourceError, match=kind):
        read(gauges.url, query)


@pytest.mark.parametrize(
    "result",
    [
        b'["a"]',
        b'[{"value": [1]}]',
        b'[{"value": [1, "many"]}]',
        b'[{"metric": {}}]',
        b'[{"value": null}]',
        b"[[1, 2]]",
    ],
)
def test_a_sample_of_another_shape_is_garbled(result: bytes) -> None:
    body = b'{"status": "success", "data": {"resultType": "vector", "result": ' + result + b"}}"
    with faulty_server(answer(200, body)) as server, pytest.raises(SourceError) as caught:
        read(server.url, "up")
    assert caught.value.code == "MetricsGarbled"


def test_a_histogram_is_not_one_number() -> None:
    body = b'{"status": "success", "data": {"resultType": "vector", "result": [{"histogram": [1, {}]}]}}'
    with faulty_server(answer(200, body)) as server, pytest.raises(SourceError) as caught:
        read(server.url, "up")
    assert caught.value.code == "MetricsRefused"


def test_an_error_under_200_is_no_number() -> None:
    body = b'{"status": "error", "errorType": "x"}'
    with faulty_server(answer(200, body)) as server, pytest.raises(SourceError) as caught:
        read(server.url, "up")
    assert caught.value.code == "MetricsGarbled"
