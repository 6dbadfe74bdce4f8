"""The stages of the bench: which servers and documents each takes."""

import time
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory

from pigeonhole.processes import usable_cpus
from pigeonhole.synthetic import write_corpus
from progress import say
from serving_bench.comparison import compare, largest_difference, start_all
from serving_bench.contenders import MLFLOW, MLSERVER, OURS, RIVALS, is_installed, mlflow, mlserver, pigeonhole
from serving_bench.liveness import probing
from serving_bench.memory import course_of, sampling
from serving_bench.model import ModelFolders, corpus_settings
from serving_bench.overload import measure_capacity, send_steadily
from serving_bench.results import Comparison, Overload
from serving_bench.servers import Running, ours, running
from serving_bench.settings import ServingBenchSettings

_CHECKED_TEXTS = 20
_CAPACITY_DOCUMENTS = 120
_TIMES_CAPACITY = 2.0
_SCANS = ("image_pdf", "jpeg", "png", "tiff")


@dataclass(frozen=True)
class SentDocuments:
    """Generated files: scans to send one at a time, others to measure the capacity with, and those of the load."""

    single: tuple[Path, ...]
    capacity: tuple[Path, ...]
    load: tuple[Path, ...]


@contextmanager
def generated_documents(settings: ServingBenchSettings) -> Iterator[SentDocuments]:
    """Generate documents that all differ, and that the model did not learn from; they are removed in the end."""
    count = settings.documents + 2 * settings.single_documents + _CAPACITY_DOCUMENTS
    wanted = corpus_settings(settings, count, seed=settings.seed + 1)
    with TemporaryDirectory(prefix="serving-", dir=settings.output) as folder:
        documents = write_corpus(Path(folder), wanted)
        single = [document.path for document in documents if document.medium in _SCANS][: settings.single_documents]
        taken = set(single)
        rest = [document.path for document in documents if document.path not in taken]
        capacity, load = rest[:_CAPACITY_DOCUMENTS], rest[_CAPACITY_DOCUMENTS:][: settings.documents]
        yield SentDocuments(*(tuple(Path(folder) / path for path in some) for some in (single, capacity, load)))


def compare_servers(
    folders: ModelFolders, texts: Sequence[str], settings: ServingBenchSettings, environments: Path
) -> Comparison:
    """Start our predictor and the rivals that are installed, check that they agree, and let them take turns.

    Raises:
        PigeonholeError: Our predictor does not start, or a server answers wrongly.
    """
    missing = {rival: "it could not be installed" for rival in RIVALS if not is_installed(rival, environments)}
    makers = {MLFLOW: mlflow, MLSERVER: mlserver}
    rivals = [makers[rival](folders, environments) for rival in RIVALS if rival not in missing]
    contenders = [pigeonhole(folders), *rivals]
    with ExitStack() as stack:
        started, failed = start_all(contenders, stack, settings.output)
        for rival, reason in {**missing, **failed}.items():
            say(f"  {rival} is left out: {reason}")
        difference = largest_difference(started, texts[:_CHECKED_TEXTS])
        say(f"  {len(started)} servers; their probabilities differ by {difference:.1g} at most")
        turns = list(compare(started, texts, settings))
    return Comparison(turns, {**missing, **failed}, difference)


@contextmanager
def serving_pair(folders: ModelFolders, logs: Path) -> Iterator[Running]:
    """Start predictor and transformer with their defaults and a cache that is empty; yield the transformer."""
    with (
        TemporaryDirectory(prefix="pigeonhole-bench-") as cache,
        running(ours("predictor_server", OURS, "--model_dir", str(folders.ours)), logs) as predictor,
        running(
            ours(
                "transformer_server",
                "transformer",
                "--predictor_host",
                f"127.0.0.1:{predictor.port}",
                serving_cache_url=cache,
            ),
            logs,
        ) as transformer,
    ):
        yield transformer


def overload(transformer: Running, documents: SentDocuments, settings: ServingBenchSettings) -> Overload:
    """Send documents at twice the measured capacity, probe liveness, and sample memory."""
    capacity = measure_capacity(transformer, documents.capacity, callers=2 * usable_cpus())
    rate = _TIMES_CAPACITY * capacity
    say(f"  capacity {capacity:.1f} documents a second; sending {rate:.1f}")
    started = time.perf_counter()
    with sampling(transformer.pid) as memory, probing(transformer.url) as probes:
        outcomes = send_steadily(transformer, documents.load, per_second=rate, seconds=settings.load_seconds)
        seconds = time.perf_counter() - started
    return Overload(
        capacity_per_second=capacity,
        planned=len(documents.load),
        outcomes=outcomes,
        liveness_ms=probes.milliseconds,
        liveness_failed=probes.failed,
        memory_mb=memory,
        memory=course_of(memory),
        seconds=seconds,
    )
