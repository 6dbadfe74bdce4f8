"""A job as a browser or the client sends it: declared at once, then file by file over several connections."""

import threading
import time
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Any

from api_bench.calling import WrongAnswer, calling
from api_bench.files import blocks, file_name
from api_bench.installation import Tenant
from pigeonhole.datasets import DatasetStore
from pigeonhole.documents import document_sha256
from serving_bench.servers import Running


@dataclass(frozen=True)
class JobFiles:
    """The files of one job: their numbers, what makes a number's content, and what is declared of each."""

    reference: str
    numbers: Sequence[int]
    content: Callable[[int], bytes]
    declared: Sequence[dict[str, Any]]


@dataclass(frozen=True)
class Declared:
    """A job that the API has accepted, and the milliseconds until it said so."""

    job_id: str
    milliseconds: float


@dataclass(frozen=True)
class Uploaded:
    """When each file was accepted, in seconds since the first was sent, and the bytes of all."""

    seconds: Sequence[float]
    megabytes: float

    @property
    def files_per_second(self) -> float:
        """Files accepted a second, to the last."""
        return len(self.seconds) / max(self.seconds)


def describe_files(reference: str, numbers: Sequence[int], content: Callable[[int], bytes]) -> JobFiles:
    """Return the files of a job with their sizes and hashes, which a caller knows before it sends anything."""
    declared = []
    for number in numbers:
        data = content(number)
        declared.append({"name": file_name(number), "size": len(data), "sha256": document_sha256(data)})
    return JobFiles(reference, numbers, content, declared)


def declare(api: Running, tenant: Tenant, files: JobFiles) -> Declared:
    """Declare a job, and look at once whether it can be seen.

    Raises:
        WrongAnswer: The API refuses it, or does not show it.
    """
    with calling(api, tenant) as caller:
        started = time.perf_counter()
        job = caller.post("/v1/jobs", {"reference": files.reference, "documents": files.declared})
        milliseconds = 1000 * (time.perf_counter() - started)
        check_visible(caller.get(f"/v1/jobs/{job['id']}"), caller.get("/v1/jobs?page_size=1")["jobs"], files)
    return Declared(job["id"], milliseconds)


def upload(api: Running, tenant: Tenant, job_id: str, files: JobFiles, *, connections: int) -> Uploaded:
    """Send the files of a declared job, each over the next connection that is free.

    Raises:
        WrongAnswer: The API refuses a file.
    """
    upcoming, lock = iter(zip(files.numbers, files.declared, strict=True)), threading.Lock()
    started = time.perf_counter()

    def next_file() -> tuple[int, dict[str, Any]] | None:
        with lock:
            return next(upcoming, None)

    def send() -> Iterator[float]:
        with calling(api, tenant) as caller:
            while found := next_file():
                number, declared = found
                path = f"/v1/jobs/{job_id}/documents/{declared['name']}"
                caller.put(path, blocks(files.content(number)), declared["size"])
                yield time.perf_counter() - started

    with ThreadPoolExecutor(connections) as senders:
        accepted = list(senders.map(lambda _: list(send()), range(connections)))
    megabytes = sum(each["size"] for each in files.declared) / 1_000_000
    return Uploaded(sorted(second for some in accepted for second in some), megabytes)


def check_stored(api: Running, tenant: Tenant, job_id: str, files: JobFiles, store: DatasetStore) -> None:
    """Check that every file of the job is queued, and that the storage holds the very bytes.

    Raises:
        WrongAnswer: A file is missing, or another than was sent.
    """
    with calling(api, tenant) as caller:
        counts = caller.get(f"/v1/jobs/{job_id}")["counts"]
    if counts["queued"] != len(files.declared):
        raise WrongAnswer(f"{counts['queued']} of {len(files.declared)} files are queued after the upload.")
    for each in files.declared:
        if document_sha256(store.document(each["sha256"])) != each["sha256"]:
            raise WrongAnswer(f"The storage holds other bytes of {each['name']}.")


def check_visible(job: dict[str, Any], newest: Sequence[dict[str, Any]], files: JobFiles) -> None:
    """Check that a job is shown as it was declared, and listed before all others.

    Raises:
        WrongAnswer: It is not.
    """
    if job["counts"]["total"] != len(files.declared) or job["reference"] != files.reference:
        raise WrongAnswer("The job is not shown as it was declared.")
    if [each["id"] for each in newest] != [job["id"]]:
        raise WrongAnswer("The job is not the first of the list.")
