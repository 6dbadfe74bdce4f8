"""Documents are accepted by their bytes, and every refusal has its reason."""

import hashlib
import io
import struct
import zlib

import pytest
from PIL import Image
from reportlab.lib.pdfencrypt import StandardEncryption
from reportlab.pdfgen import canvas

from pigeonhole.documents import DocumentLimits, DocumentRefused, MediaType, RefusalReason, inspect_document, sniff

pytestmark = pytest.mark.unit
LIMITS = DocumentLimits()


def image_bytes(kind: str, size: tuple[int, int] = (40, 30), **options: object) -> bytes:
    buffer = io.BytesIO()
    Image.new("RGB", size, "white").save(buffer, kind, **options)
    return buffer.getvalue()


def pdf_bytes(pages: int = 1, **options: object) -> bytes:
    buffer = io.BytesIO()
    sheet = canvas.Canvas(buffer, **options)
    for number in range(pages):
        sheet.drawString(72, 720, f"page {number}")
        sheet.showPage()
    sheet.save()
    return buffer.getvalue()


def png_header(width: int, height: int) -> bytes:
    """A PNG that announces its size and holds hardly any data, as a bomb does."""
    header = struct.pack(">IIBBBBB", width, height, 1, 0, 0, 0, 0)

    def chunk(name: bytes, body: bytes) -> bytes:
        return struct.pack(">I", len(body)) + name + body + struct.pack(">I", zlib.crc32(name + body))

    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + chunk(b"IDAT", zlib.compress(b"\0")) + chunk(b"IEND", b"")


def refusal(data: bytes, limits: DocumentLimits = LIMITS) -> DocumentRefused:
    with pytest.raises(DocumentRefused) as caught:
        inspect_document(data, limits)
    return caught.value


@pytest.mark.parametrize(
    ("kind", "media_type"),
    [
        ("JPEG", MediaType.JPEG),
        ("PNG", MediaType.PNG),
        ("TIFF", MediaType.TIFF),
        ("WEBP", MediaType.WEBP),
        ("BMP", MediaType.BMP),
        ("HEIF", MediaType.HEIC),
    ],
)
def test_an_image_is_known_by_its_first_bytes(kind: str, media_type: MediaType) -> None:
    data = image_bytes(kind)
    document = inspect_document(data, LIMITS)
    assert (document.media_type, document.pages, document.size) == (media_type, 1, len(data))
    assert document.sha256 == hashlib.sha256(data).hexdigest()


def test_a_pdf_tells_its_pages() -> None:
    document = inspect_document(pdf_bytes(pages=3), LIMITS)
    assert (document.media_type, document.pages) == (MediaType.PDF, 3)


def test_a_pdf_may_have_bytes_before_its_header() -> None:
    assert sniff(b"\0" * 100 + b"%PDF-1.7") is MediaType.PDF


def test_a_tiff_tells_its_frames() -> None:
    frames = [Image.new("L", (20, 20), shade) for shade in (0, 128, 255)]
    buffer = io.BytesIO()
    frames[0].save(buffer, "TIFF", save_all=True, append_images=frames[1:])
    assert inspect_document(buffer.getvalue(), LIMITS).pages == 3


def test_the_second_picture_that_phones_put_into_a_jpeg_is_no_page() -> None:
    pictures = [Image.new("RGB", (20, 20), colour) for colour in ("red", "blue")]
    buffer = io.BytesIO()
    pictures[0].save(buffer, "MPO", save_all=True, append_images=pictures[1:])
    document = inspect_document(buffer.getvalue(), LIMITS)
    assert (document.media_type, document.pages) == (MediaType.JPEG, 1)


@pytest.mark.parametrize(
    "data",
    [
        b"just a letter, named .jpg",
        b"GIF89a" + b"\0" * 50,
        b"PK\x03\x04" + b"\0" * 50,
        b"RIFF\0\0\0\0WAVE",
        b"\0" * 2000,
    ],
    ids=["text", "gif", "zip", "wave", "zeros"],
)
def test_content_of_another_type_is_refused_whatever_its_name(data: bytes) -> None:
    assert refusal(data).reason is RefusalReason.UNSUPPORTED_TYPE


def test_an_empty_file_is_refused() -> None:
    assert refusal(b"").reason is RefusalReason.EMPTY


def test_a_large_file_is_refused_with_both_numbers() -> None:
    error = refusal(image_bytes("PNG"), DocumentLimits(max_bytes=50))
    assert error.reason is RefusalReason.TOO_LARGE
    assert "50" in error.detail


@pytest.mark.parametrize(("width", "height"), [(30_000, 30_000), (12_000, 12_000), (40_000, 10)])
def test_a_bomb_is_refused_by_its_header(width: int, height: int) -> None:
    assert refusal(png_header(width, height)).reason is RefusalReason.TOO_MANY_PIXELS


def test_an_encrypted_pdf_is_refused() -> None:
    data = pdf_bytes(encrypt=StandardEncryption("secret", ownerPassword="owner", strength=128))
    assert refusal(data).reason is RefusalReason.ENCRYPTED


def test_a_pdf_that_only_restricts_copying_is_accepted() -> None:
    data = pdf_bytes(encrypt=StandardEncryption("", ownerPassword="owner", canCopy=0, strength=128))
    assert inspect_document(data, LIMITS).pages == 1


@pytest.mark.parametrize(
    "data", [b"%PDF-1.7\njunk", b"\xff\xd8\xff\xe0junk", pdf_bytes()[:200]], ids=["pdf", "jpeg", "cut"]
)
def test_a_damaged_file_is_refused(data: bytes) -> None:
    assert refusal(data).reason is RefusalReason.UNREADABLE


def test_a_refusal_survives_the_way_out_of_a_worker_process() -> None:
    import pickle

    error = pickle.loads(pickle.dumps(DocumentRefused(RefusalReason.EMPTY, "nothing there")))
    assert (error.reason, error.detail, error.code, str(error)) == (
        RefusalReason.EMPTY,
        "nothing there",
        "empty",
        "nothing there",
    )


def test_limits_come_from_the_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PIGEONHOLE_LIMIT_MAX_BYTES", "123")
    assert DocumentLimits().max_bytes == 123
