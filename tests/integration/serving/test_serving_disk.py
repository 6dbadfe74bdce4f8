"""A cache whose disk is full."""

import shlex
from collections.abc import Callable
from pathlib import Path

import httpx
import pytest

from .conftest import INVOICE, Server, make_pdf, make_scan, v1_body

pytestmark = pytest.mark.integration
# A file system of 64 kB of its own, in a mount namespace that ends with the server, filled to the last byte.
FILLED = """
mount -t tmpfs -o size=64k tmpfs {folder}
dd if=/dev/zero of={folder}/full bs=1k count=128 2>/dev/null
exec "$@"
"""


def test_a_full_cache_costs_no_answer(start_server: Callable[..., Server], predictor: Server, tmp_path: Path) -> None:
    script = FILLED.format(folder=shlex.quote(str(tmp_path)))
    server = start_server(
        "transformer_server",
        *("--predictor_host", predictor.host),
        prefix=("unshare", "--map-root-user", "--mount", "sh", "-c", script, "sh"),
        serving_cache_url=str(tmp_path),
    ).wait()
    for document in (make_pdf(INVOICE), make_scan(INVOICE)) * 2:
        response = httpx.post(server.url + "/v1/models/documents:predict", json=v1_body(document), timeout=60)
        assert response.status_code == 200
        assert response.json()["predictions"][0]["class"] == "invoice"
    assert "ocr cache not writable" in server.log()
    assert not list(tmp_path.iterdir()), "the full disk was seen by the server alone"
    assert server.stop() == 0
