"""Which model a predictor says that it serves."""

import itertools
import json
import threading
from http.server import BaseHTTPRequestHandler
from typing import Any

import pytest

from pigeonhole_operator.decision.observed import Served
from pigeonhole_operator.sources.ports import SourceError
from pigeonhole_operator.sources.predictors import Predictors

from .conftest import patient, with_session
from .faulty_server import Misbehave, answer, faulty_server
from .served import Trial

pytestmark = pytest.mark.integration


def served(url: str, host: str = "documents-predictor", **settings: Any) -> Served:
    values = patient(predictor_url=url, **settings)
    return with_session(lambda session: Predictors(session, values).served("shop", host))


def identity(version: str) -> bytes:
    return json.dumps(
        {"parameters": {"name": "n", "version": version, "run_id": "r", "digest": f"d{version}"}}
    ).encode()


def taking_turns(*versions: str) -> Misbehave:
    """Answer as a Service does that has pods of several versions."""
    turns = itertools.cycle(versions)

    def misbehave(handler: BaseHTTPRequestHandler, ended: threading.Event) -> None:
        answer(200, identity(next(turns)))(handler, ended)

    return misbehave


def test_a_real_predictor_names_the_model_that_it_serves(trial: Trial) -> None:
    url = "http://{host}/v2/models/documents/infer"
    assert served(url, trial.stable).version == "1"
    candidate = served(url, trial.candidate)
    assert candidate.version == "2"
    assert candidate.digest == trial.digest("2")


def test_each_answer_comes_over_a_connection_of_its_own() -> None:
    with faulty_server(answer(200, identity("3"))) as server:
        assert served(server.url, predictor_answers=4) == Served("3", "d3")
    assert (len(server.asked), server.connections) == (4, 4)


def test_two_models_at_one_address_disagree() -> None:
    with faulty_server(taking_turns("1", "1", "2")) as server, pytest.raises(SourceError) as caught:
        served(server.url)
    assert caught.value.code == "PredictorsDisagree"


def test_the_address_is_made_of_host_and_namespace() -> None:
    with faulty_server(answer(200, identity("1"))) as server:
        served(server.url + "/{namespace}/{host}", predictor_answers=1)
    assert server.paths == ["/shop/documents-predictor"]


@pytest.mark.parametrize(
    "body", [b"{}", b'{"parameters": null}', identity(""), b'{"parameters": {"version": 1, "digest": "d"}}']
)
def test_an_answer_that_names_no_model_is_garbled(body: bytes) -> None:
    with faulty_server(answer(200, body)) as server, pytest.raises(SourceError) as caught:
        served(server.url)
    assert caught.value.code == "PredictorGarbled"
