"""Log lines are JSON, carry the ids of the work in hand, and never a document's words."""

import io
import json
import logging
from collections.abc import Iterator

import pytest

from pigeonhole.telemetry import bind_context, configure_logging, get_logger

pytestmark = pytest.mark.unit


@pytest.fixture
def lines(monkeypatch: pytest.MonkeyPatch) -> Iterator[io.StringIO]:
    root = logging.getLogger()
    before = root.handlers[:], root.level
    written = io.StringIO()
    monkeypatch.setattr("sys.stderr", written)
    configure_logging("worker")
    yield written
    root.handlers[:] = before[0]
    root.setLevel(before[1])


def test_a_line_names_process_event_fields_and_ids(lines: io.StringIO) -> None:
    with bind_context(job_id="job_1"), bind_context(document_id="doc_1"):
        get_logger("somewhere").info("document classified", pages=2)
    line = json.loads(lines.getvalue())
    assert {"process": "worker", "event": "document classified", "pages": 2, "level": "info"}.items() <= line.items()
    assert (line["job_id"], line["document_id"], line["logger"]) == ("job_1", "doc_1", "somewhere")


def test_ids_end_with_their_block(lines: io.StringIO) -> None:
    with bind_context(job_id="job_1"):
        pass
    get_logger("somewhere").warning("idle")
    assert "job_id" not in json.loads(lines.getvalue())


def test_an_exception_is_logged_without_its_message(lines: io.StringIO) -> None:
    try:
        raise ValueError("the words of a document")
    except ValueError:
        get_logger("somewhere").exception("document failed")
    line = json.loads(lines.getvalue())
    assert line["exception"] == "ValueError"
    assert "raised_at" in line
    assert "words of a document" not in lines.getvalue()


def test_an_exception_of_another_library_is_logged_without_its_message(lines: io.StringIO) -> None:
    try:
        raise ValueError("the words of a document")
    except ValueError:
        logging.getLogger("library").exception("it failed")
    assert json.loads(lines.getvalue())["exception"] == "ValueError"
    assert "words of a document" not in lines.getvalue()
