"""A disk that has too little space, or none: uploads are refused and nothing is lost."""

import io
import os
import re
import shlex
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from PIL import Image

from tests.integration.api.object_store import ObjectStore

pytestmark = pytest.mark.integration
MEGABYTE = 1 << 20
SIZE = 4 * MEGABYTE
# A file system of its own, in a mount namespace that ends with the server.
MOUNTED = """
mount -t tmpfs -o size={size} tmpfs {folder}
exec "$@"
"""


def picture(number: int, size: int) -> bytes:
    """A picture of about so many bytes that nothing makes smaller."""
    content = io.BytesIO()
    Image.new("RGB", (10, 10), (number, 0, 0)).save(content, "PNG")
    return content.getvalue() + bytes(size)


class SmallDisk:
    """A platform one folder of which lies on a disk of 4 MB, and that disk as its server sees it."""

    def __init__(self, installation: Any, folder: Path, **settings: str) -> None:
        folder.mkdir(exist_ok=True)
        script = MOUNTED.format(size=SIZE, folder=shlex.quote(str(folder)))
        installation.prefix = ("unshare", "--map-root-user", "--mount", "sh", "-c", script, "sh")
        self.process = installation.start_api(**settings)
        self.seen = Path(f"/proc/{self.process.pid}/root{folder}")
        assert not (folder / "filler").exists()

    def fill(self, leave: int) -> None:
        self.clear()
        free = os.statvfs(self.seen)
        (self.seen / "filler").write_bytes(bytes(free.f_bavail * free.f_frsize - leave))

    def clear(self) -> None:
        (self.seen / "filler").unlink(missing_ok=True)


@pytest.fixture
def uploads(installation: Any) -> Callable[[], list[Callable[[], Any]]]:
    """Ways to upload a file of half a megabyte, each of which succeeds when there is space."""
    call = installation.call
    documents = [{"name": "put.png", "size": len(picture(1, MEGABYTE // 2))}]

    def make() -> list[Callable[[], Any]]:
        job = call("POST", "/v1/jobs", json={"reference": "declared", "documents": documents}).json()
        put = f"/v1/jobs/{job['id']}/documents/put.png"
        form = [("files", ("form.png", picture(2, MEGABYTE // 2)))]
        example = [("files", ("example.png", picture(3, MEGABYTE // 2)))]
        return [
            lambda: call("PUT", put, content=picture(1, MEGABYTE // 2)),
            lambda: call("POST", "/v1/jobs", data={"reference": "form"}, files=form),
            lambda: call("POST", "/v1/classes/letter/examples", files=example),
        ]

    return make


def check_refused(answer: Any) -> None:
    assert (answer.status_code, answer.json()["code"]) == (507, "storage-full"), answer.text
    assert answer.headers["retry-after"]
    assert answer.headers["content-type"] == "application/problem+json"


def test_below_the_watermark_nothing_is_taken_and_above_it_all_is(installation: Any, uploads: Any) -> None:
    disk = SmallDisk(installation, installation.home / "storage", PIGEONHOLE_API_MIN_FREE_BYTES=str(2 * MEGABYTE))
    earlier = installation.client.submit_job("earlier", [("a.png", picture(9, 0))])
    (document,) = installation.client.all_documents(earlier.id)
    assert installation.call("GET", "/readyz").json() == {"status": "ok", "uploads": "ok"}
    disk.fill(leave=MEGABYTE)
    kept = sorted(path.name for path in disk.seen.rglob("*") if path.is_file())
    ways = uploads()
    for upload in ways:
        check_refused(upload())
    assert sorted(path.name for path in disk.seen.rglob("*") if path.is_file()) == kept
    ready = installation.call("GET", "/readyz")
    assert (ready.status_code, ready.json()) == (200, {"status": "ok", "uploads": "storage-full"})
    free = re.search(r"^pigeonhole_storage_free_bytes ([0-9.e+]+)$", installation.call("GET", "/metrics").text, re.M)
    assert free is not None
    assert float(free[1]) <= MEGABYTE
    assert installation.client.content(document.id) == picture(9, 0)
    assert installation.client.job_by_reference("declared").counts.waiting_upload == 1
    assert installation.client.job_by_reference("form") is None
    disk.clear()
    assert [upload().status_code for upload in ways] == [201, 202, 201]
    assert installation.client.job_by_reference("declared").counts.queued == 1


def test_a_disk_that_fills_while_a_file_is_written_loses_nothing(installation: Any, uploads: Any) -> None:
    disk = SmallDisk(installation, installation.home / "storage", PIGEONHOLE_API_MIN_FREE_BYTES="0")
    earlier = installation.client.submit_job("earlier", [("a.png", picture(9, 0))])
    (document,) = installation.client.all_documents(earlier.id)
    ways = uploads()
    disk.fill(leave=MEGABYTE // 4)
    for upload in ways:
        check_refused(upload())
    assert [path.name for path in disk.seen.rglob(".partial-*")] == []
    assert installation.client.job_by_reference("declared").counts.waiting_upload == 1
    assert installation.client.job_by_reference("form") is None
    disk.fill(leave=0)
    assert installation.call("GET", f"/v1/documents/{document.id}/thumbnail").status_code == 200
    disk.clear()
    assert [upload().status_code for upload in ways] == [201, 202, 201]
    counts = installation.client.job_by_reference("declared").counts
    assert (counts.queued, counts.failed) == (1, 0)


def test_a_full_disk_of_temporary_files_is_no_fault(installation: Any, uploads: Any) -> None:
    temporary = installation.home / "temporary"
    disk = SmallDisk(installation, temporary, TMPDIR=str(temporary), PIGEONHOLE_LIMIT_MAX_BYTES=str(8 * MEGABYTE))
    large = picture(4, 2 * MEGABYTE)
    documents = [{"name": "put.png", "size": len(large)}]
    job = installation.call("POST", "/v1/jobs", json={"reference": "declared", "documents": documents}).json()
    disk.fill(leave=MEGABYTE)
    form = [("files", ("form.png", large))]
    ways = [
        lambda: installation.call("PUT", f"/v1/jobs/{job['id']}/documents/put.png", content=large),
        lambda: installation.call("POST", "/v1/jobs", data={"reference": "form"}, files=form),
    ]
    for upload in ways:
        check_refused(upload())
    assert installation.client.job(job["id"]).counts.waiting_upload == 1
    disk.clear()
    assert [upload().status_code for upload in ways] == [201, 202]


def test_a_full_disk_of_the_database_is_no_fault(installation: Any) -> None:
    folder = installation.home / "database"
    url = f"sqlite:///{folder}/platform.db"
    disk = SmallDisk(
        installation, folder, PIGEONHOLE_API_DATABASE_URL=url, PIGEONHOLE_API_MAX_QUEUED_DOCUMENTS="1000000"
    )
    disk.fill(leave=100_000)
    documents = [{"name": f"{number:050}"} for number in range(1500)]
    declaration = {"reference": "large", "documents": documents}
    check_refused(installation.call("POST", "/v1/jobs", json=declaration))
    assert installation.client.job_by_reference("large") is None
    disk.clear()
    assert installation.call("POST", "/v1/jobs", json=declaration).status_code == 202


def test_an_object_store_that_is_full_is_said_as_such(installation: Any, uploads: Any) -> None:
    store = ObjectStore()
    installation.environment |= store.settings("full")
    installation.start_api()
    ways = uploads()
    store.is_full = True
    for upload in ways:
        check_refused(upload())
    assert "pigeonhole_storage_free_bytes" not in installation.call("GET", "/metrics").text
    assert installation.call("GET", "/readyz").json()["uploads"] == "ok"
    store.is_full = False
    assert [upload().status_code for upload in ways] == [201, 202, 201]
    store.close()
