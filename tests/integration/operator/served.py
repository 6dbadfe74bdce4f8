"""A real transformer and real predictors, for what the operator asks of them."""

import json
from collections.abc import Callable, Iterator
from pathlib import Path

from tests.integration.serving.conftest import INVOICE, PAYSLIP, Server, make_pdf

from pigeonhole.datasets import DatasetManifest, DatasetStore, Example

ADDED = "2026-11-28T12:00:00Z"


class Trial:
    """A transformer beside version 1, with version 2 as a candidate that answers no document of its own."""

    def __init__(self, server: Server, path: Path, stable: str, candidate: str, folders: dict[str, Path]) -> None:
        self.server, self._path, self._folders = server, path, folders
        self.stable, self.candidate = stable, candidate
        self.url = server.url + "/v1/models/documents:predict"

    def digest(self, version: str) -> str:
        """Return the digest of a version's content."""
        description: dict[str, str] = json.loads((self._folders[version] / "model.json").read_text())
        return description["digest"]

    def route(self, *, candidate: bool = True, host: str = "", version: str = "2") -> None:
        """Write the routing."""
        on_trial = {"host": host or self.candidate, "version": version, "weight": 0, "shadow": True}
        routing = {"stable": {"host": self.stable, "version": "1"}, "candidate": on_trial if candidate else None}
        part = self._path.with_suffix(".part")
        part.write_text(json.dumps(routing))
        part.replace(self._path)


def keep_golden_set(store: DatasetStore, *, count: int, wrong: int = 0, broken: int = 0) -> str:
    """Keep a set of letters and return its id; `wrong` ones have another class than any model names, `broken` are no
    documents.
    """
    examples = []
    for number in range(count):
        lines, name = (INVOICE, "invoice") if number % 2 else (PAYSLIP, "payslip")
        data = b"no document %d" % number if number < broken else make_pdf([*lines, f"Golden {number}"])
        label = "diploma" if number >= count - wrong else name
        examples.append(Example(store.put_document(data), label, "upload", "ann", ADDED))
    return store.save(DatasetManifest.create(examples))


def start_trial(start_server: Callable[..., Server], model_folders: dict[str, Path], folder: Path) -> Iterator[Trial]:
    """Start both predictors and the transformer."""
    predictors = [start_server("predictor_server", "--model_dir", str(model_folders[version])) for version in "12"]
    stable, candidate = (predictor.wait() for predictor in predictors)
    path = folder / "routing.json"
    transformer = start_server(
        "transformer_server",
        *("--predictor_host", stable.host, "--routing_file", str(path)),
        serving_slots="2",
        serving_candidate_timeout_seconds="10",
        serving_candidate_open_seconds="1",
    )
    yield Trial(transformer.wait(), path, stable.host, candidate.host, model_folders)
    for server in (transformer, *predictors):
        server.kill()
