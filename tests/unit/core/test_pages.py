"""Pages come out upright, under the pixel cap, whatever the file claims."""

import io
from contextlib import suppress

import cv2
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image
from reportlab.pdfgen import canvas

from pigeonhole.documents import DocumentLimits, DocumentRefused, MediaType, RefusalReason
from pigeonhole.documents.image_files import count_frames
from pigeonhole.pages import page_jpeg, page_text_layer, render_page
from pigeonhole.pages.images import decode_frame

pytestmark = pytest.mark.unit
LIMITS = DocumentLimits()


def encoded(image: Image.Image, kind: str, **options: object) -> bytes:
    buffer = io.BytesIO()
    image.save(buffer, kind, **options)
    return buffer.getvalue()


def _damageable() -> dict[str, bytes]:
    picture = Image.linear_gradient("L").resize((60, 40)).convert("RGB")
    pages = {"save_all": True, "append_images": [picture]}
    return {
        "jpeg": encoded(picture, "JPEG"),
        "png": encoded(picture, "PNG"),
        "webp": encoded(picture, "WEBP"),
        "bmp": encoded(picture, "BMP"),
        "heic": encoded(picture, "HEIF"),
        "tiff": encoded(picture, "TIFF", **pages),
    }


DAMAGED = _damageable()


def pdf_page(width: float, height: float, text: str = "") -> bytes:
    buffer = io.BytesIO()
    sheet = canvas.Canvas(buffer, pagesize=(width, height))
    sheet.drawString(20, 20, text)
    sheet.save()
    return buffer.getvalue()


def decode(data: bytes, media_type: MediaType) -> np.ndarray:
    return decode_frame(data, media_type, 0, DocumentLimits(), long_side=1600)


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


@pytest.mark.parametrize("kind", ["JPEG", "PNG", "TIFF", "WEBP", "BMP", "HEIF"])
def test_a_page_without_colours_has_the_brightness_of_the_page(kind: str) -> None:
    image = Image.new("RGB", (40, 30), (200, 200, 200))
    image.paste((20, 20, 20), (0, 0, 20, 30))
    media_type = MediaType.HEIC if kind == "HEIF" else MediaType(f"image/{kind.lower()}")
    gray = render_page(encoded(image, kind), media_type, 0, limits=LIMITS, colour=False)
    assert gray.shape == (30, 40)
    assert abs(int(gray[15, 5]) - 20) < 8
    assert abs(int(gray[15, 35]) - 200) < 8


def test_a_pdf_page_without_colours_has_one_channel() -> None:
    assert render_page(pdf_page(200, 100, "x"), MediaType.PDF, 0, long_side=400, limits=LIMITS, colour=False).ndim == 2


@pytest.mark.parametrize(("kind", "media_type"), [("PNG", MediaType.PNG), ("TIFF", MediaType.TIFF)])
def test_a_large_transparent_image_is_made_small_with_its_orientation(kind: str, media_type: MediaType) -> None:
    exif = Image.Exif()
    exif[0x0112] = 6
    image = Image.new("RGBA", (3000, 1000), (0, 0, 0, 0))
    pixels = render_page(encoded(image, kind, exif=exif), media_type, 0, long_side=600, limits=LIMITS, colour=False)
    assert pixels.shape == (600, 200)
    assert pixels.min() == 255


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


def test_what_is_transparent_is_white() -> None:
    image = Image.new("RGBA", (40, 20), (0, 0, 0, 0))
    image.putpixel((5, 5), (0, 0, 0, 255))
    for kind in ("PNG", "WEBP", "TIFF"):
        content = io.BytesIO()
        image.save(content, kind, lossless=True)
        pixels = decode(content.getvalue(), MediaType(f"image/{kind.lower()}"))
        assert pixels[0, 0].tolist() == [255, 255, 255]
        assert pixels[5, 5].max() < 60


def test_a_scan_of_which_nothing_is_left_is_refused() -> None:
    content = io.BytesIO()
    Image.linear_gradient("L").save(content, "PNG")
    whole = content.getvalue()
    assert decode(whole[: len(whole) // 2], MediaType.PNG).max() > 0
    with pytest.raises(DocumentRefused) as refused:
        decode(whole[:60], MediaType.PNG)
    assert refused.value.reason is RefusalReason.UNREADABLE


def test_pages_of_a_tiff_are_counted_up_to_a_limit() -> None:
    content = io.BytesIO()
    pages = [Image.new("1", (8, 8)) for _ in range(12)]
    pages[0].save(content, "TIFF", save_all=True, append_images=pages[1:])
    assert count_frames(content.getvalue(), MediaType.TIFF, DocumentLimits()) == 12
    assert count_frames(content.getvalue(), MediaType.TIFF, DocumentLimits(max_counted_pages=5)) == 5


@settings(max_examples=300, deadline=None)
@given(st.data())
def test_a_damaged_image_is_read_or_refused_and_never_anything_else(data: st.DataObject) -> None:
    kind, whole = data.draw(st.sampled_from(sorted(DAMAGED.items())))
    content = bytearray(whole)
    for _ in range(data.draw(st.integers(1, 8))):
        content[data.draw(st.integers(0, len(content) - 1))] = data.draw(st.integers(0, 255))
    limits = DocumentLimits(max_pixels=1_000_000)
    with suppress(DocumentRefused):
        frames = count_frames(bytes(content), MediaType(f"image/{kind}"), limits)
        colour = data.draw(st.booleans())
        pixels = decode_frame(
            bytes(content), MediaType(f"image/{kind}"), frames - 1, limits, long_side=500, colour=colour
        )
        assert pixels.ndim == (3 if colour else 2)
