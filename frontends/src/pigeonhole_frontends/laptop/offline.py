"""Sort files with a model from the registry and no server; documents are read in processes of their own."""

from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from pigeonhole.artefact import IDENTITY_FILE, ArtefactError, ModelIdentity, load_classifier
from pigeonhole.classifier import TrainedClassifier
from pigeonhole.documents import DocumentLimits, DocumentRefused, RefusalReason
from pigeonhole.errors import PigeonholeError
from pigeonhole.ocr import DocumentReader, OcrSettings, open_reader
from pigeonhole.ocr.pool import PoolSettings, ReadingPool
from pigeonhole.prediction import Prediction, ReadDocument, clean_document, predict_document
from pigeonhole.settings import PlatformSettings
from pigeonhole_frontends.laptop.home import Home


class NoModel(PigeonholeError):
    """The registry does not hold the model that was asked for."""

    def __init__(self, reference: str) -> None:
        super().__init__(
            f"There is no model {reference} yet.",
            code="no-model",
            hint="Train one: pigeonhole train DIR, or make demo.",
        )


@dataclass(frozen=True)
class Sorted:
    """What came of a file: a prediction, or the reason of the refusal and its sentence."""

    path: Path
    prediction: Prediction | None
    refusal: str | None = None
    detail: str | None = None


class OfflineSorter:
    """A model, and how documents are read for it."""

    def __init__(
        self, model: TrainedClassifier, identity: ModelIdentity, open_reader: Callable[[], DocumentReader]
    ) -> None:
        self._model = model
        self._identity = identity
        self._open_reader = open_reader

    @classmethod
    def open(cls, settings: PlatformSettings, reference: str) -> "OfflineSorter":
        """Load a registered model, from the local copy when there is one.

        Raises:
            NoModel: The registry holds no such version.
            RegistryError: The registry does not answer.
            ArtefactError: The model must not be loaded.
        """
        from pigeonhole.registry import ModelRegistry

        # A setting that is wrong is found here and not in a reading process.
        reader = partial(open_reader, settings.storage, OcrSettings())
        registry = ModelRegistry(settings.tracking_uri, settings.model_name)
        version = registry.get(reference)
        if version is None:
            raise NoModel(reference)
        # Named by what it holds: version 1 of another registry is another model.
        folder = Home(settings.home).models / version.digest
        try:
            present = next(folder.rglob(IDENTITY_FILE))
            model, identity = load_classifier(present.parent)
        except (StopIteration, ArtefactError):
            model, identity = load_classifier(registry.download(version.version, folder))
        return cls(model, identity, reader)

    @property
    def classes(self) -> tuple[str, ...]:
        """Return the model's classes."""
        return self._model.classes

    def sort(self, files: Sequence[Path], *, with_reasons: bool, on_file: Callable[[], None]) -> list[Sorted]:
        """Sort files, several at once, in the order given.

        Raises:
            EngineFailure: The OCR engine is missing, or no process can read.
        """
        settings = PoolSettings()
        settings = settings.model_copy(update={"workers": min(settings.processes, len(files)) or 1})
        # The pool ends first, so that nothing is waited for after Ctrl-C.
        with (
            ThreadPoolExecutor(max_workers=min(settings.room, len(files)) or 1) as threads,
            ReadingPool(self._open_reader, clean_document, settings) as pool,
        ):

            def sort_one(path: Path) -> Sorted:
                result = self._sort(pool, path, with_reasons=with_reasons)
                on_file()
                return result

            return list(threads.map(sort_one, files))

    def _sort(self, pool: ReadingPool[ReadDocument], path: Path, *, with_reasons: bool) -> Sorted:
        try:
            # One byte more than the limit is enough to refuse a file of any size.
            with path.open("rb") as file:
                data = file.read(DocumentLimits().max_bytes + 1)
            answer = predict_document(
                lambda view: pool.submit(data, view=view).result(),
                self._model,
                self._identity,
                with_reasons=with_reasons,
            )
            return Sorted(path, answer)
        except DocumentRefused as refusal:
            return Sorted(path, None, refusal.reason.value, refusal.detail)
        except OSError as error:
            return Sorted(path, None, RefusalReason.UNREADABLE.value, f"The file cannot be opened: {error.strerror}.")
