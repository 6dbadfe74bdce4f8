"""Documents as pictures: pages, thumbnails, and addresses that a browser may load without the token."""

import io
from collections.abc import Callable
from typing import Any

import httpx
import pytest
from PIL import Image
from reportlab.pdfgen import canvas

from pigeonhole_api.client import PlatformClient

pytestmark = pytest.mark.integration
Pictures = Callable[[int], list[tuple[str, bytes]]]


def two_pages() -> bytes:
    content = io.BytesIO()
    page = canvas.Canvas(content)
    for text in ("first", "second"):
        page.drawString(60, 700, text)
        page.showPage()
    page.save()
    return content.getvalue()


def size_of(jpeg: bytes) -> tuple[int, int]:
    with Image.open(io.BytesIO(jpeg)) as image:
        assert image.format == "JPEG"
        return image.size


def test_each_page_is_shown_in_the_size_asked_for(
    client: PlatformClient, reference: str, refused: Callable[..., Any]
) -> None:
    job = client.submit_job(reference, [("two.pdf", two_pages())])
    (document,) = client.all_documents(job.id)
    assert document.pages == 2
    assert max(size_of(client.page_image(document.id, 2, long_side=700))) == 700
    assert client.page_image(document.id, 1) != client.page_image(document.id, 2)
    assert refused(lambda: client.page_image(document.id, 3)).code == "page-missing"
    assert max(size_of(client.thumbnail(document.id))) == 160


def test_content_is_what_was_uploaded_and_no_browser_runs_it(
    platform: Any, client: PlatformClient, reference: str
) -> None:
    page = b"<html><script>alert(1)</script></html>"
    job = client.submit_job(reference, [('é"\r\n.html', page)])
    (document,) = client.all_documents(job.id)
    response = platform.call("GET", f"/v1/documents/{document.id}/content")
    assert response.content == page
    assert response.headers["content-type"] == "application/octet-stream"
    assert response.headers["content-disposition"].startswith("attachment;")
    assert response.headers["x-content-type-options"] == "nosniff"


def test_a_thumbnails_address_is_good_without_the_token_and_for_itself_alone(
    platform: Any, client: PlatformClient, pictures: Pictures, reference: str
) -> None:
    job = client.submit_job(reference, pictures(2))
    first, second = client.all_documents(job.id)
    assert first.thumbnail_url
    response = httpx.get(platform.url + first.thumbnail_url)
    assert (response.status_code, response.headers["content-type"]) == (200, "image/jpeg")
    assert "immutable" in response.headers["cache-control"]
    assert client.document(first.id).thumbnail_url == first.thumbnail_url

    query = first.thumbnail_url.partition("?")[2]
    foreign = httpx.get(f"{platform.url}/v1/documents/{second.id}/thumbnail?{query}")
    assert (foreign.status_code, foreign.json()["code"]) == (403, "link-expired")
    later = first.thumbnail_url.replace("expires=", "expires=9")
    assert httpx.get(platform.url + later).status_code == 403
    assert httpx.get(f"{platform.url}/v1/documents/{first.id}/thumbnail").status_code == 401
    assert httpx.get(f"{platform.url}/v1/documents/{first.id}/content?{query}").status_code == 401


def test_what_cannot_be_drawn_says_so(client: PlatformClient, reference: str, refused: Callable[..., Any]) -> None:
    job = client.submit_job(reference, [("a.txt", b"text"), ("none.png", b"")])
    text, empty = client.all_documents(job.id)
    assert refused(lambda: client.page_image(text.id, 1)).code == "not-drawable"
    assert refused(lambda: client.page_image(empty.id, 1)).code == "content-missing"
    assert refused(lambda: client.content(empty.id)).code == "content-missing"
