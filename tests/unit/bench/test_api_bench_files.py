"""The files and the stub of the API's bench are what the platform takes: valid, all different, well understood."""

import pytest

from api_bench.files import blocks, file_name, open_file_maker
from api_bench.memory import peak_of
from api_bench.stub import BODY
from pigeonhole.documents import DocumentLimits, MediaType, inspect_document
from pigeonhole_api.worker.outcomes import Answered, read_answer

pytestmark = pytest.mark.unit


def test_files_are_valid_and_differ_and_have_about_the_size_that_is_asked_for() -> None:
    maker = open_file_maker(50)
    contents = [maker.content(number) for number in range(10)]
    found = [inspect_document(content, DocumentLimits()) for content in contents]
    assert [each.media_type for each in found].count(MediaType.PDF) == 2
    assert all(each.pages == 1 for each in found)
    assert len({each.sha256 for each in found}) == len(contents)
    assert all(45_000 < each.size < 60_000 for each in found)


def test_a_number_always_makes_the_same_file() -> None:
    assert open_file_maker(20).content(7) == open_file_maker(20).content(7)


def test_a_files_name_says_its_type() -> None:
    assert [file_name(0), file_name(3)] == ["scan-000000.pdf", "scan-000003.jpg"]


def test_a_content_is_sent_in_pieces_and_whole() -> None:
    content = open_file_maker(200).content(1)
    pieces = list(blocks(content))
    assert len(pieces) > 2
    assert b"".join(pieces) == content


def test_the_stubs_answer_is_one_that_the_worker_keeps() -> None:
    outcome = read_answer(200, BODY, {})
    assert isinstance(outcome, Answered)
    assert outcome.prediction.class_name == "invoice"
    assert sum(each.p for each in outcome.prediction.probabilities) == pytest.approx(1)
    assert not outcome.prediction.abstained


def test_the_peak_of_a_processs_memory_is_read_from_its_status() -> None:
    assert peak_of("Name:\tpython\nVmHWM:\t   100000 kB\nVmRSS:\t   90000 kB\n") == pytest.approx(102.4)
    with pytest.raises(ValueError, match="no peak"):
        peak_of("Name:\tpython\n")
