"""Whatever goes wrong at a source, its call ends in time with a SourceError whose reason says what it is."""

import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass

import aiohttp
import pytest

from pigeonhole_operator.decision.observed import ModelVersion
from pigeonhole_operator.sources.artefacts import ArtefactStore
from pigeonhole_operator.sources.mlflow import MlflowRegistry
from pigeonhole_operator.sources.ports import SourceError
from pigeonhole_operator.sources.predictors import Predictors
from pigeonhole_operator.sources.prometheus import PrometheusMetrics
from pigeonhole_operator.sources.settings import SourceSettings
from pigeonhole_operator.sources.storages import Storages
from pigeonhole_operator.sources.transformer import Transformer, Wanted

from .conftest import name_s3, with_session
from .faulty_server import SECRET, Misbehave, answer, cut, dripping, endless, faulty_server, silent

pytestmark = pytest.mark.integration
VERSION = ModelVersion("1", "f" * 32, "", "")
NOWHERE = "http://127.0.0.1:9"
TIME_LIMIT = 0.5
"""Time for an answer that does not come."""
PATIENCE = 60.0
"""Time for an answer that comes, on a machine that has much to do."""


@dataclass(frozen=True)
class Case:
    """A call of a source; `unread` is the reason where the body is what the caller wants and no answer of a server."""

    name: str
    call: Callable[[aiohttp.ClientSession, SourceSettings], Awaitable[object]]
    unreachable: str
    refused: str
    garbled: str
    unread: str = ""


def registry(name: str, call: Callable[[MlflowRegistry], Awaitable[object]], unread: str = "") -> Case:
    reasons = ("RegistryUnreachable", "RegistryRefused", "RegistryGarbled")
    return Case(name, lambda session, settings: call(MlflowRegistry(session, settings)), *reasons, unread)


async def look(session: aiohttp.ClientSession, settings: SourceSettings) -> object:
    store = ArtefactStore(session, settings, Storages())
    try:
        return await store.look("mlflow-artifacts:/1/models/m-1/artifacts")
    finally:
        store.close()


CASES = [
    registry("aliases", lambda mlflow: mlflow.aliases("documents")),
    registry("version", lambda mlflow: mlflow.version("documents", "1")),
    registry("evaluation", lambda mlflow: mlflow.evaluation(VERSION), "EvaluationGarbled"),
    registry("set-alias", lambda mlflow: mlflow.set_alias("documents", "champion", "1")),
    registry("delete-alias", lambda mlflow: mlflow.delete_alias("documents", "candidate")),
    registry("tag", lambda mlflow: mlflow.tag("documents", "1", {"promotion": "Succeeded"})),
    Case("artefacts", look, "ArtefactUnreachable", "ArtefactUnreachable", "ArtefactGarbled"),
    Case(
        "prometheus",
        lambda session, settings: PrometheusMetrics(session, settings).read("up"),
        *("MetricsUnreachable", "MetricsRefused", "MetricsGarbled"),
    ),
    Case(
        "predictor",
        lambda session, settings: Predictors(session, settings).served("shop", "documents-predictor"),
        *("PredictorUnreachable", "PredictorUnreachable", "PredictorGarbled"),
    ),
    Case(
        "transformer",
        lambda session, settings: Transformer(session, settings, settings.transformer_url).say(
            b"%PDF", Wanted("stable", "1")
        ),
        *["TransformerUnreachable"] * 3,
    ),
]
UNREACHABLE: dict[str, Misbehave] = {
    "silent": silent,
    "dripping": dripping,
    "hanging-up": cut,
    "cut-off": answer(200, b'{"registered', claims=1000),
    "500": answer(500, SECRET),
    "502-in-html": answer(502, b"<html>" + SECRET),
    "503": answer(503, b"{}"),
}
REFUSED: dict[str, Misbehave] = {
    "403": answer(403, b'{"error_code": "PERMISSION_DENIED", "message": "' + SECRET + b'"}'),
    "401-in-html": answer(401, b"<html>" + SECRET),
    "sign-in-elsewhere": answer(302, b"", Location=f"{NOWHERE}/sign-in"),
}
GARBLED: dict[str, Misbehave] = {
    "html": answer(200, b"<html>" + SECRET, Content_Type="text/html"),
    "truncated-json": answer(200, b'{"registered_model": {"name": "' + SECRET),
    "another-json": answer(200, b'["' + SECRET + b'"]'),
    "deep-json": answer(200, b"[" * 100_000),
    "no-text": answer(200, b"\xff\xfe\x00{}"),
    "empty": answer(200, b""),
}


def settings_for(url: str, seconds: float) -> SourceSettings:
    return SourceSettings(
        timeout_seconds=seconds,
        max_answer_bytes=1_000_000,
        mlflow_url=url,
        prometheus_url=url,
        predictor_url=url,
        transformer_url=url,
        artefact_timeout_seconds=seconds,
        replay_timeout_seconds=seconds,
        replay_patience_seconds=0.2,
        replay_pause_seconds=0.15,
    )


def failure(case: Case, url: str, seconds: float = PATIENCE) -> SourceError:
    started = time.monotonic()
    with pytest.raises(SourceError) as caught:
        with_session(lambda session: case.call(session, settings_for(url, seconds)))
    assert time.monotonic() - started < PATIENCE
    assert SECRET.decode() not in caught.value.message
    assert "127.0.0.1" not in caught.value.message
    return caught.value


def by_name(case: Case) -> str:
    return case.name


@pytest.mark.parametrize("case", CASES, ids=by_name)
@pytest.mark.parametrize("fault", UNREACHABLE)
def test_a_source_that_does_not_answer_is_unreachable(case: Case, fault: str) -> None:
    with faulty_server(UNREACHABLE[fault]) as server:
        assert failure(case, server.url, TIME_LIMIT).code == case.unreachable


@pytest.mark.parametrize("case", CASES, ids=by_name)
@pytest.mark.parametrize("url", [NOWHERE, "http://no-such-host.invalid", "http://:0", "nonsense"])
def test_a_source_that_is_nowhere_is_unreachable(case: Case, url: str) -> None:
    assert failure(case, url, TIME_LIMIT).code == case.unreachable


@pytest.mark.parametrize("case", CASES, ids=by_name)
@pytest.mark.parametrize("fault", REFUSED)
def test_a_source_that_refuses_is_told_from_one_that_is_away(case: Case, fault: str) -> None:
    with faulty_server(REFUSED[fault]) as server:
        assert failure(case, server.url).code == case.refused


@pytest.mark.parametrize("case", CASES, ids=by_name)
@pytest.mark.parametrize("fault", GARBLED)
def test_an_answer_that_is_another_thing_is_garbled(case: Case, fault: str) -> None:
    with faulty_server(GARBLED[fault]) as server:
        # A page is nobody's report, whoever wants the body as it is.
        unread = "" if fault == "html" else case.unread
        assert failure(case, server.url).code == (unread or case.garbled)


@pytest.mark.parametrize("case", CASES, ids=by_name)
def test_an_answer_without_an_end_is_not_read_to_its_end(case: Case) -> None:
    with faulty_server(endless) as server:
        assert failure(case, server.url).code == case.garbled


def test_a_page_that_is_not_found_is_no_missing_model() -> None:
    with faulty_server(answer(404, b"<html>Not Found")) as server:
        for case in CASES[:6]:
            assert failure(case, server.url).code == "RegistryRefused"


def test_mlflow_s_error_code_is_named() -> None:
    with faulty_server(REFUSED["403"]) as server:
        assert "PERMISSION_DENIED" in failure(CASES[0], server.url).message


async def look_into_s3(session: aiohttp.ClientSession, settings: SourceSettings) -> object:
    store = ArtefactStore(session, settings, Storages())
    try:
        return await store.look("s3://models/1")
    finally:
        store.close()


S3 = Case("s3", look_into_s3, "ArtefactUnreachable", "ArtefactUnreachable", "ArtefactGarbled")


@pytest.mark.parametrize("fault", [*UNREACHABLE, "403", "401-in-html"])
def test_an_s3_that_does_not_answer_is_unreachable(fault: str, monkeypatch: pytest.MonkeyPatch) -> None:
    with faulty_server({**UNREACHABLE, **REFUSED}[fault]) as server:
        name_s3(monkeypatch, server.url)
        assert failure(S3, NOWHERE, TIME_LIMIT).code == "ArtefactUnreachable"


@pytest.mark.parametrize("url", [NOWHERE, "nonsense"])
def test_an_s3_that_is_nowhere_is_unreachable(url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    name_s3(monkeypatch, url)
    assert failure(S3, NOWHERE, TIME_LIMIT).code == "ArtefactUnreachable"


@pytest.mark.parametrize("fault", [name for name in GARBLED if name != "empty"])
def test_an_s3_with_other_things_in_it_is_garbled(fault: str, monkeypatch: pytest.MonkeyPatch) -> None:
    with faulty_server(GARBLED[fault]) as server:
        name_s3(monkeypatch, server.url)
        assert failure(S3, NOWHERE).code == "ArtefactGarbled"


def test_an_s3_that_does_not_tell_sizes_is_none(monkeypatch: pytest.MonkeyPatch) -> None:
    with faulty_server(endless) as server:
        name_s3(monkeypatch, server.url)
        assert failure(S3, NOWHERE).code == "ArtefactUnreachable"
