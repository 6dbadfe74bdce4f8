"""A look at models' files in S3 and in folders."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from pigeonhole.artefact import save_classifier
from pigeonhole.classifier import TrainedClassifier
from pigeonhole_operator.decision.observed import Artefact
from pigeonhole_operator.sources.ports import SourceError

from .conftest import BUCKET
from .test_sources_mlflow import look

pytestmark = pytest.mark.integration
MLMODEL = "signature: {inputs: '[1]', outputs: null}"
NOWHERE = "http://127.0.0.1:9"
Keep = Callable[[Path], str]


@pytest.fixture
def folder(trained: TrainedClassifier, tmp_path: Path) -> Path:
    path = tmp_path / "a model"
    save_classifier(trained, path)
    (path / "MLmodel").write_text(MLMODEL)
    return path


@pytest.fixture(params=["path", "file-url", "s3"])
def keep(request: pytest.FixtureRequest) -> Keep:
    """Keeps a folder somewhere and returns its address."""
    if request.param == "path":
        return str
    if request.param == "file-url":
        return Path.as_uri
    client = request.getfixturevalue("bucket")

    def upload(folder: Path) -> str:
        for path in folder.iterdir():
            client.put_object(Bucket=BUCKET, Key=f"team/m 1/{path.name}", Body=path.read_bytes())
        return f"s3://{BUCKET}/team/m 1"

    return upload


def refused(address: str, **settings: Any) -> SourceError:
    with pytest.raises(SourceError) as caught:
        look(NOWHERE, address, **settings)
    return caught.value


def test_digest_and_signature_of_a_whole_model_are_found(folder: Path, keep: Keep, trained: TrainedClassifier) -> None:
    assert look(NOWHERE, keep(folder)) == Artefact(trained.digest, '{"inputs":[1],"outputs":null,"params":null}')


@pytest.mark.parametrize("name", ["model.skops", "model.json", "MLmodel"])
def test_a_missing_file_is_named(folder: Path, keep: Keep, name: str) -> None:
    (folder / name).unlink()
    error = refused(keep(folder))
    assert (error.code, error.message) == ("ArtefactMissing", f"The model's folder lacks {name}.")


def test_an_empty_model_is_none(folder: Path, keep: Keep) -> None:
    (folder / "model.skops").write_bytes(b"")
    error = refused(keep(folder))
    assert (error.code, error.message) == ("ArtefactMissing", "The model's model.skops is empty.")


def test_a_damaged_or_huge_description_is_garbled(folder: Path, keep: Keep) -> None:
    (folder / "model.json").write_bytes(b"{")
    address = keep(folder)
    assert refused(address).code == "ArtefactGarbled"
    (folder / "model.json").write_bytes(b" " * 2000)
    keep(folder)
    assert "more than 1024 bytes" in refused(address, artefact_max_file_bytes=1024).message


def test_a_folder_or_bucket_that_is_not_there_lacks_all(bucket: Any, tmp_path: Path) -> None:
    for address in (str(tmp_path / "nothing"), f"s3://{BUCKET}/nothing"):
        assert refused(address).message == "The model's folder lacks model.skops, model.json, MLmodel."


@pytest.mark.parametrize("address", ["s3://", "s3://no-such-bucket/model", "s3://Not_A_Bucket!/model"])
def test_a_bucket_that_cannot_be_asked_is_unreachable_or_has_nothing(address: str, bucket: Any) -> None:
    assert refused(address).code in ("ArtefactUnreachable", "ArtefactMissing")


@pytest.mark.parametrize("address", ["pvc://models/1", "gs://models/1", "models:/m-1", "http://store/model"])
def test_an_address_of_another_kind_is_not_looked_into(address: str) -> None:
    assert look(NOWHERE, address) == Artefact(None, None)
