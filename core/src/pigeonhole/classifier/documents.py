"""The documents of a training, each with its two views, and the rows that a model is fitted to."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from pigeonhole.errors import PigeonholeError


class TrainingDataError(PigeonholeError):
    """The examples do not allow a training."""

    def __init__(self, message: str, *, hint: str | None = None) -> None:
        super().__init__(message, code="training-data", hint=hint)


@dataclass(frozen=True)
class Rows:
    """Texts to fit to, with the column of each one's class and its weight; a document weighs 1, by one view or two."""

    texts: tuple[str, ...]
    columns: NDArray[np.int64]
    weights: NDArray[np.float64]


@dataclass(frozen=True)
class TrainingDocuments:
    """Documents of known class, with their groups: plain texts, and those of the lines views.

    `classes` are in order; `columns` holds each document's place in them.
    """

    texts: tuple[str, ...]
    lines_texts: tuple[str, ...]
    groups: tuple[str, ...]
    classes: tuple[str, ...]
    columns: NDArray[np.int64]

    @classmethod
    def of(
        cls,
        texts: Sequence[str],
        labels: Sequence[str],
        groups: Sequence[str],
        lines_texts: Sequence[str] | None = None,
    ) -> "TrainingDocuments":
        """Return documents that can be trained on.

        Args:
            texts: Plain texts of whole documents, as `clean_text` makes them.
            labels: The class of each document.
            groups: The group of each document.
            lines_texts: The plain text of each document's lines view, equal to its text where there is none shorter;
                None when that is so for all.

        Raises:
            TrainingDataError: Fewer than two classes, or a class with fewer than two groups.
            ValueError: The sequences differ in length.
        """
        lines = texts if lines_texts is None else lines_texts
        if not len(texts) == len(lines) == len(labels) == len(groups):
            raise ValueError(f"{len(texts)} texts, {len(lines)} lines, {len(labels)} labels and {len(groups)} groups")
        classes = tuple(sorted(set(labels)))
        _check(classes, zip(labels, groups, strict=True))
        columns = np.array([classes.index(label) for label in labels], np.int64)
        return cls(tuple(texts), tuple(lines), tuple(groups), classes, columns)

    @cached_property
    def shorter(self) -> NDArray[np.bool_]:
        """Tell of each document whether its lines view differs from its text, shape (documents,)."""
        pairs = zip(self.lines_texts, self.texts, strict=True)
        return np.array([lines != text for lines, text in pairs], np.bool_)

    def rows(self, numbers: Iterable[int]) -> Rows:
        """Return the rows of some documents: one for each view that says something of its own."""
        whole = [int(number) for number in numbers]
        lines = [number for number in whole if self.shorter[number] and self.lines_texts[number]]
        twice = set(lines)
        return Rows(
            texts=(*(self.texts[number] for number in whole), *(self.lines_texts[number] for number in lines)),
            columns=self.columns[[*whole, *lines]],
            weights=np.array([0.5 if number in twice else 1.0 for number in (*whole, *lines)]),
        )


def _check(classes: Sequence[str], members: Iterable[tuple[str, str]]) -> None:
    if len(classes) < 2:
        raise TrainingDataError(
            f"classes: {len(classes)} with readable documents; a training needs at least 2.",
            hint="Give a folder with one sub-folder of documents for each class.",
        )
    distinct = sorted(set(members))
    for name in classes:
        count = sum(label == name for label, _ in distinct)
        if count < 2:
            raise TrainingDataError(
                f"class '{name}': {count} independent example with readable text; a training needs at least 2.",
                hint="Add examples of the class, 20 or more for a usable result.",
            )
