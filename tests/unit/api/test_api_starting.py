"""What keeps a process from starting is said in one sentence."""

import pytest
from pydantic import ValidationError

from pigeonhole.errors import PigeonholeError
from pigeonhole.settings import describe_invalid_settings
from pigeonhole_api.serve import check_address, check_sign_in, is_loopback
from pigeonhole_api.settings import ApiSettings, OidcSettings, WorkerSettings

pytestmark = pytest.mark.unit


@pytest.fixture(autouse=True)
def _no_settings(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PIGEONHOLE_API_TOKEN", "a" * 20)


@pytest.mark.parametrize("host", ["127.0.0.1", "127.8.0.1", "::1", "localhost"])
def test_the_loopback_addresses_need_no_permission(host: str) -> None:
    assert is_loopback(host)
    check_address(host, ApiSettings())


@pytest.mark.parametrize("host", ["0.0.0.0", "::", "192.168.1.5", "pigeonhole.example", ""])
def test_any_other_address_needs_one(monkeypatch: pytest.MonkeyPatch, host: str) -> None:
    with pytest.raises(PigeonholeError, match="other machines"):
        check_address(host, ApiSettings())
    monkeypatch.setenv("PIGEONHOLE_API_ALLOW_REMOTE", "true")
    check_address(host, ApiSettings())


@pytest.mark.parametrize("token", ["", "short"])
def test_the_token_is_required_and_a_wrong_one_is_not_shown(monkeypatch: pytest.MonkeyPatch, token: str) -> None:
    monkeypatch.setenv("PIGEONHOLE_API_TOKEN", token)
    with pytest.raises(ValidationError) as caught:
        ApiSettings()
    sentence = describe_invalid_settings(caught.value)
    assert sentence.startswith("PIGEONHOLE_API_TOKEN: ")
    assert not token or token not in sentence


def test_without_any_way_to_sign_in_nothing_starts(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("PIGEONHOLE_API_TOKEN")
    with pytest.raises(ValidationError, match="PIGEONHOLE_API_SIGNING_KEY"):
        ApiSettings()
    monkeypatch.setenv("PIGEONHOLE_API_SIGNING_KEY", "b" * 20)
    with pytest.raises(PigeonholeError, match="sign in"):
        check_sign_in(ApiSettings(), OidcSettings())
    check_sign_in(ApiSettings(), OidcSettings(issuer="https://issuer.example"))


@pytest.mark.parametrize("algorithms", ["HS256", "RS256,HS512", "none", ",", "rs256"])
def test_only_asymmetric_signatures_can_be_accepted(algorithms: str) -> None:
    with pytest.raises(ValidationError, match="asymmetric"):
        OidcSettings(algorithms=algorithms)


def test_the_worker_has_as_many_hands_as_the_machine_has_processors() -> None:
    import os

    assert WorkerSettings().concurrency == (os.cpu_count() or 1)
    assert WorkerSettings(concurrency=3).concurrency == 3


def test_host_names_are_read_from_a_list(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PIGEONHOLE_API_ALLOWED_HOSTS", "Pigeonhole.example, 127.0.0.1,")
    assert ApiSettings().hosts == {"pigeonhole.example", "127.0.0.1"}


@pytest.mark.parametrize("name", ["", "documents", "shop/documents", "a.b-c", "0"])
def test_a_model_deployment_is_named_with_its_namespace_or_without(monkeypatch: pytest.MonkeyPatch, name: str) -> None:
    monkeypatch.setenv("PIGEONHOLE_API_MODEL_DEPLOYMENT", name)
    assert ApiSettings().model_deployment == name


@pytest.mark.parametrize("name", ["/", "a/b/c", "/documents", "shop/", "Documents", "a b", "-a", "documents/status?x"])
def test_what_is_no_name_of_a_model_deployment_keeps_the_api_from_starting(
    monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    monkeypatch.setenv("PIGEONHOLE_API_MODEL_DEPLOYMENT", name)
    with pytest.raises(ValidationError) as caught:
        ApiSettings()
    assert str(describe_invalid_settings(caught.value)).startswith("PIGEONHOLE_API_MODEL_DEPLOYMENT: ")
