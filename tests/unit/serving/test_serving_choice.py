"""Who answers for a document, by the routing file."""

import hashlib
import json
import math
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pigeonhole_serving.routing import Candidate, Choice, Role, Routing, RoutingInvalid, choose, parse_routing, position

pytestmark = pytest.mark.unit
DOCUMENTS = [hashlib.sha256(str(number).encode()).hexdigest() for number in range(20_000)]


def routing(weight: float, *, shadow: bool = False, version: str = "2") -> Routing:
    return parse_routing(
        json.dumps(
            {
                "stable": {"host": "stable", "version": "1"},
                "candidate": {"host": "candidate:8080", "version": version, "weight": weight, "shadow": shadow},
            }
        ).encode()
    )


def candidate_s(rules: Routing) -> set[str]:
    return {document for document in DOCUMENTS if choose(rules, document).answers is Role.CANDIDATE}


@pytest.mark.parametrize("weight", [0.5, 5, 20, 50, 99])
def test_the_candidate_gets_its_share_within_the_bounds_of_chance(weight: float) -> None:
    share = len(candidate_s(routing(weight))) / len(DOCUMENTS)
    deviation = math.sqrt(weight / 100 * (1 - weight / 100) / len(DOCUMENTS))
    assert abs(share - weight / 100) < 4 * deviation


def test_a_weight_of_0_gives_nothing_and_of_100_gives_everything() -> None:
    assert candidate_s(routing(0)) == set()
    assert candidate_s(routing(100)) == set(DOCUMENTS)


def test_a_document_stays_with_the_candidate_while_its_weight_rises() -> None:
    shares = [candidate_s(routing(weight)) for weight in (1, 10, 50)]
    assert shares[0] < shares[1] < shares[2]


def test_another_candidate_meets_other_documents_first() -> None:
    first, second = candidate_s(routing(10)), candidate_s(routing(10, version="3"))
    assert len(first & second) / len(first) == pytest.approx(0.1, abs=0.03)


@given(st.text("0123456789abcdef", min_size=64, max_size=64), st.text(max_size=20))
def test_every_document_has_a_position_below_100(document: str, version: str) -> None:
    assert 0 <= position(document, Candidate(host="c", version=version, weight=1)) < 100


def test_shadow_asks_the_model_that_does_not_answer() -> None:
    with_shadow = routing(50, shadow=True)
    choices = {choose(with_shadow, document) for document in DOCUMENTS[:100]}
    assert choices == {Choice(Role.STABLE, Role.CANDIDATE), Choice(Role.CANDIDATE, Role.STABLE)}
    assert {choose(routing(50), document).shadow for document in DOCUMENTS[:100]} == {None}


def test_without_a_candidate_stable_answers_alone() -> None:
    alone = parse_routing(b'{"stable": {"host": "s"}, "candidate": null}')
    assert choose(alone, DOCUMENTS[0]) == Choice(Role.STABLE, None)
    assert not choose(alone, DOCUMENTS[0]).involves_candidate


@pytest.mark.parametrize("weight", [0, 50, 100])
@pytest.mark.parametrize("role", list(Role))
def test_who_is_asked_for_answers_whatever_the_weight_and_without_a_shadow(role: Role, weight: float) -> None:
    rules = routing(weight, shadow=True)
    assert {choose(rules, document, role) for document in DOCUMENTS[:100]} == {Choice(role, None)}


def test_a_candidate_that_there_is_not_is_answered_for_by_stable() -> None:
    alone = parse_routing(b'{"stable": {"host": "s"}}')
    assert choose(alone, DOCUMENTS[0], Role.CANDIDATE) == Choice(Role.STABLE, None)


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"weight": 101}, "candidate.weight"),
        ({"weight": -1}, "candidate.weight"),
        ({"weight": "20"}, "candidate.weight"),
        ({"weight": None}, "candidate.weight"),
        ({"weight": math.nan}, "candidate.weight"),
        ({"shadow": "yes"}, "candidate.shadow"),
        ({"host": "http://candidate"}, "candidate.host"),
    ],
)
def test_a_candidate_that_makes_no_sense_is_named(change: dict[str, Any], field: str) -> None:
    candidate = {"host": "c", "version": "2", "weight": 20, "shadow": False, **change}
    with pytest.raises(RoutingInvalid) as raised:
        parse_routing(json.dumps({"stable": {"host": "s"}, "candidate": candidate}).encode())
    assert raised.value.message.startswith(field)
