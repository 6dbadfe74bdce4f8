"""What the operator's account must have, what it must not, and how it is told."""

from pathlib import Path

import pytest

from pigeonhole_operator.account_rights import Right, forbidden, needed_to_follow, needed_to_operate
from pigeonhole_operator.rights import judge
from pigeonhole_operator.settings import OperatorSettings

pytestmark = pytest.mark.unit
PLACE = {"namespace": "sorting", "lease_namespace": "sorting", "lease_name": "ph-operator"}
SETTINGS = OperatorSettings(**PLACE, objects_owner="ph-serving", objects_directory=Path("/etc/objects"))
OPERATES = needed_to_operate(SETTINGS, "documents")


def lines(needed: list[Right], has: set[Right]) -> list[str]:
    return [verdict.line for verdict in judge(needed, has.__contains__)]


def test_an_account_with_just_what_it_needs_has_nothing_to_mend() -> None:
    assert {line.split()[0] for line in lines(OPERATES, set(OPERATES))} == {"ok"}


@pytest.mark.parametrize("right", OPERATES, ids=str)
def test_each_right_that_is_missing_is_to_be_added(right: Right) -> None:
    assert [line for line in lines(OPERATES, set(OPERATES) - {right}) if not line.startswith("ok")] == [
        f"ADD   may not {right}"
    ]


@pytest.mark.parametrize("right", sorted(set(forbidden(OPERATES)), key=str), ids=str)
def test_each_right_beyond_is_to_be_taken(right: Right) -> None:
    told = {line for line in lines(OPERATES, {*OPERATES, right}) if not line.startswith("ok")}
    assert told == {f"TAKE  may {right}"}


def test_nothing_is_both_needed_and_forbidden() -> None:
    for needed in (OPERATES, needed_to_follow("documents-predictor", "sorting")):
        assert not set(needed) & set(forbidden(needed))


def test_names_are_those_of_the_installation() -> None:
    told = {str(right) for right in OPERATES}
    assert "patch configmaps documents-routing in sorting" in told
    assert "get configmaps ph-serving in sorting" in told
    assert "update leases.coordination.k8s.io ph-operator in sorting" in told


def test_only_who_brings_objects_along_may_make_model_deployments() -> None:
    creating = Right("create", "modeldeployments", "pigeonhole.dev", namespace="sorting")
    assert creating in OPERATES
    assert creating not in needed_to_operate(OperatorSettings(**PLACE), "documents")


def test_the_lease_is_asked_of_where_it_is() -> None:
    settings = OperatorSettings(lease_namespace="system")
    assert {right.namespace for right in needed_to_operate(settings, "documents")} == {"", "system"}


def test_the_follower_needs_one_deployment_and_no_other() -> None:
    needed = needed_to_follow("documents-predictor", "sorting")
    assert [str(right) for right in needed] == [
        "get deployments.apps documents-predictor in sorting",
        "patch deployments.apps documents-predictor in sorting",
    ]
    told = {str(right) for right in forbidden(needed)}
    assert "list deployments.apps in sorting" in told
    assert "patch deployments.apps pigeonhole-rights-another in sorting" in told
    assert "list secrets in all namespaces" in told
