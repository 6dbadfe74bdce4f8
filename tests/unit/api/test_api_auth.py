"""Callers, claims, keys and limits, without a request."""

from contextlib import suppress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pigeonhole_api.auth.api_keys import new_api_key, parse_api_key
from pigeonhole_api.auth.callers import Caller, Role
from pigeonhole_api.auth.claims import ClaimRules, caller_of
from pigeonhole_api.auth.rate_limits import RateLimit
from pigeonhole_api.problems import Refusal

pytestmark = pytest.mark.unit
RULES = ClaimRules("name", "realm_access.roles", "org", {"clerks": Role.USER, "bosses": Role.ADMIN}, "acme")


def test_an_admin_may_all_and_ops_no_document() -> None:
    assert all(Caller("a", roles=frozenset({Role.ADMIN})).has(role) for role in Role)
    assert not Caller("o", roles=frozenset({Role.OPS})).has(Role.USER)
    assert not Caller("r", roles=frozenset({Role.REVIEWER})).has(Role.ADMIN)
    assert not Caller("nobody").has(Role.USER)


def test_roles_are_read_from_nested_claims_by_the_groups_that_are_known() -> None:
    claims = {"sub": "1", "exp": 5, "name": "Camille", "realm_access": {"roles": ["other", "clerks"]}, "org": "b"}
    assert caller_of(claims, RULES) == Caller("Camille", tenant="b", roles=frozenset({Role.USER}), expires_at=5.0)
    assert caller_of({**claims, "org": None, "name": 7}, RULES) == Caller(
        "1", tenant="acme", roles=frozenset({Role.USER}), expires_at=5.0
    )


@pytest.mark.parametrize("access", [None, "clerks", {"roles": None}, {"roles": [["clerks"]]}, {"roles": {"clerks": 1}}])
def test_claims_of_another_shape_give_no_role(access: object) -> None:
    with pytest.raises(Refusal) as caught:
        caller_of({"sub": "1", "exp": 5, "realm_access": access}, RULES)
    assert (caught.value.status, caught.value.code) == (403, "no-role")


def test_a_key_is_read_back_and_matches_its_own_hash_alone() -> None:
    key, other = new_api_key(), new_api_key()
    assert parse_api_key(str(key)) == key
    assert key.matches(key.secret_sha256)
    assert not key.matches(other.secret_sha256)
    assert not key.matches("")
    assert key.secret not in repr(key)


@given(st.text())
def test_any_other_text_is_no_key(text: str) -> None:
    assert parse_api_key(text) is None
    assert parse_api_key(f"ph_{text}") is None


def test_a_bucket_lets_a_burst_pass_and_then_the_rate() -> None:
    present = 0.0
    limit = RateLimit(2.0, 3, clock=lambda: present)

    def passes(caller: str = "a") -> bool:
        with suppress(Refusal):
            limit.check(caller)
            return True
        return False

    assert [passes() for _ in range(4)] == [True, True, True, False]
    assert passes("b")
    with pytest.raises(Refusal) as caught:
        limit.check("a")
    assert (caught.value.status, caught.value.headers["Retry-After"]) == (429, "1")
    present = 0.5
    assert [passes(), passes()] == [True, False]
    present = 100.0
    assert [passes() for _ in range(4)] == [True, True, True, False]


def test_no_rate_is_no_limit() -> None:
    limit = RateLimit(0, 1)
    for _ in range(100):
        limit.check("a")
