"""Pages come out upright, under the pixel cap, whatever the file claims."""

import io

import cv2
import numpy as np
import pytest
from PIL import Image
from reportlab.pdfgen import canvas

from pigeonhole.documents import DocumentLimits, DocumentRefused, MediaType, RefusalReason
from pigeonhole.pages import page_jpeg, render_page
from pigeonhole.pages.pdf import page_text_layer

pytestmark = pytest.mark.unit
LIMITS = DocumentLimits()


def encoded(image: Image.Image, kind: str, **options: object) -> bytes:
    buffer = io.BytesIO()
    image.save(buffer, kind, **options)
    return buffer.getvalue()


def pdf_page(width: float, height: float, text: str = "") -> bytes:
    buffer = io.BytesIO()
    sheet = canvas.Canvas(buffer, pagesize=(width, height))
    sheet.drawString(20, 20, text)
    sheet.save()
    return buffer.getvalue()


def test_a_large_image_is_scaled_down_and_a_small_one_is_left() -> None:
    large = encoded(Image.new("RGB", (3000, 1500), "white"), "PNG")
    small = encoded(Image.new("RGB", (300, 150), "white"), "PNG")
    assert render_page(large, MediaType.PNG, 0, long_side=1600, limits=LIMITS).shape == (800, 1600, 3)
    assert render_page(small, MediaType.PNG, 0, long_side=1600, limits=LIMITS).shape == (150, 300, 3)


def test_channels_are_blue_green_red() -> None:
    for kind, media_type in (("PNG", MediaType.PNG), ("TIFF", MediaType.TIFF), ("BMP", MediaType.BMP)):
        pixels = render_page(encoded(Image.new("RGB", (8, 8), "red"), kind), media_type, 0, limits=LIMITS)
        assert pixels[4, 4].tolist() == [0, 0, 255], kind


@pytest.mark.parametrize(("kind", "media_type"), [("JPEG", MediaType.JPEG), ("TIFF", MediaType.TIFF)])
def test_a_photo_is_upright_by_its_orientation_tag(kind: str, media_type: MediaType) -> None:
    exif = Image.Exif()
    exif[0x0112] = 6  # the camera was turned: rotate 90 degrees clockwise to look at it
    data = encoded(Image.new("RGB", (200, 100), "white"), kind, exif=exif)
    assert render_page(data, media_type, 0, limits=LIMITS).shape[:2] == (200, 100)


def test_each_frame_of_a_tiff_is_a_page() -> None:
    frames = [Image.new("L", (20, 20), shade) for shade in (0, 255)]
    data = encoded(frames[0], "TIFF", save_all=True, append_images=frames[1:])
    assert [int(render_page(data, MediaType.TIFF, number, limits=LIMITS).mean()) for number in (0, 1)] == [0, 255]


def test_a_jpeg_that_is_cut_short_is_read_as_far_as_it_goes() -> None:
    data = encoded(Image.effect_noise((400, 400), 80), "JPEG")
    assert render_page(data[: len(data) // 2], MediaType.JPEG, 0, limits=LIMITS).shape[:2] == (400, 400)


def test_a_page_of_any_claimed_size_costs_no_more_than_the_cap() -> None:
    pixels = render_page(pdf_page(200_000, 100_000), MediaType.PDF, 0, long_side=500, limits=LIMITS)
    assert max(pixels.shape[:2]) <= 501


def test_a_page_that_does_not_exist_is_refused() -> None:
    with pytest.raises(DocumentRefused) as caught:
        render_page(pdf_page(100, 100), MediaType.PDF, 5, limits=LIMITS)
    assert caught.value.reason is RefusalReason.UNREADABLE


def test_the_text_layer_is_read_as_it_was_written() -> None:
    assert "réglé à Paris" in page_text_layer(pdf_page(400, 100, "Montant réglé à Paris"), 0)


def test_a_thumbnail_is_a_small_jpeg() -> None:
    data = page_jpeg(pdf_page(600, 800, "hello"), MediaType.PDF, 0, long_side=160, limits=LIMITS)
    decoded = cv2.imdecode(np.frombuffer(data, np.uint8), cv2.IMREAD_COLOR)
    assert data.startswith(b"\xff\xd8\xff")
    assert decoded is not None
    assert max(decoded.shape[:2]) == 160
