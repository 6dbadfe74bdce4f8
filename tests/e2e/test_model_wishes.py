"""What people and the platform API ask of a ModelDeployment, on a real API server."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest
from streamlit.testing.v1 import AppTest

from pigeonhole_api.client import ApiError, PlatformClient
from pigeonhole_frontends.admin_app import main_path as admin_app_path

from .kubectl import cluster_address, wait_until
from .operator_objects import Json
from .operator_specs import READY
from .wishes import TOKEN, Wishes, configuration, register_models, running_api, wishes_namespace

pytestmark = pytest.mark.e2e
PIN: Json = {"version": "3", "reason": "incident 1", "skipGates": False}
REQUEST: Json = {"version": "5", "reason": "better on scans"}
ASKED: Json = {"pin": PIN, "request": REQUEST, "approvedVersion": "5"}
SERVES: Json = {
    "state": "Canary",
    "stable": {"version": "11"},
    "candidate": {"version": "12"},
    "canaryWeight": 10,
    "recent": [{"version": "10"}, {"version": "8"}],
    "conditions": [{**READY, "message": "Version 11 serves."}],
}
NEEDS_PIN = "to change spec.pin takes the verb 'pin' on modeldeployments, which the ClusterRole pigeonhole-pin gives."
PINNED = {"pin": {"version": "11", "reason": "incident 42", "skipGates": False}}
WHY = ("--reason", "incident 42")
VERBS: dict[str, tuple[tuple[str, ...], Json, str]] = {
    "promote": (
        ("promote", "12", "--reason", "new scans"),
        {"request": {"version": "12", "reason": "new scans"}},
        "Version 12 is asked for; 3 is pinned until: pigeonhole models unpin",
    ),
    "pin": (("pin", "11", *WHY), PINNED, "Version 11 is pinned; candidates wait until: pigeonhole models unpin"),
    "pin without gates": (
        ("pin", "11", *WHY, "--skip-gates"),
        {"pin": {**PINNED["pin"], "skipGates": True}},
        "Version 11 is pinned; candidates wait until: pigeonhole models unpin",
    ),
    "unpin": (("unpin",), {"pin": None}, "No version is pinned."),
    "rollback": (
        ("rollback", *WHY),
        {"pin": {**PINNED["pin"], "version": "10"}},
        "Version 10 is pinned; candidates wait until: pigeonhole models unpin",
    ),
    "approve": (("approve", "12"), {"approvedVersion": "12"}, "Version 12 is approved."),
}
REFUSED: dict[str, tuple[tuple[str, ...], tuple[str, ...]]] = {
    "version": (
        ("pin", "x", *WHY),
        ("spec.pin.version: Invalid value: \"x\": spec.pin.version in body should match '^[1-9][0-9]*$'.",),
    ),
    "reason": (
        ("promote", "12", "--reason", "xx"),
        ('spec.request.reason: Invalid value: "xx": spec.request.reason in body should be at least 3 chars long.',),
    ),
    "long reason": (
        ("rollback", "--reason", "é" * 257),
        ("spec.pin.reason: Too long: may not be more than 256 bytes.",),
    ),
    "two fields": (("promote", "x", "--reason", "xx"), ("spec.request.version: ", "; ", "spec.request.reason: ")),
    "approval": (("approve", "0"), ("spec.approvedVersion: Invalid value: ",)),
}


@pytest.fixture(scope="module")
def wishes(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Wishes]:
    with wishes_namespace(tmp_path_factory.mktemp("accounts")) as found:
        found.create("trial")
        # Roles are put together, and policies come to hold, some moments after they were written.
        for user in ("ed", "platform-api"):
            wait_until(lambda user=user: not found.say("approve", "1", *of("trial"), user=user).returncode, "rights")  # type: ignore[misc]
        wait_until(lambda: NEEDS_PIN in found.say("pin", "1", *WHY, *of("trial"), user="ed").stderr, "the policy")
        yield found


@pytest.fixture
def name(wishes: Wishes) -> str:
    """The name of a ModelDeployment with a wish of each kind, that serves and has served before."""
    made = f"m{uuid4().hex[:8]}"
    wishes.create(made, ASKED, SERVES)
    return made


def of(name: str) -> tuple[str, str]:
    return "--deployment", name


@pytest.mark.parametrize("verb", VERBS)
def test_a_verb_changes_its_field_and_keeps_the_others(wishes: Wishes, name: str, verb: str) -> None:
    arguments, change, sentence = VERBS[verb]
    before = wishes.spec(name)
    done = wishes.say(*arguments, *of(name))
    assert (done.returncode, done.stderr.strip()) == (0, sentence)
    changed = {**before, **change}
    assert wishes.spec(name) == {field: value for field, value in changed.items() if value is not None}


def test_a_version_is_asked_for_without_more_words_where_none_is_pinned(wishes: Wishes) -> None:
    wishes.create("unpinned")
    done = wishes.say("promote", "4", *of("unpinned"))
    assert (done.returncode, done.stdout) == (0, "")
    assert done.stderr.strip() == "Version 4 is asked for; follow it with: pigeonhole models state"
    assert wishes.spec("unpinned")["request"] == {"version": "4", "reason": "asked for on the command line"}


def test_nothing_is_rolled_back_to_where_nothing_served_before(wishes: Wishes) -> None:
    wishes.create("new")
    done = wishes.say("rollback", *WHY, *of("new"))
    assert (done.returncode, done.stderr) == (1, "Error: No version served before the present one.\n")
    assert "pin" not in wishes.spec("new")


def test_the_state_is_told_as_json_and_in_words(wishes: Wishes, name: str) -> None:
    told = json.loads(wishes.say("state", "--json", *of(name)).stdout)
    versions = {"stable": "11", "candidate": "12", "pinned": "3", "served_before": ["10", "8"]}
    assert told == {**versions, "state": "Canary", "weight": 10, "ready": True, "message": "Version 11 serves."}
    shown = wishes.say("state", *of(name))
    assert [cell.strip() for cell in shown.stdout.splitlines()[-1].split("│")] == ["Canary", "11", "12", "10 %", "3"]
    assert shown.stderr == "Version 11 serves.\n"


def test_of_a_new_deployment_it_is_told_that_nobody_has_looked_at_it(wishes: Wishes) -> None:
    wishes.create("unseen")
    told = json.loads(wishes.say("state", "--json", *of("unseen")).stdout)
    assert (told["state"], told["stable"], told["served_before"], told["ready"]) == ("Unknown", None, [], False)
    assert told["message"] == "The operator has not looked at it yet."


def test_name_and_namespace_come_from_the_environment_too(wishes: Wishes, name: str) -> None:
    assert wishes.say("approve", "13", PIGEONHOLE_DEPLOYMENT=name).returncode == 0
    assert wishes.spec(name)["approvedVersion"] == "13"
    elsewhere = wishes.say("approve", "14", PIGEONHOLE_DEPLOYMENT=name, PIGEONHOLE_NAMESPACE="default")
    assert (elsewhere.returncode, name in elsewhere.stderr) == (1, True)
    back = wishes.say("approve", "15", "-n", wishes.kubectl.namespace, *of(name), PIGEONHOLE_NAMESPACE="default")
    assert (back.returncode, wishes.spec(name)["approvedVersion"]) == (0, "15")


@pytest.mark.parametrize("verb", [("state",), ("unpin",), ("approve", "1"), ("rollback", *WHY), ("pin", "1", *WHY)])
def test_a_missing_deployment_is_named_with_what_to_do(wishes: Wishes, verb: tuple[str, ...]) -> None:
    done = wishes.say(*verb, *of("nothing"))
    assert (done.returncode, done.stderr) == (
        1,
        'Error: nothing: modeldeployments.pigeonhole.dev "nothing" not found.\n'
        "Hint: List them with: kubectl get modeldeployments --all-namespaces\n",
    )


@pytest.mark.parametrize("given", ["{}/status", "../modelpromotions/{}", "{}?dryRun=All", "Ünnamed"])
def test_what_is_no_name_reaches_nothing(wishes: Wishes, name: str, given: str) -> None:
    before = wishes.kubectl.get("mdep", name)
    wrong = given.format(name)
    done = wishes.say("pin", "9", *WHY, *of(wrong))
    assert (done.returncode, done.stderr) == (1, f"Error: '{wrong}' is no name on a cluster.\n")
    assert wishes.kubectl.get("mdep", name) == before


@pytest.mark.parametrize("case", REFUSED)
def test_a_value_that_is_not_allowed_is_told_by_its_field(wishes: Wishes, name: str, case: str) -> None:
    arguments, said = REFUSED[case]
    before = wishes.spec(name)
    done = wishes.say(*arguments, *of(name))
    assert done.returncode == 1
    assert done.stderr.startswith(f"Error: {name}: spec.")
    assert done.stderr.count("\n") == 1
    assert all(part in done.stderr for part in said)
    assert wishes.spec(name) == before


def test_the_longest_reason_is_counted_in_characters(wishes: Wishes, name: str) -> None:
    assert wishes.say("pin", "11", "--reason", "é" * 256, *of(name)).returncode == 0
    assert wishes.spec(name)["pin"]["reason"] == "é" * 256


def test_who_may_not_is_told_what_and_whom_to_ask(wishes: Wishes, name: str) -> None:
    for verb, action in ((("state",), "get"), (("approve", "1"), "patch")):
        done = wishes.say(*verb, *of(name), user="nobody")
        assert (done.returncode, done.stderr.count("\n")) == (1, 2)
        who = f'User "system:serviceaccount:{wishes.kubectl.namespace}:nobody"'
        assert done.stderr.startswith(f'Error: {name}: {who} cannot {action} resource "modeldeployments"')
        assert "Hint: Ask who runs the cluster" in done.stderr


def test_who_may_all_but_pin_is_told_which_role_it_takes(wishes: Wishes, name: str) -> None:
    for verb in (("pin", "11", *WHY), ("unpin",), ("rollback", *WHY)):
        done = wishes.say(*verb, *of(name), user="ed")
        assert (done.returncode, done.stderr.splitlines()[0]) == (1, f"Error: {name}: {NEEDS_PIN}")
    assert wishes.spec(name)["pin"] == PIN
    assert wishes.say("promote", "12", *of(name), user="ed").returncode == 0


def test_who_is_not_known_is_told_to_sign_in(wishes: Wishes, name: str, tmp_path: Path) -> None:
    admin = Path(cluster_address("KUBECONFIG"))
    stranger = configuration(admin, tmp_path / "stranger.yaml", user={"token": "of-nobody"})
    done = wishes.say("state", *of(name), KUBECONFIG=str(stranger))
    said = f"Error: {name}: Unauthorized.\nHint: The cluster does not know who asks: sign in to it again.\n"
    assert (done.returncode, done.stderr) == (1, said)


def test_a_server_without_the_kind_is_told_from_one_without_the_deployment(
    wishes: Wishes, name: str, tmp_path: Path
) -> None:
    bare = configuration(Path(cluster_address("KUBECONFIG")), tmp_path / "bare.yaml", server_end="/nothing")
    done = wishes.say("state", *of(name), KUBECONFIG=str(bare))
    assert (done.returncode, done.stderr.splitlines()[0]) == (1, "Error: The cluster knows no ModelDeployments.")


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with a registry of three versions, of which the first is the champion."""
    made = tmp_path_factory.mktemp("platform")
    register_models(made, 3)
    return made


@pytest.fixture(scope="module")
def running(wishes: Wishes, home: Path) -> Iterator[tuple[PlatformClient, str]]:
    """An API that asks the ModelDeployment `asked`, with the rights that docs/api.md names, and its address."""
    asked = f"{wishes.kubectl.namespace}/asked"
    with running_api(home, asked, wishes.configurations["platform-api"]) as found:
        yield found


@pytest.fixture
def api(running: tuple[PlatformClient, str]) -> PlatformClient:
    return running[0]


@pytest.fixture
def asked(wishes: Wishes) -> Iterator[Wishes]:
    wishes.create("asked", ASKED, {"stable": {"version": "1"}, "recent": [{"version": "2"}]})
    yield wishes
    wishes.kubectl("delete", "mdep", "asked", "--ignore-not-found")


def refusal(api: PlatformClient, version: str, **options: Any) -> ApiError:
    with pytest.raises(ApiError) as caught:
        api.set_production(version, "try", **options)
    return caught.value


def test_a_version_that_served_before_is_pinned_by_the_api(asked: Wishes, api: PlatformClient) -> None:
    before = asked.spec("asked")
    chosen = api.set_production("2", "too many mistakes", instead_of="1")
    assert (chosen.version, chosen.requested, chosen.dataset_version) == ("2", True, f"{1:064d}")
    pin = {"version": "2", "reason": "local: too many mistakes", "skipGates": False}
    assert asked.spec("asked") == {**before, "pin": pin}
    event = api.audit_events().events[0]
    assert (event.action, event.resource) == ("model.requested", "model 2")
    assert (event.details["before"], event.details["reason"]) == ("1", "too many mistakes")


def test_any_other_version_is_requested_by_the_api_and_a_pin_makes_way(asked: Wishes, api: PlatformClient) -> None:
    before = asked.spec("asked")
    assert api.set_production("3", "a").requested
    del before["pin"]
    assert asked.spec("asked") == {**before, "request": {"version": "3", "reason": "local: a"}}


def test_what_serves_stays_the_registry_s_champion(asked: Wishes, api: PlatformClient) -> None:
    api.set_production("3", "it is better")
    serving = api.production()
    assert serving is not None
    assert (serving.version, serving.aliases) == ("1", ["champion"])


def test_the_longest_reason_of_the_api_is_cut_for_the_cluster_alone(asked: Wishes, api: PlatformClient) -> None:
    api.set_production("2", "é" * 500)
    assert asked.spec("asked")["pin"]["reason"] == "local: " + "é" * 249
    assert api.audit_events().events[0].details["reason"] == "é" * 500


@pytest.mark.parametrize(("version", "instead_of", "code"), [("3", "2", "model-changed"), ("9", None, "model-missing")])
def test_what_the_registry_refuses_is_not_asked(
    asked: Wishes, api: PlatformClient, version: str, instead_of: str | None, code: str
) -> None:
    before = asked.spec("asked")
    assert refusal(api, version, instead_of=instead_of).code == code
    assert asked.spec("asked") == before


def test_a_deployment_that_is_missing_is_a_conflict(asked: Wishes, api: PlatformClient) -> None:
    asked.kubectl("delete", "mdep", "asked")
    error = refusal(api, "2")
    assert (error.status, error.code) == (409, "deployment-refused")
    assert error.message == 'asked: modeldeployments.pigeonhole.dev "asked" not found.'


def test_the_admin_app_says_that_the_operator_was_asked(
    asked: Wishes, running: tuple[PlatformClient, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PIGEONHOLE_APP_API_URL", running[1])
    monkeypatch.setenv("PIGEONHOLE_APP_TOKEN", TOKEN)
    screen = AppTest.from_file(admin_app_path(), default_timeout=60).run().switch_page("screens/runs.py").run()
    screen.selectbox(key="restore_version").set_value("2")
    screen.text_input[0].set_value("too many mistakes")
    screen.checkbox[0].check()
    next(each for each in screen.button if each.label == "Use this model").click().run()
    assert not screen.exception
    assert [each.value for each in screen.success] == []
    said = "The cluster’s operator was asked for model 2; it decides when that is in use."
    assert said in [each.value for each in screen.info]
    assert asked.spec("asked")["pin"]["version"] == "2"


@pytest.mark.parametrize(("account", "said"), [("nobody", 'cannot get resource "modeldeployments"'), ("ed", NEEDS_PIN)])
def test_an_api_without_the_rights_changes_nothing(asked: Wishes, home: Path, account: str, said: str) -> None:
    before = asked.spec("asked")
    name = f"{asked.kubectl.namespace}/asked"
    with running_api(home, name, asked.configurations[account]) as (api, _):
        events = len(api.audit_events().events)
        error = refusal(api, "2")
        assert (error.status, error.code, said in error.message) == (409, "deployment-refused", True)
        assert len(api.audit_events().events) == events
    assert asked.spec("asked") == before
