"""A candidate beside stable: its share, its shadow, and its failures, which no caller ever sees."""

import hashlib
import json
import threading
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler
from pathlib import Path
from typing import Any

import httpx
import pytest
from prometheus_client.parser import text_string_to_metric_families

from pigeonhole_serving.routing import choose, parse_routing

from .conftest import INVOICE, PAYSLIP, Server, as_base64, make_pdf, make_scan, v1_body, wait_until
from .routed import ANSWER, V1, Routed, predictor_of, send

pytestmark = [pytest.mark.integration, pytest.mark.alone]
FAILURES = 3


class Trial(Routed):
    """A routed transformer with version 1 as stable, whose candidate tests choose."""

    def __init__(self, server: Server, path: Path, stable: str) -> None:
        super().__init__(server, path)
        self.stable = stable

    def with_candidate(self, host: str, version: str, *, weight: float, shadow: bool = False) -> bytes:
        candidate = {"host": host, "version": version, "weight": weight, "shadow": shadow}
        rules = json.dumps({"stable": {"host": self.stable, "version": "1"}, "candidate": candidate, "generation": 7})
        self.write(rules)
        return rules.encode()

    def answer(self, document: bytes) -> tuple[str, str]:
        """Return role and model version of the answer."""
        return _answered(self.predict(document))

    def asked(self, document: bytes, role: str) -> tuple[str, str]:
        """Return role and model version of the answer that one role was asked for."""
        return _answered(httpx.post(self.server.url + V1, json=v1_body(document, role=role), timeout=60))

    def counted(self, name: str, **labels: str) -> float:
        families = text_string_to_metric_families(self.server.get("/metrics").text)
        samples = [sample for family in families for sample in family.samples if sample.name == name]
        return sum(sample.value for sample in samples if labels.items() <= sample.labels.items())

    def fallbacks(self, **labels: str) -> float:
        return self.counted("pigeonhole_candidate_fallbacks_total", **labels)


def _answered(response: httpx.Response) -> tuple[str, str]:
    assert response.status_code == 200, response.text
    (prediction,) = response.json()["predictions"]
    return prediction["role"], prediction["model"]["version"]


def letters(count: int, kind: str) -> list[bytes]:
    """Return documents that are all different, for one test alone."""
    return [make_pdf([*INVOICE, f"{kind} {number}"]) for number in range(count)]


@pytest.fixture(scope="module")
def second(start_server: Callable[..., Server], model_folders: dict[str, Path]) -> Server:
    """Version 2, under the name that KServe gives a candidate's model."""
    folder = str(model_folders["2"])
    return start_server("predictor_server", "--model_dir", folder, "--model_name", "documents-candidate").wait()


@pytest.fixture(scope="module")
def trial_server(
    start_server: Callable[..., Server], predictor: Server, tmp_path_factory: pytest.TempPathFactory
) -> Trial:
    path = tmp_path_factory.mktemp("trial") / "routing.json"
    server = start_server(
        "transformer_server",
        *("--predictor_host", predictor.host, "--routing_file", str(path)),
        serving_candidate_timeout_seconds="0.5",
        serving_candidate_failures=str(FAILURES),
        serving_candidate_open_seconds="1",
    )
    return Trial(server.wait(), path, predictor.host)


@pytest.fixture
def trial(trial_server: Trial) -> Iterator[Trial]:
    """The transformer on trial, with stable alone after the test."""
    yield trial_server
    trial_server.to(trial_server.stable, "1")


def test_the_candidate_answers_for_its_share_and_for_the_same_documents_each_time(trial: Trial, second: Server) -> None:
    documents = letters(60, "share")
    rules = parse_routing(trial.with_candidate(second.host, "2", weight=20))
    expected = [choose(rules, hashlib.sha256(document).hexdigest()).answers.value for document in documents]
    assert set(expected) == {"stable", "candidate"}
    for _ in range(2):
        answers = [trial.answer(document) for document in documents]
        assert [role for role, _ in answers] == expected
        assert all(version == {"stable": "1", "candidate": "2"}[role] for role, version in answers)


def test_the_metrics_show_the_routing_in_force_and_both_models(trial: Trial, second: Server) -> None:
    trial.with_candidate(second.host, "2", weight=100)
    trial.answer(letters(1, "metrics")[0])
    assert trial.counted("pigeonhole_routing_generation") == 7
    assert trial.counted("pigeonhole_routing_candidate_weight_percent") == 100
    assert trial.counted("pigeonhole_model_info", version="2", role="candidate") == 1
    assert trial.counted("pigeonhole_predictions_total", role="candidate", model_version="2") >= 1
    trial.to(trial.stable, "1")
    trial.answer(letters(1, "metrics")[0])
    assert trial.counted("pigeonhole_model_info", role="candidate") == 0
    assert trial.counted("pigeonhole_routing_candidate_weight_percent") == 0


def test_a_shadow_sees_every_text_and_answers_none(trial: Trial, second: Server) -> None:
    def compared() -> float:
        return trial.counted("pigeonhole_shadow_comparisons_total", model_version="2", stable_version="1", agree="yes")

    before = compared()
    trial.with_candidate(second.host, "2", weight=0, shadow=True)
    assert {trial.answer(document) for document in letters(10, "shadow")} == {("stable", "1")}
    wait_until(lambda: compared() == before + 10, "ten comparisons")


def test_stable_is_the_shadow_of_what_the_candidate_answers(trial: Trial, second: Server) -> None:
    before = trial.counted("pigeonhole_shadow_calls_total", role="stable", result="ok")
    trial.with_candidate(second.host, "2", weight=100, shadow=True)
    assert trial.answer(letters(1, "pair")[0]) == ("candidate", "2")
    wait_until(
        lambda: trial.counted("pigeonhole_shadow_calls_total", role="stable", result="ok") == before + 1,
        "the comparison",
    )


@pytest.mark.parametrize("weight", [0, 100])
def test_who_is_asked_for_answers_whatever_the_weight(trial: Trial, second: Server, weight: float) -> None:
    trial.with_candidate(second.host, "2", weight=weight, shadow=True)
    calls = trial.counted("pigeonhole_shadow_calls_total")
    (document,) = letters(1, f"asked {weight}")
    assert trial.asked(document, "candidate") == ("candidate", "2")
    assert trial.asked(document, "stable") == ("stable", "1")
    assert trial.counted("pigeonhole_shadow_calls_total") == calls


def test_by_v2_the_parameters_name_who_is_to_answer(trial: Trial, second: Server) -> None:
    trial.with_candidate(second.host, "2", weight=0)
    tensor = {"name": "document", "datatype": "BYTES", "shape": [1], "data": [as_base64(make_pdf(INVOICE))]}
    body = {"inputs": [tensor], "parameters": {"role": "candidate"}}
    answer = httpx.post(f"{trial.server.url}/v2/models/documents/infer", json=body, timeout=60).json()
    assert json.loads(answer["outputs"][0]["data"][0])["role"] == "candidate"


def test_stable_answers_for_a_candidate_that_is_asked_for_and_is_not_there_or_fails(trial: Trial) -> None:
    (document,) = letters(1, "asked in vain")
    trial.to(trial.stable, "1")
    assert trial.asked(document, "candidate") == ("stable", "1")
    trial.with_candidate("127.0.0.1:9", "9", weight=0)
    assert trial.asked(document, "candidate") == ("stable", "1")


def test_no_answer_waits_for_a_shadow(trial: Trial) -> None:
    asked, release = threading.Event(), threading.Event()

    def hold(handler: BaseHTTPRequestHandler, body: bytes) -> None:
        asked.set()
        release.wait(60)

    with predictor_of(hold) as host:
        trial.with_candidate(host, "9", weight=0, shadow=True)
        try:
            assert trial.answer(letters(1, "held")[0]) == ("stable", "1")
            assert asked.wait(60)
        finally:
            release.set()


def test_disagreement_is_counted(trial: Trial) -> None:
    rival = {**ANSWER, "outputs": [*ANSWER["outputs"][:2], {**ANSWER["outputs"][2], "data": [0.1, 0.9]}]}
    with predictor_of(lambda handler, _: send(handler, 200, json.dumps(rival).encode())) as host:
        trial.with_candidate(host, "9", weight=0, shadow=True)
        trial.answer(letters(1, "rival")[0])
        wait_until(
            lambda: trial.counted("pigeonhole_shadow_comparisons_total", model_version="9", agree="no") == 1,
            "the disagreement",
        )


def answer_with(status: int, body: Any) -> Callable[[BaseHTTPRequestHandler, bytes], None]:
    content = body if isinstance(body, bytes) else json.dumps(body).encode()
    return lambda handler, _: send(handler, status, content)


@pytest.mark.parametrize(
    ("candidate", "reason"),
    [
        (answer_with(500, b"secret"), "predictor-unavailable"),
        (answer_with(404, b"secret"), "predictor-unavailable"),
        (answer_with(200, b"secret"), "predictor-unavailable"),
        (answer_with(200, {**ANSWER, "outputs": []}), "predictor-unavailable"),
        (answer_with(400, b"secret"), "internal"),
        (answer_with(200, {**ANSWER, "parameters": {**ANSWER["parameters"], "version": "8"}}), "other-version"),
    ],
    ids=["500", "404", "garbage", "no-numbers", "400", "another-version"],
)
def test_stable_answers_when_the_candidate_fails(
    trial: Trial, candidate: Callable[[BaseHTTPRequestHandler, bytes], None], reason: str
) -> None:
    before = trial.fallbacks(model_version="9", reason=reason)
    with predictor_of(candidate) as host:
        trial.with_candidate(host, "9", weight=100)
        assert trial.answer(letters(1, "failing")[0]) == ("stable", "1")
    assert trial.fallbacks(model_version="9", reason=reason) == before + 1
    assert "secret" not in trial.server.log()


def test_a_candidate_that_hangs_is_left_alone_after_some_failures_and_tried_again_later(trial: Trial) -> None:
    release, calls = threading.Event(), []

    def hang(handler: BaseHTTPRequestHandler, body: bytes) -> None:
        calls.append(1)
        if release.wait(60):
            send(handler, 200, json.dumps(ANSWER).encode())

    documents = letters(FAILURES + 5, "hanging")
    with predictor_of(hang) as host:
        trial.with_candidate(host, "9", weight=100)
        timeouts, unasked = trial.fallbacks(reason="timeout"), trial.fallbacks(reason="open")
        assert {trial.answer(document) for document in documents} == {("stable", "1")}
        assert trial.fallbacks(reason="timeout") >= timeouts + FAILURES
        assert trial.fallbacks(reason="open") > unasked
        assert trial.counted("pigeonhole_candidate_breaker_open") == 1
        assert len(calls) < len(documents)
        release.set()
        wait_until(lambda: trial.answer(documents[0]) == ("candidate", "9"), "the candidate to be tried again")
        assert trial.counted("pigeonhole_candidate_breaker_open") == 0
        assert trial.answer(documents[0]) == ("candidate", "9")


def test_a_candidate_that_is_killed_costs_no_request(
    trial: Trial, start_server: Callable[..., Server], model_folders: dict[str, Path]
) -> None:
    frail = start_server("predictor_server", "--model_dir", str(model_folders["2"])).wait()
    trial.with_candidate(frail.host, "2", weight=50, shadow=True)
    documents = letters(120, "killed")
    roles: list[str] = []

    def send_share(number: int) -> None:
        roles.extend(trial.answer(document)[0] for document in documents[number::4])

    callers = [threading.Thread(target=send_share, args=(number,)) for number in range(4)]
    for caller in callers:
        caller.start()
    wait_until(lambda: "candidate" in roles, "an answer of the candidate")
    frail.kill()
    for caller in callers:
        caller.join()
    assert len(roles) == len(documents)
    assert trial.fallbacks(reason="predictor-unavailable") > 0
    assert {trial.answer(document) for document in documents[:5]} == {("stable", "1")}


def test_a_document_without_text_names_the_model_of_its_share(trial: Trial, second: Server) -> None:
    trial.with_candidate(second.host, "2", weight=100)
    assert trial.answer(make_scan([])) == ("candidate", "2")


def test_a_broken_candidate_in_the_file_keeps_the_last_good_routing(trial: Trial, second: Server) -> None:
    trial.with_candidate(second.host, "2", weight=100)
    assert trial.answer(make_pdf(PAYSLIP)) == ("candidate", "2")
    trial.with_candidate("http://nowhere", "3", weight=100)
    assert trial.answer(make_pdf(PAYSLIP)) == ("candidate", "2")
    assert trial.counted("pigeonhole_routing_file_valid") == 0


def test_a_predictor_answers_to_its_own_name_too(second: Server) -> None:
    models = second.get("/v2/models").json()["models"]
    assert set(models) == {"documents", "documents-candidate"}
    assert second.status("/v2/models/documents-candidate/ready") == second.status("/v2/models/documents/ready") == 200
