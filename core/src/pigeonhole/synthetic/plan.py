"""Which documents a corpus holds, decided before any is drawn."""

import random
from collections.abc import Mapping
from dataclasses import dataclass

from pigeonhole.synthetic.drawing.layouts import template_name
from pigeonhole.synthetic.draws import child_draw, stable_hash
from pigeonhole.synthetic.settings import FAMILIES, MEDIA, GenerationSettings

SKEWED_PRIOR: Mapping[str, float] = {
    "invoice": 0.30,
    "identity_document": 0.22,
    "proof_of_address": 0.16,
    "payslip": 0.14,
    "bank_details": 0.08,
    "cv": 0.06,
    "diploma": 0.04,
}
_STEMS = ("scan", "Scan", "IMG", "doc", "document", "numerisation", "copie", "file")


@dataclass(frozen=True)
class DocumentPlan:
    """One document to draw: the `number`-th of its class in the corpus of `seed`."""

    class_name: str
    language: str
    family: int
    number: int
    seed: int
    medium: str

    def draw(self, purpose: str) -> random.Random:
        """A random stream of this document, one for each purpose."""
        return child_draw(purpose, self.seed, self.class_name, self.number)

    @property
    def template(self) -> str:
        """The template of its first page."""
        return template_name(self.class_name, self.language, self.family)

    @property
    def group(self) -> str:
        """What must never be split between training and hold-out.

        A family's persons occur in no other family and its templates neither, whatever the class, language or seed.
        """
        return f"synthetic-family-{self.family:02d}"

    @property
    def name(self) -> str:
        """A file name that tells nothing of the class."""
        stem = self.draw("stem").choice(_STEMS)
        return f"{stem}-{stable_hash('name', self.seed, self.class_name, self.number):016x}"[: len(stem) + 11]


def plan_corpus(settings: GenerationSettings) -> list[DocumentPlan]:
    """The documents of a corpus, classes mixed; a larger `count` plans the same documents and more of them."""
    plans = [
        _plan_document(settings, class_name, number)
        for class_name, count in class_counts(settings).items()
        for number in range(count)
    ]
    child_draw("order", settings.seed).shuffle(plans)
    return plans


def class_counts(settings: GenerationSettings) -> dict[str, int]:
    """Documents of each class: all alike, or skewed by `SKEWED_PRIOR` with at least one of each."""
    if settings.prior == "uniform":
        return dict.fromkeys(settings.classes, settings.count)
    weights = {name: SKEWED_PRIOR[name] for name in settings.classes}
    room = settings.total - len(weights)
    exact = {name: room * weight / sum(weights.values()) for name, weight in weights.items()}
    counts = {name: 1 + int(share) for name, share in exact.items()}
    rest = sorted(exact, key=lambda name: int(exact[name]) - exact[name])
    for name in rest[: settings.total - sum(counts.values())]:
        counts[name] += 1
    return counts


def _plan_document(settings: GenerationSettings, class_name: str, number: int) -> DocumentPlan:
    """Families take turns in an order of the class, and each comes round in every language."""
    order = list(range(FAMILIES))
    child_draw("families", settings.seed, class_name).shuffle(order)
    turn, position = divmod(number, FAMILIES)
    medium = child_draw("medium", settings.seed, class_name, number).choices(MEDIA, settings.formats.shares)[0]
    return DocumentPlan(
        class_name=class_name,
        language=settings.languages[(position + turn) % len(settings.languages)],
        family=order[position],
        number=number,
        seed=settings.seed,
        medium=medium,
    )
