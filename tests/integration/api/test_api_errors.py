"""Every refusal is a problem document that says what is wrong, and never more."""

import asyncio
import json
import re
import socket
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest
from pydantic import SecretStr

from pigeonhole.documents import DocumentLimits
from pigeonhole.settings import PlatformSettings
from pigeonhole_api.application import create_application
from pigeonhole_api.platform import PlatformState, open_platform
from pigeonhole_api.settings import ApiSettings, OidcSettings

pytestmark = pytest.mark.integration
HASH = "a" * 64


def check_problem(response: httpx.Response, status: int, code: str) -> dict[str, Any]:
    assert (response.status_code, response.headers["content-type"]) == (status, "application/problem+json")
    problem: dict[str, Any] = response.json()
    assert (problem["status"], problem["code"]) == (status, code)
    assert problem["type"] == f"urn:pigeonhole:problem:{code}"
    assert problem["title"]
    assert problem["detail"].endswith(".")
    assert problem["instance"] == response.request.url.path
    assert problem["request_id"] == response.headers["x-request-id"]
    assert isinstance(problem["errors"], list)
    assert "Traceback" not in response.text
    assert "pigeonhole_api" not in response.text
    return problem


CASES: dict[str, tuple[str, str, dict[str, Any], int, str]] = {
    "no such path": ("GET", "/v1/nothing", {}, 404, "not-found"),
    "no such method": ("DELETE", "/v1/jobs", {}, 405, "method-not-allowed"),
    "no such job": ("GET", "/v1/jobs/job_0", {}, 404, "job-missing"),
    "documents of no job": ("GET", "/v1/jobs/job_0/documents", {}, 404, "job-missing"),
    "cancel no job": ("POST", "/v1/jobs/job_0/cancellation", {}, 404, "job-missing"),
    "retry no job": ("POST", "/v1/jobs/job_0/retries", {}, 404, "job-missing"),
    "no such document": ("GET", "/v1/documents/doc_0", {}, 404, "document-missing"),
    "content of no document": ("GET", "/v1/documents/doc_0/content", {}, 404, "document-missing"),
    "page of no document": ("GET", "/v1/documents/doc_0/pages/1", {}, 404, "document-missing"),
    "page zero": ("GET", "/v1/documents/doc_0/pages/0", {}, 422, "invalid-request"),
    "unknown state": ("GET", "/v1/jobs?state=lost", {}, 422, "invalid-request"),
    "page too large": ("GET", "/v1/jobs?page_size=501", {}, 422, "invalid-request"),
    "no such example": ("DELETE", "/v1/examples/ex_0", {}, 404, "example-missing"),
    "no such training": ("GET", "/v1/trainings/trn_0", {}, 404, "training-missing"),
    "no such dataset": ("POST", "/v1/trainings", {"json": {"dataset_version": HASH}}, 422, "dataset-missing"),
    "no dataset": ("POST", "/v1/trainings", {"json": {}}, 422, "invalid-request"),
    "no JSON": (
        "POST",
        "/v1/trainings",
        {"content": b"{", "headers": {"content-type": "application/json"}},
        422,
        "invalid-request",
    ),
    "no model serves": ("GET", "/v1/models/production", {}, 404, "no-model"),
    "no such model": ("GET", "/v1/models/1", {}, 404, "model-missing"),
    "promote no model": (
        "PUT",
        "/v1/models/production",
        {"json": {"version": "1", "reason": "try"}},
        404,
        "model-missing",
    ),
    "promote without a reason": (
        "PUT",
        "/v1/models/production",
        {"json": {"version": "1", "reason": ""}},
        422,
        "invalid-request",
    ),
    "import what nobody reviewed": (
        "POST",
        "/v1/corrections/imports",
        {"json": {"document_ids": ["doc_0"]}},
        422,
        "not-reviewed",
    ),
    "class with a control character": ("GET", "/v1/classes/a%07b/examples", {}, 422, "invalid-request"),
    "no file": ("POST", "/v1/jobs", {"files": {"reference": (None, "r")}}, 422, "no-files"),
    "no reference": ("POST", "/v1/jobs", {"files": {"files": ("a.png", b"x")}}, 422, "reference-invalid"),
    "neither files nor a declaration": ("POST", "/v1/jobs", {"content": b"text"}, 422, "no-files"),
    "declaration of nothing": ("POST", "/v1/jobs", {"json": {"reference": "r"}}, 422, "invalid-request"),
    "too many files": (
        "POST",
        "/v1/jobs",
        {"files": [("files", (f"{n}", b"x")) for n in range(101)]},
        413,
        "too-many-files",
    ),
    "body too large": ("POST", "/v1/jobs", {"files": {"files": ("a", b"x" * 3_000_001)}}, 413, "body-too-large"),
    "JSON too large": ("POST", "/v1/trainings", {"content": b"x" * 2_000_001}, 413, "body-too-large"),
    "broken multipart": (
        "POST",
        "/v1/jobs",
        {"content": b"--x\r\nbroken", "headers": {"content-type": "multipart/form-data; boundary=y"}},
        422,
        "upload-malformed",
    ),
    "review without If-Match": (
        "PATCH",
        "/v1/documents/doc_0/review",
        {"json": {"decision": "accepted", "class": "invoice"}},
        428,
        "precondition-required",
    ),
    "unknown decision": (
        "PATCH",
        "/v1/documents/doc_0/review",
        {"json": {"decision": "liked", "class": "invoice"}},
        422,
        "invalid-request",
    ),
}


@pytest.mark.parametrize("name", CASES)
def test_a_refusal_is_a_problem_document(platform: Any, name: str) -> None:
    method, path, content, status, code = CASES[name]
    problem = check_problem(platform.call(method, path, **content), status, code)
    if code == "invalid-request":
        assert problem["errors"][0]["field"]
        assert problem["errors"][0]["detail"]


@pytest.mark.parametrize("token", [None, "wrong", "é", ""])
@pytest.mark.parametrize("path", ["/v1/jobs", "/v1/models/production", "/v1/classes", "/v1/audit-events"])
def test_without_the_token_nothing_is_told(platform: Any, token: str | None, path: str) -> None:
    response = platform.call(
        "GET", path, token=None, headers={"authorization": f"Bearer {token}".encode()} if token else {}
    )
    check_problem(response, 401, "unauthorized")
    assert response.headers["www-authenticate"] == "Bearer"


def test_a_foreign_host_name_is_refused(platform: Any) -> None:
    check_problem(platform.call("GET", "/v1/jobs", headers={"host": "evil.example:80"}), 421, "host-not-allowed")
    for own in (f"localhost:{platform.port}", "127.0.0.1", f"[::1]:{platform.port}"):
        assert platform.call("GET", "/v1/jobs", headers={"host": own}).status_code == 200


def test_a_body_without_a_length_is_cut_off_at_the_limit(platform: Any) -> None:
    """Chunked, so that no header gives its size away."""

    def chunks() -> Any:
        yield b'--b\r\nContent-Disposition: form-data; name="files"; filename="a"\r\n\r\n'
        for _ in range(40):
            yield b"x" * 100_000

    headers = {"content-type": "multipart/form-data; boundary=b"}
    check_problem(platform.call("POST", "/v1/jobs", content=chunks(), headers=headers), 413, "body-too-large")


def test_a_stranger_s_body_is_refused_before_it_is_read(platform: Any) -> None:
    headers = {"content-type": "multipart/form-data; boundary=b"}
    for path in ("/v1/jobs", "/v1/corrections/imports"):
        answer = platform.call("POST", path, token=None, content=b"x" * 2_000_001, headers=headers)
        check_problem(answer, 413, "body-too-large")


def test_the_callers_request_id_is_kept_when_it_is_harmless(platform: Any) -> None:
    assert platform.call("GET", "/livez", headers={"x-request-id": "mine-1"}).headers["x-request-id"] == "mine-1"
    assert platform.call("GET", "/livez", headers={"x-request-id": "a b"}).headers["x-request-id"] != "a b"


def test_probes_metrics_and_the_description_need_no_token(platform: Any) -> None:
    for path in ("/livez", "/readyz", "/metrics", "/openapi.json", "/docs"):
        assert platform.call("GET", path, token=None).status_code == 200
    text = platform.call("GET", "/metrics", token=None).text
    assert 'pigeonhole_queue_depth{queue="documents"}' in text
    platform.call("GET", "/v1/nothing")
    assert 'pigeonhole_rejected_total{reason="not-found"}' in platform.call("GET", "/metrics", token=None).text
    assert 'pigeonhole_http_requests_total{code="200",method="GET",route="/livez"}' in text


def test_the_page_of_the_description_needs_nothing_from_elsewhere(platform: Any) -> None:
    page = platform.call("GET", "/docs", token=None).text
    addresses = re.findall(r'(?:src|href)="([^"]+)"', page)
    assert len(addresses) >= 2
    assert all(platform.call("GET", address, token=None).status_code == 200 for address in addresses)
    assert "//" not in "".join(addresses)


def test_every_operation_is_described(platform: Any) -> None:
    description = json.loads(platform.call("GET", "/openapi.json", token=None).content)
    operations = [each for path in description["paths"].values() for each in path.values()]
    assert len(operations) >= 28
    for operation in operations:
        assert operation["summary"]
        assert operation["description"]
    assert description["paths"]["/v1/jobs"]["post"]["requestBody"]["content"]["multipart/form-data"]


@pytest.fixture
def inside(tmp_path: Path) -> Iterator[PlatformState]:
    """A platform in this process, whose parts a test can break."""
    settings = ApiSettings(token=SecretStr("a-token-for-tests-alone"))
    state = open_platform(settings, PlatformSettings(home=tmp_path), DocumentLimits(), OidcSettings())
    yield state
    state.close()


def ask(state: PlatformState, method: str, path: str, **content: Any) -> httpx.Response:
    async def send() -> httpx.Response:
        headers = {"authorization": "Bearer a-token-for-tests-alone"}
        transport = httpx.ASGITransport(create_application(state))
        async with httpx.AsyncClient(transport=transport, base_url="http://localhost", headers=headers) as client:
            return await client.request(method, path, **content)

    return asyncio.run(send())


def test_a_storage_that_fails_is_told_without_its_cause(inside: PlatformState, tmp_path: Path) -> None:
    (tmp_path / "storage").mkdir()
    (tmp_path / "storage" / "documents").write_text("a file where a folder should be")
    files = [("files", ("a.txt", b"some text"))]
    response = ask(inside, "POST", "/v1/jobs", data={"reference": "r"}, files=files)
    problem = check_problem(response, 503, "storage-unavailable")
    assert str(tmp_path) not in json.dumps(problem)
    assert ask(inside, "GET", "/v1/jobs").json()["jobs"] == []


def test_a_fault_of_ours_is_told_without_its_cause(inside: PlatformState) -> None:
    with inside.database.write() as connection:
        values = ("job_1", "default", "r", "0" * 64, "no such state", "local", 0.0)
        columns = "(id, tenant, reference, manifest_sha256, state, created_by, created_at)"
        connection.exec_driver_sql(f"INSERT INTO jobs {columns} VALUES (?, ?, ?, ?, ?, ?, ?)", values)
    check_problem(ask(inside, "GET", "/v1/jobs"), 500, "internal")
    assert ask(inside, "GET", "/livez").status_code == 200


def test_a_database_that_fails_is_told_without_its_cause(inside: PlatformState) -> None:
    with inside.database.write() as connection:
        connection.exec_driver_sql("DROP TABLE audit_events")
    check_problem(ask(inside, "GET", "/v1/audit-events"), 503, "database-unavailable")


@pytest.mark.parametrize("method", ["GET", "POST"])
def test_garbage_on_the_wire_breaks_nothing(platform: Any, method: str) -> None:
    with socket.create_connection(("127.0.0.1", platform.port)) as connection:
        connection.sendall(f"{method} /v1/jobs HTTP/1.1\r\nhost: localhost\r\ncontent-length: -1\r\n\r\n".encode())
        connection.recv(100)
    assert platform.is_ready()


def test_the_client_says_that_nothing_answers(platform: Any, refused: Callable[..., Any]) -> None:
    from pigeonhole_api.client import PlatformClient

    with socket.socket() as unused:
        unused.bind(("127.0.0.1", 0))
        url = f"http://127.0.0.1:{unused.getsockname()[1]}"
        error = refused(lambda: PlatformClient(url, "t" * 16).jobs())
    assert (error.code, error.status) == ("api-unreachable", None)
    assert url in error.message
    assert error.hint
    assert refused(lambda: PlatformClient(platform.url, "wrong").jobs()).code == "unauthorized"
