"""Which documents judge the model: a split by group that stays as the dataset grows."""

import hashlib
from collections import defaultdict
from collections.abc import Iterable
from typing import Literal

Side = Literal["train", "holdout"]

MIN_TRAIN_GROUPS = 2
"""Groups that a class needs in training, for its cross-validation."""


def group_hash(group: str) -> float:
    """Return a number in [0, 1) that depends on the group's name alone."""
    return int.from_bytes(hashlib.sha256(group.encode()).digest()[:8]) / 2**64


def split_groups(members: Iterable[tuple[str, str]], holdout_share: float) -> dict[str, Side]:
    """Return the side of every group.

    Rule 1: a group whose hash is below the share is held out, any other trains. Rule 2: a class that has no held-out
    group by rule 1 holds out its group of the lowest hash. Rule 3: a class that has fewer than two training groups by
    rule 1 trains on its groups of the highest hash as well; of two groups the lower stays held out, and a single one
    trains. Rule 3 of one class wins over rules 1 and 2 of another.

    So a group is never on both sides. A class with two groups or more, none of them shared with another class, is on
    both. Adding examples never moves a group of a class that needed neither rule 2 nor rule 3 before; where it needed
    rule 2, the one group that the rule had held out may join the training, and no group goes the other way.

    Args:
        members: Pairs of group and class, one for each document.
        holdout_share: Share of groups to hold out, between 0 and 1.
    """
    by_class: dict[str, set[str]] = defaultdict(set)
    for group, class_name in members:
        by_class[class_name].add(group)
    lifted: set[str] = set()
    lowered: set[str] = set()
    for groups in by_class.values():
        ordered = sorted(groups, key=lambda group: (group_hash(group), group))
        held_out = sum(group_hash(group) < holdout_share for group in ordered)
        if held_out == 0 and len(ordered) > 1:
            lowered.add(ordered[0])
        lifted.update(ordered[max(1, len(ordered) - MIN_TRAIN_GROUPS) :] or ordered)
    every = set().union(*by_class.values())
    return {
        group: "holdout" if (group_hash(group) < holdout_share or group in lowered) and group not in lifted else "train"
        for group in every
    }
