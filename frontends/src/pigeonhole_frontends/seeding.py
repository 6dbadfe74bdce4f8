"""A platform's first steps: examples, a first model, and a job to look at; whatever is there already is left alone."""

import time
from collections import defaultdict
from collections.abc import Callable, Collection, Iterable, Iterator, Sequence
from typing import NamedTuple

from pigeonhole.errors import PigeonholeError
from pigeonhole_api.client import ApiError, PlatformClient
from pigeonhole_api.models import FINAL_TRAINING_STATES, Job, Model, Training

_LOOK_SECONDS = 1.0
_FILES_AT_ONCE = 50
_AT_WORK = ("queued", "running")


class Example(NamedTuple):
    """A document whose class is known."""

    class_name: str
    file_name: str
    data: bytes


class SeedingFailed(PigeonholeError):
    """The platform did not come so far; the code says where it stopped."""

    def __init__(self, message: str, *, code: str, hint: str | None = None) -> None:
        super().__init__(message, code=code, hint=hint)


class Seeding:
    """The steps, each of which may be taken again; `deadline` is a moment of `time.monotonic()`."""

    def __init__(self, client: PlatformClient, deadline: float) -> None:
        self._client = client
        self._deadline = deadline

    def wait_for_platform(self) -> None:
        """Wait until the API answers this caller, also about models, for which it asks the registry.

        Raises:
            SeedingFailed: `not-ready`.
            ApiError: It answers, and refuses the token.
        """
        self._until(self._answers, code="not-ready", what="The API does not answer")

    def add_examples(self, classes: Collection[str], examples: Iterable[Example]) -> int:
        """Add examples, unless the training set has classes of somebody's own; return how many it has then.

        A document that is there already is not added again, so that what broke off is gone on with.

        Args:
            classes: The classes that the examples are of.
            examples: Them; what makes them is not asked for any where none are added.
        """
        present = {summary.name: summary.examples for summary in self._client.classes()}
        if set(present) - set(classes):
            return sum(present.values())
        by_class: dict[str, list[tuple[str, bytes]]] = defaultdict(list)
        for example in examples:
            by_class[example.class_name].append((example.file_name, example.data))
        for name, files in by_class.items():
            for some in _batches(files if present.get(name, 0) < len(files) else []):
                self._client.add_examples(name, some)
        return sum(summary.examples for summary in self._client.classes())

    def train(self, on_stage: Callable[[Training], None]) -> Training:
        """Train on the training set, or follow a training that is at work on it, to its end.

        Raises:
            SeedingFailed: `training-failed`, when it did not end well.
        """
        dataset = self._client.create_dataset_version().id
        at_work = (each for each in self._client.trainings() if each.dataset_version == dataset)
        training = next((each for each in at_work if each.state in _AT_WORK), None)
        training = training or self._client.start_training(dataset)
        while training.state not in FINAL_TRAINING_STATES:
            self._check_time("not-trained", f"The training is still {training.state}")
            time.sleep(_LOOK_SECONDS)
            training = self._client.training(training.id)
            on_stage(training)
        if training.state != "succeeded":
            why = training.error or "Its model did not pass a gate."
            raise SeedingFailed(f"The training {training.state}: {why}", code="training-failed")
        return training

    def wait_for_model(self, trained: Training) -> Model:
        """Wait until a model is in use, which the promotion operator decides where there is one.

        Args:
            trained: The training that has ended well for it.

        Raises:
            SeedingFailed: `no-model`, or `not-promoted` when the operator does not take it.
        """
        self._until(lambda: self._is_decided(trained.model_version or ""), code="no-model", what="No model is in use")
        found = self._client.production()
        if found is None:
            raise SeedingFailed("The model in use is gone again.", code="no-model")
        return found

    def sort_samples(self, reference: str, files: Sequence[tuple[str, bytes]]) -> Job:
        """Submit files as one job, once, and wait for their classes.

        Raises:
            SeedingFailed: `not-sorted`.
        """
        job = self._client.submit_job(reference, files)
        try:
            return self._client.wait(job.id, timeout=max(1.0, self._deadline - time.monotonic()))
        except ApiError as error:
            if error.code != "wait-timeout":
                raise
            raise SeedingFailed("The samples are not sorted yet.", code="not-sorted") from error

    def _is_decided(self, version: str) -> bool:
        if self._client.production() is not None:
            return True
        promotion = self._client.model(version).promotion
        if promotion is not None and promotion.is_refusal:
            raise SeedingFailed(
                f"The operator does not take version {version}: {promotion.message}",
                code="not-promoted",
                hint="More examples, or clearer ones, make a better model.",
            )
        return False

    def _answers(self) -> bool:
        try:
            self._client.classes()
            self._client.production()
        except ApiError as error:
            if error.status and error.status < 500:
                raise
            return False
        return True

    def _until(self, condition: Callable[[], bool], *, code: str, what: str) -> None:
        while not condition():
            self._check_time(code, what)
            time.sleep(_LOOK_SECONDS)

    def _check_time(self, code: str, what: str) -> None:
        if time.monotonic() > self._deadline:
            raise SeedingFailed(f"{what}; the time is over.", code=code, hint="Run it again: it goes on from here.")


def _batches(files: list[tuple[str, bytes]]) -> Iterator[list[tuple[str, bytes]]]:
    for start in range(0, len(files), _FILES_AT_ONCE):
        yield files[start : start + _FILES_AT_ONCE]
