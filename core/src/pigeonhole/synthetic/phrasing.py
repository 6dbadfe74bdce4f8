"""How one document words things: synonyms of its family, generic labels, phrases of other classes."""

import random
from collections.abc import Sequence

from pigeonhole.synthetic.dial import Dial
from pigeonhole.synthetic.draws import chance, stable_subset
from pigeonhole.synthetic.settings import CLASSES
from pigeonhole.synthetic.vocabulary import read_labels, read_words

SYNONYMS_PER_FAMILY = 2
LIST_SHARE_PER_FAMILY = 0.6


class Phrasing:
    """Chooses words for one document.

    A family knows two synonyms of each label and part of each list, so that a held-out family uses words that the
    others do not. With the difficulty's probability a label gives way to a generic one that every class uses.
    """

    def __init__(self, class_name: str, language: str, family: int, draw: random.Random, dial: Dial) -> None:
        self.class_name = class_name
        self.language = language
        self._family = family
        self._draw = draw
        self._dial = dial
        self._bare = chance(draw, dial.bare)
        self._mixed = chance(draw, dial.mixed_language)
        self._vague_rows = 1.0 if self._bare else min(1.0, dial.vague_rows * draw.random())
        self._labels: dict[str, str] = {}

    def label(self, key: str) -> str:
        """The label for a field of the class; the same key gives the same label within a document."""
        if key not in self._labels:
            self._labels[key] = self._choose_label(key)
        return self._labels[key]

    def title(self) -> str:
        """A title of the class."""
        return self.one_of("titles", share=0.5)

    def neutral_title(self) -> str:
        """A heading that says nothing about the class."""
        return str(self._draw.choice(read_words("shared", self.language)["neutral_titles"]))

    def one_of(self, list_name: str, *, share: float = LIST_SHARE_PER_FAMILY) -> str:
        """One item of a word list of the class."""
        return str(self._draw.choice(self._family_list(list_name, share)))

    def several_of(self, list_name: str, count: int) -> list[str]:
        """At most `count` different items of a word list of the class, in random order."""
        items = self._family_list(list_name, LIST_SHARE_PER_FAMILY)
        return self._draw.sample(items, min(count, len(items)))

    def rows(self, list_name: str, count: int, kind: str = "") -> list[str]:
        """At most `count` different rows of a table, some of which any class might list; `kind` names a sub-list."""
        if kind:
            known = read_words(self.class_name, self.language)[list_name][kind]
            rows = self._draw.sample(known, min(count, len(known)))
        else:
            rows = self.several_of(list_name, count)
        vague = self._draw.sample(read_words("shared", self.language)["rows"], len(rows))
        return [other if chance(self._draw, self._vague_rows) else row for row, other in zip(rows, vague, strict=True)]

    def sentences(self, kind: str, **values: str) -> list[str]:
        """The sentences of one kind that this document keeps, filled in."""
        if self._bare:
            return []
        texts = read_words(self.class_name, self.language)["sentences"][kind]
        known = self._subset(texts, max(1, len(texts) // 2 + 1), kind)
        return [text.format(**values) for text in known if chance(self._draw, self._dial.sentence_kept)]

    def essential(self, kind: str, **values: str) -> list[str]:
        """The sentences of one kind that carry the document's meaning, so none is left out."""
        texts = read_words(self.class_name, self.language)["sentences"][kind]
        return [text.format(**values) for text in texts]

    def fillers(self, count: int, **values: str) -> list[str]:
        """Sentences that occur in every class."""
        texts = self._draw.sample(read_words("shared", self.language)["fillers"], count)
        return [text.format(**values) for text in texts]

    def shared(self, list_name: str) -> str:
        """One item of a word list that all classes share."""
        return str(self._draw.choice(read_words("shared", self.language)[list_name]))

    def foreign_phrases(self) -> list[str]:
        """None, one or two phrases of other classes."""
        count = self._draw.choices((0, 1, 2), self._dial.foreign_phrases)[0]
        others = self._draw.sample([name for name in CLASSES if name != self.class_name], count)
        return [
            str(self._draw.choice(read_words(name, self.language)["phrases"])).capitalize() + "." for name in others
        ]

    def _choose_label(self, key: str) -> str:
        generic, synonyms = read_labels(self.class_name, self.language)[key]
        if self._bare or chance(self._draw, self._dial.generic_label):
            return str(self._draw.choice(read_words("shared", self.language)["labels"][generic]))
        label = self._draw.choice(self._subset(synonyms, SYNONYMS_PER_FAMILY, key))
        if self._mixed and "/" not in label:
            other = read_labels(self.class_name, "en" if self.language == "fr" else "fr")
            label = f"{label} / {other[key][1][0]}" if key in other else label
        return label

    def _family_list(self, list_name: str, share: float) -> tuple[str, ...]:
        items = read_words(self.class_name, self.language)[list_name]
        return self._subset(items, max(2, round(len(items) * share)), list_name)

    def _subset(self, items: Sequence[str], size: int, name: str) -> tuple[str, ...]:
        return stable_subset(items, size, self.class_name, self.language, name, self._family)
