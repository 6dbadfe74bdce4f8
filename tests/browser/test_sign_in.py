"""A person signs in to the user app in Chromium, works under their own name, and signs out."""

import sys
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path

import httpx
import pytest
from playwright.sync_api import BrowserContext, Page, expect
from tests.integration.api.oidc_issuer import OidcIssuer

from pigeonhole_api.client import PlatformClient
from pigeonhole_frontends.app_launch import streamlit_arguments
from pigeonhole_frontends.laptop.child import ChildProcess, ProcessSpec
from pigeonhole_frontends.laptop.ports import any_free_port

pytestmark = pytest.mark.browser
START_SECONDS = 60


@dataclass(frozen=True)
class SignedIn:
    """A platform whose people sign in: the app's address, the API's, and the issuer."""

    app: str
    api: str
    issuer: OidcIssuer


@pytest.fixture(scope="module")
def issuer() -> Iterator[OidcIssuer]:
    issuer = OidcIssuer()
    yield issuer
    issuer.close()


@pytest.fixture(scope="module")
def platform(issuer: OidcIssuer, tmp_path_factory: pytest.TempPathFactory) -> Iterator[SignedIn]:
    home = tmp_path_factory.mktemp("signed-in")
    api_port, app_port = any_free_port(), any_free_port()
    found = SignedIn(f"http://127.0.0.1:{app_port}", f"http://127.0.0.1:{api_port}", issuer)
    secrets = home / "secrets.toml"
    secrets.write_text(
        f"""
        [auth]
        redirect_uri = "{found.app}/oauth2callback"
        cookie_secret = "a secret of this test alone"
        client_id = "pigeonhole-app"
        client_secret = "known to the issuer"
        server_metadata_url = "{issuer.url}/.well-known/openid-configuration"
        expose_tokens = ["access"]
        """
    )
    api = {
        "PIGEONHOLE_HOME": str(home),
        "PIGEONHOLE_OIDC_ISSUER": issuer.url,
        "PIGEONHOLE_API_SIGNING_KEY": "a key of this test alone, which is long enough",
    }
    app = {
        "PIGEONHOLE_APP_API_URL": found.api,
        "PIGEONHOLE_APP_SIGN_IN": "access",
        "STREAMLIT_SECRETS_FILES": str(secrets),
    }
    commands = (
        ("api", ["-m", "pigeonhole_api.serve", "--port", str(api_port)], api, f"{found.api}/readyz"),
        ("app", streamlit_arguments("user", port=app_port), app, f"{found.app}/_stcore/health"),
    )
    with ExitStack() as stack, httpx.Client(trust_env=False) as client:
        for name, command, environment, ready_url in commands:
            log = home / f"{name}.log"
            child = ChildProcess(ProcessSpec(name, [sys.executable, *command], log, environment, ready_url))
            stack.callback(child.wait, 30)
            stack.callback(child.ask_to_end)
            wait_until(lambda child=child: child.is_ready(client), log)
        yield found


def wait_until(condition: Callable[[], bool], log: Path) -> None:
    deadline = time.monotonic() + START_SECONDS
    while not condition():
        assert time.monotonic() < deadline, log.read_text()[-3000:]
        time.sleep(0.05)


@pytest.fixture
def page(browser_context: BrowserContext) -> Page:
    return browser_context.new_page()


def sign_in(page: Page, platform: SignedIn) -> None:
    page.goto(platform.app)
    page.get_by_role("button", name="Sign in").click()
    expect(page.get_by_text("Signed in as camille")).to_be_visible()


def test_nobody_sees_anything_before_they_have_signed_in(page: Page, platform: SignedIn) -> None:
    for path in ("", "/jobs", "/review"):
        page.goto(platform.app + path)
        expect(page.get_by_text("Sign in to see your documents.")).to_be_visible()
        expect(page.get_by_role("textbox")).to_have_count(0)


def test_what_a_person_sends_is_theirs_and_their_tenants(page: Page, platform: SignedIn) -> None:
    platform.issuer.person = {"tenant": "north", "groups": ["user"]}
    sign_in(page, platform)
    page.get_by_role("textbox", name="Reference").fill("camille's mail")
    letter = {"name": "letter.txt", "mimeType": "text/plain", "buffer": b"not a document, which is no matter here"}
    page.locator("input[type=file]").set_input_files([letter])
    expect(page.get_by_test_id("stFileChip")).to_have_count(1)
    page.get_by_role("button", name="Send").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Batch")
    with PlatformClient(platform.api, platform.issuer.token(tenant="north")) as client:
        (job,) = client.jobs().jobs
        assert (job.reference, job.created_by) == ("camille's mail", "camille")
    with PlatformClient(platform.api, platform.issuer.token()) as client:
        assert client.jobs().jobs == []


def test_signing_out_ends_what_can_be_seen(page: Page, platform: SignedIn) -> None:
    platform.issuer.person = {"groups": ["user"]}
    sign_in(page, platform)
    page.get_by_role("button", name="Sign out").click()
    expect(page.get_by_text("Sign in to see your documents.")).to_be_visible()
    page.goto(f"{platform.app}/jobs")
    expect(page.get_by_text("Sign in to see your documents.")).to_be_visible()


def test_a_sign_in_that_is_over_leads_to_the_way_in(page: Page, platform: SignedIn) -> None:
    platform.issuer.person = {"groups": ["user"]}
    platform.issuer.access = {"exp": int(time.time()) - 60}
    page.goto(platform.app)
    page.get_by_role("button", name="Sign in").click()
    expect(page.get_by_text("Your sign-in is over.")).to_be_visible()
    expect(page.get_by_role("textbox")).to_have_count(0)
    platform.issuer.access = {}
    page.get_by_role("button", name="Sign in").click()
    expect(page.get_by_text("Signed in as camille")).to_be_visible()


def test_a_person_without_rights_is_told_so(page: Page, platform: SignedIn) -> None:
    platform.issuer.person = {"groups": []}
    sign_in(page, platform)
    expect(page.get_by_text("You have no rights on this platform yet.")).to_be_visible()
