"""The files of a model: `model.skops`, its description `model.json` and, once registered, `identity.json`."""

import json
from dataclasses import asdict, dataclass
from importlib.metadata import version
from pathlib import Path
from typing import Any

from pydantic import BaseModel, ConfigDict, ValidationError

from pigeonhole.classifier import TrainedClassifier
from pigeonhole.errors import PigeonholeError

MODEL_FILE = "model.skops"
DESCRIPTION_FILE = "model.json"
IDENTITY_FILE = "identity.json"
UNREGISTERED = "0"
"""The version of a model that was never registered."""
_FORMAT = 2
_READABLE_FORMATS = (1, 2)
_LIBRARIES = ("scikit-learn", "skops", "numpy")
_PICKLES = (".pkl", ".pickle", ".joblib", ".cloudpickle")


class ArtefactError(PigeonholeError):
    """A model folder that must not or cannot be loaded; the codes are those of `load_classifier`."""

    def __init__(self, message: str, *, code: str, hint: str | None = None) -> None:
        super().__init__(message, code=code, hint=hint)


@dataclass(frozen=True)
class ModelIdentity:
    """Which model answered: its registered name and version, the run that made it, and its content's digest."""

    name: str
    version: str
    run_id: str
    digest: str


class _Description(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)

    format: int
    classes: tuple[str, ...]
    thresholds: tuple[float, ...]
    temperature: float
    params_digest: str
    stop_confidence: float | None = None  # format 1 knows none
    cross_validation: dict[str, float]
    digest: str
    libraries: dict[str, str]


def save_classifier(model: TrainedClassifier, directory: Path) -> str:
    """Write a model into a folder and return its digest."""
    import skops.io  # brings scikit-learn, which takes seconds and which a mere ModelIdentity does not need

    directory.mkdir(parents=True, exist_ok=True)
    skops.io.dump(model.pipeline, directory / MODEL_FILE)
    write_description(model, directory)
    return model.digest


def write_description(model: TrainedClassifier, directory: Path) -> Path:
    """Write what describes a model, without the pipeline, into a folder and return the file."""
    description = _Description(
        format=_FORMAT,
        classes=model.classes,
        thresholds=model.thresholds,
        temperature=model.temperature,
        params_digest=model.params_digest,
        stop_confidence=model.stop_confidence,
        cross_validation=dict(model.cross_validation),
        digest=model.digest,
        libraries={name: version(name) for name in _LIBRARIES},
    )
    path = directory / DESCRIPTION_FILE
    path.write_text(description.model_dump_json(indent=2) + "\n", encoding="utf-8")
    return path


def write_identity(directory: Path, identity: ModelIdentity) -> None:
    """Write beside a model which registered version it is."""
    (directory / IDENTITY_FILE).write_text(json.dumps(asdict(identity), indent=2) + "\n", encoding="utf-8")


def load_classifier(directory: Path) -> tuple[TrainedClassifier, ModelIdentity]:
    """Load a model folder without running anything that it brings.

    skops loads with an empty trusted list; a pickle is refused; the libraries must be of the recorded major and minor
    version; the content must have the recorded digest. A model that was never registered is version `0` of its digest.

    Raises:
        ArtefactError: `model-missing`, `pickle-refused`, `description-invalid`, `library-mismatch`, `untrusted-types`,
            `model-damaged` or `digest-mismatch`.
    """
    _check_files(directory)
    description = _read_description(directory / DESCRIPTION_FILE)
    _check_libraries(description.libraries)
    model = TrainedClassifier(
        pipeline=_load_pipeline(directory / MODEL_FILE),
        classes=description.classes,
        thresholds=description.thresholds,
        temperature=description.temperature,
        params_digest=description.params_digest,
        stop_confidence=description.stop_confidence,
        cross_validation=description.cross_validation,
    )
    if _digest_of(model) != description.digest:
        raise ArtefactError("The model's content is not what model.json describes.", code="digest-mismatch")
    return model, _read_identity(directory, description.digest)


def _check_files(directory: Path) -> None:
    if not (directory / MODEL_FILE).is_file():
        if any(path.suffix in _PICKLES for path in directory.glob("*")):
            raise ArtefactError(
                "The model is a pickle, which can run any code when it is loaded.",
                code="pickle-refused",
                hint="Train it again, or log it with MLflow's serialization_format='skops'.",
            )
        raise ArtefactError(f"The folder holds no {MODEL_FILE}.", code="model-missing")
    if not (directory / DESCRIPTION_FILE).is_file():
        raise ArtefactError(f"The folder holds no {DESCRIPTION_FILE}.", code="model-missing")


def _read_description(path: Path) -> _Description:
    try:
        description = _Description.model_validate_json(path.read_bytes())
    except ValidationError as error:
        field = ".".join(str(part) for part in error.errors()[0]["loc"]) or "the file"
        raise ArtefactError(f"model.json: {field} is missing or wrong.", code="description-invalid") from error
    if description.format not in _READABLE_FORMATS:
        raise ArtefactError(
            f"model.json: format {description.format} is none of those that this release reads: 1 and {_FORMAT}.",
            code="description-invalid",
            hint="Serve the model with the release that trained it, or a later one.",
        )
    return description


def _check_libraries(recorded: dict[str, str]) -> None:
    here, there = version("scikit-learn"), recorded.get("scikit-learn", "an unknown version")
    if here.split(".")[:2] != there.split(".")[:2]:
        raise ArtefactError(
            f"The model was made with scikit-learn {there}; this process has {here}.",
            code="library-mismatch",
            hint="Train the model again with this version, or serve it from the image it was made with.",
        )


def _load_pipeline(path: Path) -> Any:
    import skops.io
    from skops.io.exceptions import UntrustedTypesFoundException

    try:
        return skops.io.load(path, trusted=[])
    except UntrustedTypesFoundException as error:
        raise ArtefactError("The model holds types that are not trusted.", code="untrusted-types") from error
    except Exception as error:  # skops documents no closed list of what a damaged archive raises
        raise ArtefactError("model.skops is damaged.", code="model-damaged") from error


def _digest_of(model: TrainedClassifier) -> str:
    try:
        return model.digest
    except (AttributeError, KeyError, TypeError, ValueError) as error:
        raise ArtefactError("model.skops is not a text classifier of ours.", code="model-damaged") from error


def _read_identity(directory: Path, digest: str) -> ModelIdentity:
    path = directory / IDENTITY_FILE
    if not path.is_file():
        return ModelIdentity("unregistered", UNREGISTERED, "", digest)
    try:
        identity = ModelIdentity(**json.loads(path.read_bytes()))
    except (ValueError, TypeError) as error:
        raise ArtefactError("identity.json is damaged.", code="description-invalid") from error
    if identity.digest != digest:
        raise ArtefactError("identity.json belongs to another model.", code="digest-mismatch")
    return identity
