"""The split by group: nobody stands on both sides, every class is on both, and it stays as the dataset grows."""

from collections import defaultdict

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pigeonhole_components.split import MIN_TRAIN_GROUPS, group_hash, split_groups

pytestmark = pytest.mark.unit

CLASSES = ("cv", "invoice", "payslip")
NAMES = st.text("abcdefgh0123456789", min_size=1, max_size=6)
SHARES = st.sampled_from([0.05, 0.2, 0.5, 0.9])
# A group's name begins with its class, so that no class shares a group with another.
OWN = st.builds(lambda name, group: (f"{name}-{group}", name), st.sampled_from(CLASSES), NAMES)
SHARED = st.tuples(NAMES, st.sampled_from(CLASSES))


def groups_by_class(members: list[tuple[str, str]]) -> dict[str, set[str]]:
    by_class: dict[str, set[str]] = defaultdict(set)
    for group, name in members:
        by_class[name].add(group)
    return by_class


def below(groups: set[str], share: float) -> int:
    return sum(group_hash(group) < share for group in groups)


@given(st.lists(SHARED, max_size=60), SHARES, st.randoms(use_true_random=False))
def test_every_group_has_one_side_whatever_the_order(members: list[tuple[str, str]], share: float, random) -> None:
    sides = split_groups(members, share)
    assert set(sides) == {group for group, _ in members}
    assert set(sides.values()) <= {"train", "holdout"}
    shuffled = list(members)
    random.shuffle(shuffled)
    assert split_groups(shuffled + shuffled[:5], share) == sides


@given(st.lists(OWN, max_size=60), SHARES)
def test_a_class_with_groups_of_its_own_is_judged_and_trained(members: list[tuple[str, str]], share: float) -> None:
    sides = split_groups(members, share)
    for groups in groups_by_class(members).values():
        held_out = sum(sides[group] == "holdout" for group in groups)
        assert (held_out > 0) == (len(groups) > 1)
        assert len(groups) - held_out >= min(MIN_TRAIN_GROUPS, max(1, len(groups) - 1))


@given(st.lists(OWN, max_size=40), st.lists(OWN, max_size=40), SHARES)
def test_adding_examples_moves_no_group_of_a_class_that_was_large_enough(
    before: list[tuple[str, str]], added: list[tuple[str, str]], share: float
) -> None:
    first, second = split_groups(before, share), split_groups(before + added, share)
    for groups in groups_by_class(before).values():
        held_out = below(groups, share)
        needed_training = len(groups) - held_out < MIN_TRAIN_GROUPS
        moved = {group for group in groups if first[group] != second[group]}
        if held_out > 0 and not needed_training:
            assert moved == set()
        elif not needed_training:
            assert len(moved) <= 1
            assert all(second[group] == "train" for group in moved)


@given(st.lists(SHARED, min_size=1, max_size=80))
def test_a_group_of_several_classes_trains_when_one_of_them_needs_it(members: list[tuple[str, str]]) -> None:
    sides = split_groups(members, 0.9)
    for groups in groups_by_class(members).values():
        assert sum(sides[group] == "train" for group in groups) >= min(MIN_TRAIN_GROUPS, max(1, len(groups) - 1))


def test_about_the_share_is_held_out() -> None:
    sides = split_groups([(f"group {number}", "cv") for number in range(2000)], 0.2)
    assert 340 < sum(side == "holdout" for side in sides.values()) < 460
