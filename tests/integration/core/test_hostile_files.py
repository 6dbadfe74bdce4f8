"""Files that were made to hurt: each gives its reason in time and in little memory, and the next page is read."""

import copy
import io
import multiprocessing
import re
import threading
import time
import zlib
from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path

import numpy as np
import pillow_heif
import pytest
from PIL import Image, ImageDraw, ImageFont
from reportlab.lib.pdfencrypt import StandardEncryption
from reportlab.pdfgen import canvas

from pigeonhole.documents import DocumentRefused, RefusalReason
from pigeonhole.ocr import DocumentText, open_reader
from pigeonhole.ocr.pool import PoolSettings, ReadingPool

pytestmark = [pytest.mark.integration, pytest.mark.alone]
pillow_heif.register_heif_opener()
PAGE_SECONDS = 20.0
MOST_MEMORY = 700_000_000


@pytest.fixture(scope="module")
def pool() -> Iterator[ReadingPool[DocumentText]]:
    """One process, so that what a file leaves behind meets the next one."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("PIGEONHOLE_LIMIT_PAGE_DEADLINE_SECONDS", str(PAGE_SECONDS))
        with ReadingPool(open_reader, copy.copy, PoolSettings(workers=1)) as started:
            yield started


def scan() -> Image.Image:
    image = Image.new("L", (1000, 500), "white")
    draw = ImageDraw.Draw(image)
    for row, text in enumerate(("FACTURE NUMERO 2024", "Montant total de la commande")):
        draw.text((60, 80 + 110 * row), text, fill="black", font=ImageFont.load_default(size=44))
    return image


def encoded(image: Image.Image, kind: str = "PNG", **options: object) -> bytes:
    buffer = io.BytesIO()
    image.save(buffer, kind, **options)
    return buffer.getvalue()


def png(width: int, height: int, *, colour: int, depth: int, bytes_a_pixel: float) -> bytes:
    """A PNG of one colour, written row by row so that this process stays small."""

    def chunk(kind: bytes, content: bytes) -> bytes:
        return len(content).to_bytes(4, "big") + kind + content + zlib.crc32(kind + content).to_bytes(4, "big")

    packer = zlib.compressobj(9)
    row = b"\0" + b"\xff" * int(-(-width * bytes_a_pixel // 1))
    pixels = b"".join(packer.compress(row) for _ in range(height)) + packer.flush()
    head = width.to_bytes(4, "big") + height.to_bytes(4, "big") + bytes((depth, colour, 0, 0, 0))
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", head) + chunk(b"IDAT", pixels) + chunk(b"IEND", b"")


def pdf(pages: int = 1, size: tuple[float, float] = (595, 842), text: str = "", **options: object) -> bytes:
    buffer = io.BytesIO()
    sheet = canvas.Canvas(buffer, pagesize=size, **options)
    for _ in range(pages):
        sheet.drawString(60, 60, text)
        sheet.showPage()
    sheet.save()
    return buffer.getvalue()


def pdf_that_grows_for_ever() -> bytes:
    """A page that draws a form which draws another ten times, and so on: pdfium keeps ten thousand million drawings."""
    levels, content = 10, b"/F Do " * 10
    objects = [
        b"<< /Type /Catalog /Pages 2 0 R >>",
        b"<< /Type /Pages /Kids [3 0 R] /Count 1 /MediaBox [0 0 600 800] >>",
        b"<< /Type /Page /Parent 2 0 R /Contents 4 0 R /Resources << /XObject << /F 5 0 R >> >> >>",
        b"<< /Length %d >>\nstream\n%s\nendstream" % (len(content), content),
    ]
    for level in range(levels):
        inner = content if level < levels - 1 else b"0 0 5 5 re f"
        resources = b"/Resources << /XObject << /F %d 0 R >> >>" % (6 + level) if level < levels - 1 else b""
        head = b"<< /Type /XObject /Subtype /Form /BBox [0 0 600 800] %s /Length %d >>" % (resources, len(inner))
        objects.append(head + b"\nstream\n" + inner + b"\nendstream")
    return pdf_of(objects)


def pdf_that_draws_for_ever() -> bytes:
    """A page that is shaded a hundred thousand times over."""
    content = b"/S sh " * 100_000
    return pdf_of(
        [
            b"<< /Type /Catalog /Pages 2 0 R >>",
            b"<< /Type /Pages /Kids [3 0 R] /Count 1 /MediaBox [0 0 600 800] >>",
            b"<< /Type /Page /Parent 2 0 R /Contents 4 0 R /Resources << /Shading << /S 5 0 R >> >> >>",
            b"<< /Length %d >>\nstream\n%s\nendstream" % (len(content), content),
            b"<< /ShadingType 3 /ColorSpace /DeviceGray /Coords [300 400 0 300 400 500] /Extend [true true] /Function "
            b"<< /FunctionType 2 /Domain [0 1] /C0 [0] /C1 [1] /N 1 >> >>",
        ]
    )


def pdf_of(objects: list[bytes]) -> bytes:
    """A PDF of objects written by hand, the first of which is its catalogue."""
    body, places = b"%PDF-1.4\n", []
    for number, content in enumerate(objects, start=1):
        places.append(len(body))
        body += b"%d 0 obj\n%s\nendobj\n" % (number, content)
    table = b"".join(b"%010d 00000 n \n" % place for place in places)
    size = len(objects) + 1
    tail = b"xref\n0 %d\n0000000000 65535 f \n%strailer\n<< /Size %d /Root 1 0 R >>\nstartxref\n%d\n%%%%EOF\n"
    return body + tail % (size, table, size, len(body))


REFUSED: dict[str, tuple[Callable[[], bytes], RefusalReason]] = {
    "a bomb of 900 megapixels": (
        lambda: png(30_000, 30_000, colour=0, depth=1, bytes_a_pixel=1 / 8),
        RefusalReason.TOO_MANY_PIXELS,
    ),
    "a bomb of 144 megapixels in colour": (
        lambda: png(12_000, 12_000, colour=2, depth=8, bytes_a_pixel=3),
        RefusalReason.TOO_MANY_PIXELS,
    ),
    "a strip of 200,000 pixels": (
        lambda: png(200_000, 10, colour=0, depth=8, bytes_a_pixel=1),
        RefusalReason.TOO_MANY_PIXELS,
    ),
    "nothing": (lambda: b"", RefusalReason.EMPTY),
    "text": (lambda: b"/etc/passwd\n/etc/hosts\n", RefusalReason.UNSUPPORTED_TYPE),
    "a JPEG of noise": (lambda: b"\xff\xd8\xff" + bytes(range(256)) * 40, RefusalReason.UNREADABLE),
    "a PDF of noise": (lambda: b"%PDF-1.7\n" + bytes(range(256)) * 40, RefusalReason.UNREADABLE),
    "a PDF cut short": (lambda: pdf(3, text="Facture")[:400], RefusalReason.UNREADABLE),
    "a PDF with a password": (lambda: pdf(encrypt=StandardEncryption("secret")), RefusalReason.ENCRYPTED),
    "a PDF that grows for ever": (pdf_that_grows_for_ever, RefusalReason.UNREADABLE),
    "a PDF that draws for ever": (pdf_that_draws_for_ever, RefusalReason.TIMEOUT),
}
READ: dict[str, Callable[[], bytes]] = {
    "50 megapixels with transparency": lambda: png(7000, 7000, colour=6, depth=8, bytes_a_pixel=4),
    "50 megapixels in 16 bits": lambda: png(7000, 7000, colour=2, depth=16, bytes_a_pixel=6),
    "50 megapixels as JPEG": lambda: encoded(Image.new("RGB", (7000, 7000), "white"), "JPEG", quality=30),
    "50 megapixels as TIFF": lambda: encoded(Image.new("RGB", (7000, 7000), "white"), "TIFF", compression="tiff_lzw"),
    "50 megapixels as WebP": lambda: encoded(Image.new("RGB", (7000, 7000), "white"), "WEBP", quality=10),
    "50 megapixels as HEIC": lambda: encoded(Image.new("RGB", (7000, 7000), "white"), "HEIF", quality=10),
    "noise over a whole page": lambda: encoded(
        Image.fromarray(np.random.default_rng(0).integers(0, 256, (2200, 1600), np.uint8)), "JPEG", quality=60
    ),
    "a page of 200,000 points": lambda: pdf(size=(200_000, 200_000), text="Facture"),
    "500 pages": lambda: pdf(500, text="Bulletin de salaire du mois de mars, salaire brut et net à payer au salarié"),
    "a PDF that forbids copying": lambda: pdf(
        text="Bulletin de salaire du mois de mars, salaire brut et net à payer", encrypt=StandardEncryption("", "owner")
    ),
}


def assert_reads_on(pool: ReadingPool[DocumentText]) -> None:
    assert "FACTURE NUMERO" in pool.submit(encoded(scan()), view="full").result(60).text


class Watch:
    """Looks at the memory that reading processes hold, also those that are lost meanwhile."""

    def __init__(self) -> None:
        self.peak = 0
        self._done = threading.Event()
        self._thread = threading.Thread(target=self._run)

    def __enter__(self) -> "Watch":
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._done.set()
        self._thread.join()
        self._look()

    def _run(self) -> None:
        while not self._done.wait(0.01):
            self._look()

    def _look(self) -> None:
        for process in multiprocessing.active_children():
            with suppress(OSError, TypeError):
                status = Path(f"/proc/{process.pid}/status").read_text()
                self.peak = max(self.peak, int(re.search(r"VmHWM:\s+(\d+) kB", status)[1]) * 1000)


@pytest.mark.parametrize("name", REFUSED)
def test_a_hostile_file_gives_its_reason_in_time(pool: ReadingPool[DocumentText], name: str) -> None:
    make, reason = REFUSED[name]
    data = make()
    assert_reads_on(pool)
    started = time.monotonic()
    with Watch() as watch, pytest.raises(DocumentRefused) as caught:
        pool.submit(data, view="full").result(120)
    assert caught.value.reason is reason
    assert time.monotonic() - started < PAGE_SECONDS + 30
    assert watch.peak < MOST_MEMORY
    assert_reads_on(pool)


@pytest.mark.parametrize("name", READ)
def test_a_heavy_file_is_read_in_little_memory(pool: ReadingPool[DocumentText], name: str) -> None:
    data = READ[name]()
    with Watch() as watch:
        for view in ("lines", "full"):
            text = pool.submit(data, view=view).result(120)
            assert text.pages
            assert not text.failures
    assert 0 < watch.peak < MOST_MEMORY
    assert_reads_on(pool)


def test_of_five_hundred_pages_the_first_are_read(pool: ReadingPool[DocumentText]) -> None:
    text = pool.submit(READ["500 pages"](), view="full").result(60)
    assert text.document.pages == 500
    assert [page.page for page in text.pages] == [0, 1, 2, 3, 4]


def test_a_damaged_scan_is_read_as_far_as_it_goes_or_refused(pool: ReadingPool[DocumentText]) -> None:
    image = encoded(scan().convert("RGB").resize((2000, 1000)), "JPEG", quality=80)
    draw = np.random.default_rng(7)
    answers = [pool.submit(image[: len(image) * 3 // 4], view="lines").result(60).text]
    assert "FACTURE" in answers[0]
    for _ in range(30):
        flipped = bytearray(image)
        for place in draw.integers(2, len(image), 12):
            flipped[place] ^= 1 << int(draw.integers(8))
        try:
            answers.append(pool.submit(bytes(flipped), view="lines").result(60).text)
        except DocumentRefused as refused:
            answers.append(refused.reason.value)
    assert len(answers) == 31
    assert_reads_on(pool)
