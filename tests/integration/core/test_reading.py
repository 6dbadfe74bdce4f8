"""Real tesseract reads real documents; what was read once, or carries its text, is not recognised again."""

import io
import json
import subprocess
import sys
from pathlib import Path

import pytest
from PIL import Image, ImageDraw, ImageFont
from reportlab.lib.utils import ImageReader
from reportlab.pdfgen import canvas

from pigeonhole.documents import DocumentLimits, DocumentRefused, RefusalReason
from pigeonhole.ocr import DocumentReader, OcrSettings, PageText, PageTextCache, View
from pigeonhole.ocr.engines.tesserocr_engine import TesserocrEngine
from pigeonhole.storage import LocalStorage

pytestmark = pytest.mark.integration
LINES = ["FACTURE NUMERO 2024", "Montant total de la commande", "Paiement avant la fin du mois"]


def scan(lines: list[str] = LINES) -> Image.Image:
    image = Image.new("L", (1200, 700), "white")
    font = ImageFont.load_default(size=44)
    for row, line in enumerate(lines):
        ImageDraw.Draw(image).text((80, 80 + 110 * row), line, fill="black", font=font)
    return image


def as_bytes(image: Image.Image, kind: str = "PNG", **options: object) -> bytes:
    buffer = io.BytesIO()
    image.save(buffer, kind, **options)
    return buffer.getvalue()


def pdf(pages: list[str | None]) -> bytes:
    """A PDF whose pages are texts, or scans of LINES where None."""
    buffer = io.BytesIO()
    sheet = canvas.Canvas(buffer)
    for text in pages:
        if text is None:
            sheet.drawImage(ImageReader(scan().convert("RGB")), 0, 300, width=600, height=350)
        else:
            for row, line in enumerate(text.split("\n")):
                sheet.drawString(60, 780 - 20 * row, line)
        sheet.showPage()
    sheet.save()
    return buffer.getvalue()


def reader(cache: PageTextCache | None = None, limits: DocumentLimits | None = None) -> DocumentReader:
    return DocumentReader(TesserocrEngine(), settings=OcrSettings(), limits=limits, cache=cache)


def test_a_scan_gives_its_words_with_boxes_and_confidences() -> None:
    (page,) = reader().read(as_bytes(scan())).pages
    assert "FACTURE NUMERO 2024" in page.text
    assert (page.engine, page.language, page.view) == ("tesserocr", "fr", "full")
    facture = next(word for word in page.words if word.text == "FACTURE")
    assert 0.5 < facture.confidence <= 1
    assert abs(facture.box.left - 80) < 15
    assert abs(facture.box.top - 90) < 20
    assert (page.width, page.height) == (1200, 700)


def test_a_pdf_with_text_is_not_recognised() -> None:
    text = "\n".join(["Bulletin de salaire du mois de mars", "Salaire brut et cotisations", "Net à payer au salarié"])
    (page,) = reader().read(pdf([text])).pages
    assert page.engine == "text-layer"
    assert "Net à payer" in page.text


def test_a_scanned_pdf_is_recognised() -> None:
    (page,) = reader().read(pdf([None])).pages
    assert page.engine == "tesserocr"
    assert "Montant total" in page.text


def test_a_text_layer_of_noise_is_not_trusted() -> None:
    document = reader().read(pdf(["%&$ #@! " * 40]))
    assert document.pages[0].engine == "tesserocr"


def test_blank_pages_do_not_use_up_the_pages_to_read() -> None:
    text = "Une page avec assez de lettres pour compter comme lisible, numero "
    document = reader().read(pdf(["", *(f"{text}{number}" for number in range(7))]))
    assert [page.page for page in document.pages] == [0, 1, 2, 3, 4, 5]


def test_a_page_that_was_read_is_not_read_again(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    cache = PageTextCache(LocalStorage(tmp_path))
    data = as_bytes(scan())
    first = reader(cache).read(data)

    def no_engine(*_: object, **__: object) -> None:
        raise AssertionError("the page was read again")

    monkeypatch.setattr(TesserocrEngine, "read", no_engine)
    assert reader(cache).read(data) == first


def test_other_settings_do_not_share_the_cache(tmp_path: Path) -> None:
    storage = LocalStorage(tmp_path)
    data = as_bytes(scan())
    for languages in ("fra", "eng", "fra"):
        DocumentReader(TesserocrEngine(languages), cache=PageTextCache(storage)).read(data)
    assert len(list(storage.list("page-texts/"))) == 2


def test_a_damaged_cache_entry_is_read_and_written_again(tmp_path: Path) -> None:
    storage = LocalStorage(tmp_path)
    data = as_bytes(scan())
    first = reader(PageTextCache(storage)).read(data)
    (key,) = storage.list("page-texts/")
    storage.put(key, b"{not json")
    again = reader(PageTextCache(storage)).read(data)
    assert again.text == first.text
    assert PageText.from_json(json.loads(storage.get(key))).text == first.pages[0].text


def test_a_page_that_takes_too_long_is_refused() -> None:
    slow = DocumentLimits(page_deadline_seconds=0.01)
    with pytest.raises(DocumentRefused) as caught:
        reader(limits=slow).read(as_bytes(scan()))
    assert caught.value.reason is RefusalReason.TIMEOUT


def test_a_page_that_fails_does_not_take_the_others_with_it() -> None:
    frames = [scan(), Image.new("L", (3000, 3000), "white")]
    data = as_bytes(frames[0], "TIFF", save_all=True, append_images=frames[1:])
    document = reader(limits=DocumentLimits(max_pixels=2_000_000)).read(data)
    assert [page.page for page in document.pages] == [0]
    assert [(failure.page, failure.reason) for failure in document.failures] == [(1, RefusalReason.TOO_MANY_PIXELS)]


def test_a_first_look_reads_some_lines_and_says_so() -> None:
    data = as_bytes(scan())
    first, whole = (reader().read(data, view) for view in ("lines", "full"))
    assert (first.pages[0].view, first.complete) == ("lines", False)
    assert (whole.pages[0].view, whole.complete) == ("full", True)
    assert "FACTURE NUMERO" in first.text
    facture, same = (next(word for word in text.pages[0].words if word.text == "FACTURE") for text in (first, whole))
    for side in ("left", "top", "width", "height"):
        assert abs(getattr(facture.box, side) - getattr(same.box, side)) <= 12, side


def test_a_first_look_at_a_text_layer_is_all_there_is() -> None:
    text = "Bulletin de salaire du mois de mars, salaire brut et cotisations, net à payer au salarié"
    first = reader().read(pdf([text, text]), "lines")
    assert first.complete
    assert first.text == reader().read(pdf([text, text])).text


def test_a_page_without_lines_of_print_is_read_whole_at_once() -> None:
    page = reader().read(as_bytes(Image.new("L", (800, 600), "white")), "lines").pages[0]
    assert (page.view, page.text) == ("full", "")


@pytest.mark.parametrize("view", ["lines", "full"])
@pytest.mark.parametrize("degrees", [90, 180, 270, 7, -9])
def test_a_page_that_lies_otherwise_is_read_and_its_words_are_found_where_they_stand(view: View, degrees: int) -> None:
    upright = scan([*LINES, "Veuillez rappeler cette reference", "dans toute correspondance future"])
    lying = upright.rotate(-degrees, expand=True, fillcolor="white")
    page = reader().read(as_bytes(lying), view).pages[0]
    assert "FACTURE NUMERO" in page.text
    assert (page.rotation % 180 == 90) == (degrees in (90, 270))
    assert (page.width, page.height) == lying.size
    facture = next(word.box for word in page.words if word.text == "FACTURE")
    crop = lying.crop((facture.left, facture.top, facture.left + facture.width, facture.top + facture.height))
    again = Image.new("L", (700, 400), "white")
    again.paste(crop.rotate(degrees, expand=True, fillcolor="white"), (50, 50))
    assert "FACTURE" in reader().read(as_bytes(again)).text


def test_both_views_are_kept_and_neither_is_taken_for_the_other(tmp_path: Path) -> None:
    storage = LocalStorage(tmp_path)
    data = as_bytes(scan([*LINES] * 2))
    cached = reader(PageTextCache(storage))
    texts = {view: cached.read(data, view) for view in ("lines", "full")}
    assert len(list(storage.list("page-texts/"))) == 2
    assert {view: cached.read(data, view) for view in ("lines", "full")} == texts


def test_a_fresh_process_may_look_at_documents_of_several_types_at_once(tmp_path: Path) -> None:
    (tmp_path / "scan.png").write_bytes(as_bytes(scan(), "PNG"))
    (tmp_path / "letter.pdf").write_bytes(pdf(["Facture"]))
    program = (
        "import sys, threading\n"
        "from concurrent.futures import ThreadPoolExecutor\n"
        "from pathlib import Path\n"
        "from pigeonhole.documents import DocumentLimits, inspect_document\n"
        "files, ready = [Path(name).read_bytes() for name in sys.argv[1:]] * 3, threading.Barrier(6)\n"
        "def look(data):\n"
        "    ready.wait()\n"
        "    return inspect_document(data, DocumentLimits()).pages\n"
        "with ThreadPoolExecutor(6) as pool:\n"
        "    print(list(pool.map(look, files)))\n"
    )
    for _ in range(4):
        command = [sys.executable, "-c", program, str(tmp_path / "scan.png"), str(tmp_path / "letter.pdf")]
        looked = subprocess.run(command, capture_output=True, text=True, timeout=60, check=False)
        assert (looked.stdout.strip(), looked.stderr) == ("[1, 1, 1, 1, 1, 1]", "")
