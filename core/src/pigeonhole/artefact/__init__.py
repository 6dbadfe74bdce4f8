"""A model on disk: written with skops, read with nothing trusted."""

from pigeonhole.artefact.files import (
    DESCRIPTION_FILE,
    IDENTITY_FILE,
    MODEL_FILE,
    UNREGISTERED,
    ArtefactError,
    ModelIdentity,
    load_classifier,
    save_classifier,
    write_description,
    write_identity,
)

__all__ = [
    "DESCRIPTION_FILE",
    "IDENTITY_FILE",
    "MODEL_FILE",
    "UNREGISTERED",
    "ArtefactError",
    "ModelIdentity",
    "load_classifier",
    "save_classifier",
    "write_description",
    "write_identity",
]
