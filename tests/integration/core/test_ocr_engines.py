"""The engines: tesseract in this process, and as a program, which is what the first is compared with."""

import resource
from collections import Counter
from collections.abc import Iterator

import cv2
import numpy as np
import pytest
from numpy.typing import NDArray

from pigeonhole.ocr import ENGINE_MISSING, EngineFailure, EngineTimeout, OcrEngine, OcrSettings
from pigeonhole.ocr.engines import open_engine, tessdata
from pigeonhole.ocr.engines.pytesseract_engine import PytesseractEngine
from pigeonhole.ocr.engines.tesserocr_engine import TesserocrEngine
from pigeonhole.synthetic import FormatMix, GenerationSettings, generate_documents

pytestmark = pytest.mark.integration
BLANK = np.full((40, 40), 255, np.uint8)
PAGES = 500


@pytest.fixture(scope="module")
def scans() -> list[NDArray[np.uint8]]:
    """Clean gray scans of the generator, one a class."""
    settings = GenerationSettings(count=1, difficulty=0.0, seed=5, formats=FormatMix(0, 0, 0, 1, 0))
    documents = [data for _, data in generate_documents(settings)]
    return [cv2.imdecode(np.frombuffer(data, np.uint8), cv2.IMREAD_GRAYSCALE) for data in documents]


@pytest.fixture(params=[TesserocrEngine, PytesseractEngine])
def engine(request: pytest.FixtureRequest) -> OcrEngine:
    chosen: OcrEngine = request.param()
    return chosen


def words_of(text: str) -> list[str]:
    return [word for word in text.split() if any(character.isalnum() for character in word)]


def test_the_engine_in_process_reads_what_the_program_reads(scans: list[NDArray[np.uint8]]) -> None:
    ours, oracle = TesserocrEngine(), PytesseractEngine()
    for scan in scans:
        read, expected = (engine.read(scan, layout="page", deadline_seconds=60) for engine in (ours, oracle))
        ours_read, program_read = Counter(words_of(read.text)), Counter(words_of(expected.text))
        # The library is two versions younger than the program, so that a few words differ.
        assert (ours_read & program_read).total() >= 0.85 * max(ours_read.total(), program_read.total())


def test_words_lie_where_the_program_finds_them(scans: list[NDArray[np.uint8]]) -> None:
    read, expected = (
        engine.read(scans[0], layout="page", deadline_seconds=60) for engine in (TesserocrEngine(), PytesseractEngine())
    )
    places = {word.text: word.box for word in expected.words if len(word.text) > 5}
    same = [(word.box, places[word.text]) for word in read.words if word.text in places]
    assert len(same) >= 5
    near = [abs(box.left - other.left) <= 3 and abs(box.top - other.top) <= 3 for box, other in same]
    assert sum(near) >= 0.8 * len(near)


def snippets(scans: list[NDArray[np.uint8]]) -> Iterator[NDArray[np.uint8]]:
    """PAGES different small pages: pieces of the scans."""
    draw = np.random.default_rng(1)
    for number in range(PAGES):
        scan = scans[number % len(scans)]
        top = int(draw.integers(0, scan.shape[0] - 70))
        left = int(draw.integers(0, scan.shape[1] - 310))
        yield np.ascontiguousarray(scan[top : top + 60, left : left + 300])


def test_an_engine_that_read_hundreds_of_pages_reads_like_a_fresh_one(scans: list[NDArray[np.uint8]]) -> None:
    reused = TesserocrEngine()
    memory = []
    for number, page in enumerate(snippets(scans)):
        layout = "page" if number % 2 else "rows"
        again = reused.read(page, layout=layout, deadline_seconds=60)
        assert again == TesserocrEngine().read(page, layout=layout, deadline_seconds=60), number
        memory.append(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss)
    assert memory[-1] - memory[PAGES // 5] < 20_000, "the peak of memory grew by more than 20 MB"


def test_a_deadline_ends_the_reading(engine: OcrEngine, scans: list[NDArray[np.uint8]]) -> None:
    with pytest.raises(EngineTimeout):
        engine.read(scans[0], layout="page", deadline_seconds=0.001)


def test_after_a_deadline_the_engine_reads_on(scans: list[NDArray[np.uint8]]) -> None:
    engine = TesserocrEngine()
    expected = engine.read(scans[0], layout="page", deadline_seconds=60)
    with pytest.raises(EngineTimeout):
        engine.read(scans[1], layout="page", deadline_seconds=0.001)
    assert engine.read(scans[0], layout="page", deadline_seconds=60) == expected


def test_a_missing_language_is_named(engine: OcrEngine) -> None:
    lacking = type(engine)("fra+xyz")
    assert lacking.missing_languages() == ("xyz",)
    with pytest.raises(EngineFailure):
        type(engine)("xyz").read(BLANK, layout="page", deadline_seconds=10)


def test_a_missing_program_is_said_with_how_to_get_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", "/nonexistent")
    with pytest.raises(EngineFailure, match="not installed") as caught:
        PytesseractEngine().read(BLANK, layout="page", deadline_seconds=10)
    assert caught.value.code == ENGINE_MISSING
    assert "tesseract-ocr" in (caught.value.hint or "")


def test_missing_language_data_is_said_with_how_to_get_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("TESSDATA_PREFIX", raising=False)
    monkeypatch.setattr(tessdata, "_FOLDERS", ("/nonexistent",))
    tessdata.find_tessdata.cache_clear()
    try:
        with pytest.raises(EngineFailure, match="not installed") as caught:
            TesserocrEngine().missing_languages()
    finally:
        tessdata.find_tessdata.cache_clear()
    assert caught.value.code == ENGINE_MISSING


def test_the_setting_chooses_the_engine() -> None:
    assert open_engine(OcrSettings(engine="pytesseract")).name == "pytesseract"
    assert open_engine(OcrSettings(engine="tesserocr")).name == "tesserocr"
    assert open_engine(OcrSettings(engine="auto")).name == "tesserocr"


def test_openmp_is_limited_to_one_thread_where_tesseract_runs() -> None:
    import os

    import pigeonhole.ocr.engines.tesserocr_engine

    assert pigeonhole.ocr.engines.tesserocr_engine
    assert os.environ["OMP_THREAD_LIMIT"] == "1"
