"""The training set: filled from the newest dataset version, added to, corrected, frozen."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import httpx
import pytest

from pigeonhole.datasets import DatasetManifest, DatasetStore, Example
from pigeonhole.storage import open_storage
from pigeonhole_api.auth.callers import Caller
from pigeonhole_api.client import ApiError, PlatformClient
from pigeonhole_api.database import Database, migrate
from pigeonhole_api.intake.received import Received
from pigeonhole_api.models import Document
from pigeonhole_api.problems import Refusal
from pigeonhole_api.signing import Signer
from pigeonhole_api.training_data import TrainingData

pytestmark = pytest.mark.integration
Pictures = Callable[[int], list[tuple[str, bytes]]]
Refused = Callable[[Callable[[], Any]], ApiError]


@pytest.fixture(scope="module")
def seeded(tmp_path_factory: pytest.TempPathFactory, module_installation: Callable[..., Any]) -> Any:
    """A platform whose storage has dataset versions from before; the newest one has three examples."""
    installation = module_installation()
    store = DatasetStore(open_storage(str(installation.home / "storage")))
    examples = []
    for number, name in enumerate(("invoice", "invoice", "payslip")):
        sha256 = store.put_document(installation.picture(1_000_000 + number))
        examples.append(
            Example(sha256, name, "synthetic", "generator", f"2026-11-0{number + 1}T10:00:00Z", f"g{number}")
        )
    store.save(DatasetManifest.create(examples[:2]))
    installation.newest = DatasetManifest.create(examples)
    store.save(installation.newest)
    installation.store = store
    installation.start_api()
    installation.start_worker()
    return installation


@pytest.fixture
def client(seeded: Any) -> PlatformClient:
    return seeded.client  # type: ignore[no-any-return]


def counts(client: PlatformClient) -> dict[str, int]:
    return {each.name: each.examples for each in client.classes()}


def reviewed(client: PlatformClient, reference: str, files: list[tuple[str, bytes]], class_name: str) -> list[Document]:
    job = client.wait(client.submit_job(reference, files).id, timeout=30)
    found = []
    for document in client.all_documents(job.id):
        assert document.prediction
        decision = "accepted" if document.prediction.class_name == class_name else "corrected"
        found.append(client.review(document, decision, class_name))
    return found


def test_the_training_set_begins_with_the_newest_dataset_version(seeded: Any, client: PlatformClient) -> None:
    assert counts(client) == {"invoice": 2, "payslip": 1}
    page = client.examples("invoice")
    assert {each.source for each in page.examples} == {"synthetic"}
    assert {each.added_by for each in page.examples} == {"generator"}
    assert client.dataset_versions().dataset_versions[0].id == seeded.newest.id
    version = client.create_dataset_version()
    assert version.id == seeded.newest.id
    assert version.classes == {"invoice": 2, "payslip": 1}


def test_an_example_has_a_thumbnail_that_a_browser_can_load(seeded: Any, client: PlatformClient) -> None:
    (example,) = client.examples("payslip").examples
    response = httpx.get(seeded.url + str(example.thumbnail_url))
    assert (response.status_code, response.headers["content-type"]) == (200, "image/jpeg")


def test_files_become_examples_of_a_class_or_say_why_not(client: PlatformClient, pictures: Pictures) -> None:
    name = "bank details é"
    files = pictures(2)
    added = client.add_examples(name, [*files, ("again.png", files[0][1]), ("a.txt", b"text"), ("none", b"")])
    assert [each.class_name for each in added.examples] == [name, name]
    assert added.duplicates == 1
    assert [(each.name, each.reason) for each in added.refused] == [("a.txt", "unsupported-type"), ("none", "empty")]
    assert counts(client)[name] == 2
    elsewhere = client.add_examples("diploma", files[:1])
    assert (elsewhere.examples, [each.reason for each in elsewhere.refused]) == ([], ["conflicting-class"])
    assert "diploma" not in counts(client)


def test_a_deleted_example_is_gone_from_now_on_and_stays_in_earlier_versions(
    seeded: Any, client: PlatformClient, pictures: Pictures, refused: Refused
) -> None:
    (example,) = client.add_examples("letter", pictures(1)).examples
    before = client.create_dataset_version()
    client.delete_example(example.id)
    assert "letter" not in counts(client)
    assert refused(lambda: client.delete_example(example.id)).code == "example-missing"
    after = client.create_dataset_version()
    assert (after.parent, after.added, after.removed) == (before.id, 0, 1)
    held = {each.sha256 for each in seeded.store.load(before.id).examples}
    assert example.document_sha256 in held
    assert example.document_sha256 not in {each.sha256 for each in seeded.store.load(after.id).examples}
    (again,) = client.add_examples("letter", [("again.png", seeded.store.document(example.document_sha256))]).examples
    assert again.id != example.id
    client.delete_example(again.id)


def test_examples_come_in_pages(client: PlatformClient, pictures: Pictures) -> None:
    made = [each.id for each in client.add_examples("contract", pictures(5)).examples]
    first = client.examples("contract", page_size=3)
    second = client.examples("contract", page_size=3, page_token=first.next_page_token)
    assert [each.id for each in [*first.examples, *second.examples]] == list(reversed(made))
    assert second.next_page_token is None


def test_reviewed_documents_wait_until_they_are_imported(
    client: PlatformClient, pictures: Pictures, reference: str
) -> None:
    documents = reviewed(client, reference, pictures(3), "payslip")
    ids = [each.id for each in documents]
    assert set(ids) <= {each.id for each in client.corrections()}
    summary = next(each for each in client.classes() if each.name == "payslip")
    assert summary.corrections_waiting == 3

    result = client.import_corrections(ids[:1])
    assert (result.added, result.duplicates) == (1, 0)
    assert {each.id for each in client.corrections()} == set(ids[1:])
    again = client.import_corrections(ids[:2])
    assert (again.added, again.duplicates) == (1, 1)
    assert client.import_corrections().added == 1
    assert client.corrections() == []
    assert client.examples("payslip").examples[0].source == "correction"


def test_two_documents_with_the_same_content_become_one_example(
    client: PlatformClient, pictures: Pictures, reference: str
) -> None:
    ((name, data),) = pictures(1)
    first, second = reviewed(client, reference, [(name, data), ("copy.png", data)], "invoice")
    assert second.duplicate_of == first.id
    result = client.import_corrections()
    assert (result.added, result.duplicates) == (1, 1)
    assert client.corrections() == []


def test_a_decision_outweighs_the_class_that_an_example_had(
    seeded: Any, client: PlatformClient, pictures: Pictures, reference: str
) -> None:
    ((name, data),) = pictures(1)
    client.add_examples("invoice", [(name, data)])
    before = counts(client)
    (document,) = reviewed(client, reference, [(name, data)], "payslip")
    assert [each.id for each in client.corrections()] == [document.id]
    assert client.import_corrections().added == 1
    after = counts(client)
    assert (after["invoice"], after["payslip"]) == (before["invoice"] - 1, before["payslip"] + 1)


def test_an_example_deleted_after_the_decision_does_not_come_back_by_itself(
    client: PlatformClient, pictures: Pictures, reference: str
) -> None:
    reviewed(client, reference, pictures(1), "payslip")
    client.import_corrections()
    client.delete_example(client.examples("payslip").examples[0].id)
    assert client.corrections() == []


def test_a_dataset_version_has_its_parent_and_what_changed(
    seeded: Any, client: PlatformClient, pictures: Pictures
) -> None:
    before = client.create_dataset_version()
    client.add_examples("invoice", pictures(2))
    version = client.create_dataset_version()
    assert (version.parent, version.added, version.removed) == (before.id, 2, 0)
    assert client.create_dataset_version().id == version.id
    manifest = seeded.store.load(version.id)
    assert len(manifest.examples) == version.examples
    assert {"g0", "g1", "g2"} <= {each.group for each in manifest.examples}


def test_one_class_alone_is_nothing_to_train_on(tmp_path: Path) -> None:
    database, store = Database(f"sqlite:///{tmp_path}/platform.db"), DatasetStore(open_storage(str(tmp_path)))
    migrate(database)
    data, caller = TrainingData(database, store), Caller("tester", "request")
    data.begin()
    file = Received("a.png", 1, "0" * 64, True, "image/png", 1)
    data.add("invoice", [file], caller, Signer("a secret", url_seconds=60))
    with pytest.raises(Refusal) as caught:
        data.freeze(caller)
    assert (caught.value.status, caught.value.code) == (409, "too-few-classes")
    database.close()
