"""The commands and operations in docs/api.md are those of the running API."""

import re
import shlex
from collections.abc import Callable
from pathlib import Path
from typing import Any

import httpx
import pytest

pytestmark = pytest.mark.integration
TEXT = (Path(__file__).parents[3] / "docs" / "api.md").read_text(encoding="utf-8")
COMMANDS = [
    line
    for block in re.findall(r"```sh\n(.*?)```", TEXT, re.DOTALL)
    for line in block.splitlines()
    if line.startswith("curl ")
]


def run_curl(command: str, values: dict[str, str], files: dict[str, bytes]) -> httpx.Response:
    """Send what a curl command would: these few options, and the shell's variables."""
    words = shlex.split(re.sub(r"\$(\w+)", lambda match: values[match[1]].replace('"', '\\"'), command))
    assert words[:2] == ["curl", "-s"]
    rest = iter(words[2:])
    options = [(word, next(rest)) if word.startswith("-") else ("url", word) for word in rest]
    given = dict(options)
    headers = dict(value.split(": ", 1) for name, value in options if name == "-H")
    forms = [value.split("=", 1) for name, value in options if name == "-F"]
    parts = [(name, (value[1:], files[value[1:]])) for name, value in forms if value.startswith("@")]
    fields = {name: value for name, value in forms if not value.startswith("@")}
    method = given.get("-X", "POST" if forms else "GET")
    body: dict[str, Any] = {}
    if "-d" in given:
        body = {"content": given["-d"]}
    elif "--data-binary" in given:
        body = {"content": files[given["--data-binary"].removeprefix("@")]}
    elif forms:
        body = {"data": fields, "files": parts}
    return httpx.request(method, given["url"], headers=headers, timeout=60, **body)


def test_every_command_works_as_printed(platform: Any, pictures: Callable[[int], list[tuple[str, bytes]]]) -> None:
    client = platform.client
    client.add_examples("invoice", pictures(1))
    client.add_examples("payslip", pictures(1))
    (_, letter), (_, scan) = pictures(2)
    values = {"URL": platform.url, "TOKEN": "a-token-for-tests-alone"}
    statuses = []
    for command in COMMANDS:
        if "accepted" in command:
            command = command.replace('"invoice"', f'"{values["CLASS"]}"')
        response = run_curl(command, values, {"letter.pdf": letter, "scan.jpg": scan})
        statuses.append(response.status_code)
        if "reference=monday-batch -F" in command:
            values["JOB"] = response.json()["id"]
            client.wait(values["JOB"], timeout=30)
            document = client.documents(values["JOB"]).documents[0]
            values |= {"DOCUMENT": document.id, "ETAG": document.etag, "CLASS": document.prediction.class_name}
            values["VERSION"] = document.prediction.model.version
        if "tuesday-batch" in command:
            values["TUESDAY"] = response.json()["id"]
        if command.endswith("/v1/dataset-versions"):
            values["DATASET"] = response.json()["id"]
        if command.endswith("/v1/models/production"):
            assert response.json()["code"] == "model-missing"
    assert len(statuses) == len(COMMANDS) >= 17
    assert [status for status in statuses if status >= 400] == [404]


def test_the_table_of_operations_is_complete(platform: Any) -> None:
    described = platform.call("GET", "/openapi.json").json()["paths"]
    operations = {f"{method.upper()} {path}" for path, methods in described.items() for method in methods}
    documented = set(re.findall(r"`((?:GET|POST|PUT|PATCH|DELETE) /[^`]*)`", TEXT))
    assert operations == documented
