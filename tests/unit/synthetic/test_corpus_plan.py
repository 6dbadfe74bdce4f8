"""Which documents a corpus holds, and what may be held out of training."""

from collections import Counter, defaultdict

import pytest

from pigeonhole.synthetic import CLASSES, LANGUAGES, FormatMix, GenerationSettings
from pigeonhole.synthetic.drafting import draft_document
from pigeonhole.synthetic.drawing.layouts import layout_for
from pigeonhole.synthetic.people import person_pools
from pigeonhole.synthetic.plan import class_counts, plan_corpus
from pigeonhole.synthetic.settings import FAMILIES

pytestmark = pytest.mark.unit


def test_each_class_and_language_has_ten_templates_in_as_many_skeletons() -> None:
    plans = plan_corpus(GenerationSettings(count=20))
    templates = {(plan.class_name, plan.language): set() for plan in plans}
    for plan in plans:
        templates[plan.class_name, plan.language].add(plan.template)
    assert {len(names) for names in templates.values()} == {FAMILIES}
    for class_name in CLASSES:
        skeletons = {layout_for(class_name, "fr", family, "builtin").skeleton.name for family in range(FAMILIES)}
        assert len(skeletons) == FAMILIES


def test_no_group_shares_a_person_or_a_template_with_another() -> None:
    settings = GenerationSettings(count=40, formats=FormatMix(1, 0, 0, 0, 0))
    groups_of_person, groups_of_template = defaultdict(set), defaultdict(set)
    for plan in plan_corpus(settings):
        groups_of_person[draft_document(plan, settings).person.key].add(plan.group)
        groups_of_template[plan.template].add(plan.group)
    assert {len(groups) for groups in groups_of_person.values()} == {1}
    assert {len(groups) for groups in groups_of_template.values()} == {1}
    assert len(set.union(*groups_of_person.values())) == FAMILIES


def test_the_group_of_a_template_is_the_same_for_every_seed() -> None:
    groups: dict[str, set[str]] = defaultdict(set)
    for seed in (0, 1):
        for plan in plan_corpus(GenerationSettings(count=20, seed=seed)):
            groups[plan.template].add(plan.group)
            assert plan.group.rsplit("-", 1)[1] == plan.template.rsplit("-", 1)[1]
    assert {len(names) for names in groups.values()} == {1}


def test_no_surname_occurs_in_two_families() -> None:
    owners = defaultdict(set)
    for family, pool in enumerate(person_pools(0)):
        for person in pool:
            owners[person.language, person.surname].add(family)
    assert {len(families) for families in owners.values()} == {1}


def test_a_person_occurs_in_several_classes() -> None:
    settings = GenerationSettings(count=80, formats=FormatMix(1, 0, 0, 0, 0))
    classes = defaultdict(set)
    for plan in plan_corpus(settings):
        classes[draft_document(plan, settings).person.key].add(plan.class_name)
    assert sum(len(names) > 1 for names in classes.values()) > len(classes) / 2


def test_a_larger_corpus_holds_the_smaller_one() -> None:
    small, large = (set(plan_corpus(GenerationSettings(count=count))) for count in (5, 12))
    assert small < large


def test_classes_are_mixed_in_the_order_of_making() -> None:
    first = [plan.class_name for plan in plan_corpus(GenerationSettings(count=30))[:30]]
    assert len(set(first)) >= 5


def test_a_skewed_prior_keeps_the_total_and_one_of_each_class() -> None:
    for count in (1, 3, 40):
        settings = GenerationSettings(count=count, prior="skewed")
        counts = class_counts(settings)
        assert sum(counts.values()) == settings.total
        assert min(counts.values()) >= 1
    assert counts["invoice"] > 5 * counts["diploma"]


def test_languages_and_formats_follow_the_settings() -> None:
    plans = plan_corpus(GenerationSettings(count=200, languages=("en",), formats=FormatMix(3, 0, 1, 0, 0)))
    assert {plan.language for plan in plans} == {"en"}
    media = Counter(plan.medium for plan in plans)
    assert set(media) == {"pdf", "jpeg"}
    assert media["pdf"] / len(plans) == pytest.approx(0.75, abs=0.05)


def test_both_languages_are_even_in_every_class() -> None:
    counts = Counter((plan.class_name, plan.language) for plan in plan_corpus(GenerationSettings(count=30)))
    assert set(counts.values()) == {15}
    assert len(counts) == len(CLASSES) * len(LANGUAGES)


def test_names_are_unique_and_tell_nothing() -> None:
    plans = plan_corpus(GenerationSettings(count=150))
    assert len({plan.name for plan in plans}) == len(plans)
    stems = {class_name: set() for class_name in CLASSES}
    for plan in plans:
        stems[plan.class_name].add(plan.name.rsplit("-", 1)[0])
    assert len({frozenset(names) for names in stems.values()}) == 1
