"""Files' names as they are kept, and the identity of a job's files."""

import hashlib

import pytest

from pigeonhole_api.file_names import LONGEST, clean_name, unique_names
from pigeonhole_api.intake.manifests import declared_sha256, manifest_sha256
from pigeonhole_api.models import DeclaredDocument

pytestmark = pytest.mark.unit
HASHES = [hashlib.sha256(bytes([number])).hexdigest() for number in range(2)]


def test_equal_names_are_numbered_before_their_ending() -> None:
    assert unique_names(["a.pdf", "a.pdf", "a (2).pdf", "a.pdf", "b"]) == [
        "a.pdf",
        "a (2).pdf",
        "a (2) (2).pdf",
        "a (3).pdf",
        "b",
    ]


def test_names_are_cleaned_before_they_are_compared_and_stay_short_enough() -> None:
    names = unique_names(["x" * 300 + ".pdf", "x" * 300 + ".pdf", "\n", " "])
    assert all(len(name) <= LONGEST and clean_name(name) == name for name in names)
    assert len(set(names)) == 4


def test_declared_files_of_known_hashes_are_the_files_themselves() -> None:
    declared = [DeclaredDocument(name=f"{n}", sha256=sha256, size=n) for n, sha256 in enumerate(HASHES)]
    assert declared_sha256(declared) == manifest_sha256([(HASHES[1], "1"), (HASHES[0], "0")])


@pytest.mark.parametrize("change", [{"name": "other"}, {"size": 8}, {"sha256": HASHES[1]}])
def test_every_field_of_a_declaration_counts(change: dict[str, object]) -> None:
    unknown = DeclaredDocument(name="unknown")
    one = DeclaredDocument(name="a", size=7)
    assert declared_sha256([unknown, one]) == declared_sha256([one, unknown])
    assert declared_sha256([unknown, one]) != declared_sha256([unknown, one.model_copy(update=change)])
