"""What a worker may be told to do."""

from enum import StrEnum


class Duty(StrEnum):
    """A kind of work; `upkeep` is what is removed and computed from time to time."""

    DOCUMENTS = "documents"
    TRAININGS = "trainings"
    WEBHOOKS = "webhooks"
    UPKEEP = "upkeep"


def read_duties(text: str) -> frozenset[Duty]:
    """Return the duties that a comma-separated list names.

    Raises:
        ValueError: One is not known, or there is none.
    """
    names = {name.strip() for name in text.split(",") if name.strip()}
    known = {duty.value for duty in Duty}
    if not names or names - known:
        raise ValueError(f"it must name some of {', '.join(sorted(known))}")
    return frozenset(Duty(name) for name in names)
