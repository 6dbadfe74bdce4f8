"""Random draws that depend on names and numbers alone, never on the order of work."""

import hashlib
import random
from collections.abc import Sequence
from typing import TypeVar

Item = TypeVar("Item")


def stable_hash(*names: object) -> int:
    """A 64-bit number that is the same in every process for the same names."""
    digest = hashlib.sha256("\x1f".join(map(str, names)).encode()).digest()
    return int.from_bytes(digest[:8], "big")


def child_draw(*names: object) -> random.Random:
    """A random stream of its own for these names."""
    return random.Random(stable_hash(*names))


def stable_choice(items: Sequence[Item], *names: object) -> Item:
    """The item that these names always choose."""
    return items[stable_hash(*names) % len(items)]


def stable_subset(items: Sequence[Item], size: int, *names: object) -> tuple[Item, ...]:
    """The `size` items (or all, when there are fewer) that these names always choose, in their order."""
    order = sorted(range(len(items)), key=lambda position: stable_hash(*names, position))
    return tuple(items[position] for position in sorted(order[:size]))


def chance(draw: random.Random, probability: float) -> bool:
    """Whether an event of this probability happens."""
    return draw.random() < probability
