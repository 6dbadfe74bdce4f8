"""Webhooks of a running platform: told once a job has ended, to the receiver alone, until it has listened."""

import base64
import hashlib
import hmac
import json
import re
import signal
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest
from sqlalchemy import select, update

from pigeonhole_api.auth.api_keys import new_api_key
from pigeonhole_api.auth.callers import Caller, Role
from pigeonhole_api.client import ApiError, PlatformClient
from pigeonhole_api.database import Database
from pigeonhole_api.database.tables import webhook_deliveries
from pigeonhole_api.models import ApiKeyRequest, Delivery, NewWebhook
from pigeonhole_api.records.api_keys import insert_api_key
from pigeonhole_frontends.laptop.ports import any_free_port
from tests.integration.api.webhook_receiver import Authority, Receiver, Request, SilentPort

pytestmark = pytest.mark.integration
Pictures = Callable[[int], list[tuple[str, bytes]]]
Refused = Callable[[Callable[[], Any]], ApiError]
ATTEMPTS = 3


def settings(authority: Authority, **changes: str) -> dict[str, str]:
    return {
        "PIGEONHOLE_API_WEBHOOK_NETWORKS": "127.0.0.0/8,::1/128",
        "PIGEONHOLE_API_WEBHOOK_CA_FILE": str(authority.file),
        # A machine that has much to do holds up an answer for seconds, which must not cost an attempt.
        "PIGEONHOLE_API_WEBHOOK_TIMEOUT_SECONDS": "20",
        "PIGEONHOLE_API_WEBHOOK_ATTEMPTS": str(ATTEMPTS),
        "PIGEONHOLE_API_WEBHOOK_FIRST_PAUSE_SECONDS": "0.2",
        "PIGEONHOLE_API_WEBHOOK_LONGEST_PAUSE_SECONDS": "0.4",
        **changes,
    }


def answering(status: int, gate: threading.Event) -> Callable[[Request], tuple[int, dict[str, str]]]:
    """Return what a receiver does that answers once a gate is open."""

    def behave(request: Request) -> tuple[int, dict[str, str]]:
        gate.wait(60)
        return status, {}

    return behave


@pytest.fixture(scope="module")
def authority(tmp_path_factory: pytest.TempPathFactory) -> Authority:
    return Authority(tmp_path_factory.mktemp("authority"))


@pytest.fixture(scope="module")
def running(module_installation: Callable[..., Any], authority: Authority) -> Any:
    """A platform with API and worker that may send to this machine."""
    installation = module_installation(**settings(authority))
    installation.start_api()
    installation.metrics_port = any_free_port()
    installation.start_worker(PIGEONHOLE_API_METRICS_PORT=str(installation.metrics_port))
    return installation


@pytest.fixture
def receiver(authority: Authority) -> Iterator[Receiver]:
    receiver = Receiver(authority.tls_context("localhost", "127.0.0.1"))
    yield receiver
    receiver.close()


@pytest.fixture
def webhook(running: Any, receiver: Receiver) -> Iterator[NewWebhook]:
    webhook = running.client.create_webhook(receiver.url())
    yield webhook
    delete_if_there(running.client, webhook.id)


def delete_if_there(client: PlatformClient, webhook_id: str) -> None:
    if webhook_id in {each.id for each in client.webhooks().webhooks}:
        client.delete_webhook(webhook_id)


def only_delivery(client: PlatformClient, webhook_id: str) -> Delivery:
    (delivery,) = client.webhook_deliveries(webhook_id).deliveries
    return delivery


def ended(client: PlatformClient, webhook_id: str, wait_until: Any) -> Delivery:
    """The webhook's one delivery, when nothing more becomes of it."""
    wait_until(lambda: only_delivery(client, webhook_id).finished_at, "the delivery's end", 30)
    return only_delivery(client, webhook_id)


def is_genuine(request: Request, secret: str) -> bool:
    """Checked by the words of the specification, without a line of the platform's code."""
    assert secret.startswith("whsec_")
    key = base64.b64decode(secret[6:], validate=True)
    assert len(key) >= 24
    block = key.ljust(64, b"\0")
    content = f"{request.headers['webhook-id']}.{request.headers['webhook-timestamp']}.".encode() + request.body
    inner = hashlib.sha256(bytes(byte ^ 0x36 for byte in block) + content).digest()
    outer = hashlib.sha256(bytes(byte ^ 0x5C for byte in block) + inner).digest()
    return request.headers["webhook-signature"] == "v1," + base64.b64encode(outer).decode()


def test_a_job_that_has_ended_is_told_once_and_signed(
    installation_on_either: Any,
    authority: Authority,
    receiver: Receiver,
    pictures: Pictures,
    wait_until: Any,
    reference: str,
) -> None:
    installation = installation_on_either
    installation.environment |= settings(authority)
    installation.start_api()
    client = installation.client
    webhook = client.create_webhook(receiver.url(path="/hook?key=1"))
    other = client.create_webhook(receiver.url(path="/other"))
    installation.start_worker()
    (name, _), *_ = files = pictures(3)

    job = client.wait(client.submit_job(reference, files).id, timeout=60)

    for each in (webhook, other):
        delivery = ended(client, each.id, wait_until)
        assert (delivery.state, delivery.status, delivery.attempts) == ("delivered", 200, 1)
        assert (delivery.event, delivery.resource, delivery.reason) == ("job.finished", job.id, None)
    assert len(receiver.requests) == 2
    (request,) = [each for each in receiver.requests if each.path == "/hook?key=1"]
    assert is_genuine(request, webhook.secret)
    assert not is_genuine(request, other.secret)
    assert request.headers["content-type"] == "application/json"
    assert request.headers["webhook-id"] == only_delivery(client, webhook.id).id
    assert abs(int(request.headers["webhook-timestamp"]) - time.time()) < 60
    assert name.encode() not in request.body
    told = json.loads(request.body)
    assert told["type"] == "job.finished"
    data = told["data"]
    shown = installation.call("GET", f"/v1/jobs/{job.id}").json()
    assert data == {
        "job_id": job.id,
        **{key: shown[key] for key in ("reference", "state", "counts", "model_version", "created_at", "finished_at")},
    }
    assert (data["state"], data["counts"]["total"], data["model_version"]) == ("succeeded", 3, "7")
    log = installation.log("work")
    assert only_delivery(client, webhook.id).id in log
    assert str(receiver.port) not in log
    with_payload = select(webhook_deliveries.c.id).where(webhook_deliveries.c.payload.is_not(None))
    database = Database(installation.environment["PIGEONHOLE_API_DATABASE_URL"])
    with database.read() as connection:
        assert connection.execute(with_payload).all() == []
    database.close()


def test_a_receiver_that_was_down_is_told_when_it_is_up(
    installation_on_either: Any, authority: Authority, wait_until: Any, receiver: Receiver
) -> None:
    installation = installation_on_either
    installation.environment |= settings(authority, PIGEONHOLE_API_WEBHOOK_ATTEMPTS="50")
    installation.start_api()
    installation.start_worker()
    receiver.close()
    webhook = installation.client.create_webhook(receiver.url())
    installation.client.ping_webhook(webhook.id)
    wait_until(lambda: only_delivery(installation.client, webhook.id).attempts >= 2, "two attempts")
    waiting = only_delivery(installation.client, webhook.id)
    assert (waiting.reason, waiting.status, waiting.finished_at) == ("unreachable", None, None)

    back = Receiver(authority.tls_context("localhost"), receiver.port)

    delivery = ended(installation.client, webhook.id, wait_until)
    assert (delivery.state, delivery.status, delivery.reason) == ("delivered", 200, None)
    (request,) = back.requests
    assert is_genuine(request, webhook.secret)
    assert json.loads(request.body)["data"] == {"webhook_id": webhook.id}
    back.close()


def test_a_worker_that_is_killed_before_it_sent_anything_loses_nothing(
    installation_on_either: Any, authority: Authority, wait_until: Any, kill: Any
) -> None:
    installation = installation_on_either
    installation.environment |= settings(authority, PIGEONHOLE_API_WEBHOOK_TIMEOUT_SECONDS="3")
    installation.start_api()
    client = installation.client
    silent = SilentPort()
    webhook = client.create_webhook(f"https://localhost:{silent.port}/hook")
    client.ping_webhook(webhook.id)
    worker = installation.start_worker()
    assert silent.taken.wait(30)
    kill(worker)
    silent.close()
    taken = only_delivery(client, webhook.id)
    assert (taken.state, taken.attempts) == ("leased", 1)

    receiver = Receiver(authority.tls_context("localhost"), silent.port)
    installation.start_worker(PIGEONHOLE_API_WEBHOOK_TIMEOUT_SECONDS="20")

    delivery = ended(client, webhook.id, wait_until)
    assert (delivery.state, delivery.attempts) == ("delivered", 2)
    assert len(receiver.requests) == 1
    receiver.close()


def test_a_repetition_has_the_same_id_and_body_and_a_fresh_signature(
    running: Any, receiver: Receiver, webhook: NewWebhook, wait_until: Any
) -> None:
    receiver.behave = lambda request: (503 if len(receiver.requests) < 3 else 204, {})
    running.client.ping_webhook(webhook.id)
    delivery = ended(running.client, webhook.id, wait_until)
    assert (delivery.state, delivery.status, delivery.attempts) == ("delivered", 204, 3)
    assert {request.headers["webhook-id"] for request in receiver.requests} == {delivery.id}
    assert len({request.body for request in receiver.requests}) == 1
    assert all(is_genuine(request, webhook.secret) for request in receiver.requests)


def test_a_receiver_that_always_fails_is_given_up_after_the_last_attempt(
    running: Any, receiver: Receiver, webhook: NewWebhook, wait_until: Any
) -> None:
    receiver.behave = lambda request: (500, {})
    running.client.ping_webhook(webhook.id)
    delivery = ended(running.client, webhook.id, wait_until)
    assert (delivery.state, delivery.status, delivery.attempts) == ("failed", 500, ATTEMPTS)
    time.sleep(1)
    assert len(receiver.requests) == ATTEMPTS


def test_a_receiver_that_is_gone_is_told_nothing_more(
    running: Any, receiver: Receiver, webhook: NewWebhook, wait_until: Any, refused: Refused
) -> None:
    gate = threading.Event()
    receiver.behave = answering(410, gate)
    first = running.client.ping_webhook(webhook.id)
    wait_until(lambda: receiver.requests, "the first ping")
    second = running.client.ping_webhook(webhook.id)
    gate.set()

    def states() -> dict[str, str]:
        return {each.id: each.state for each in running.client.webhook_deliveries(webhook.id).deliveries}

    wait_until(lambda: states() == {first.id: "failed", second.id: "cancelled"}, "the end of both")
    (shown,) = [each for each in running.client.webhooks().webhooks if each.id == webhook.id]
    assert shown.disabled_at is not None
    assert refused(lambda: running.client.ping_webhook(webhook.id)).code == "webhook-disabled"
    events = {each.action for each in running.client.audit_events().events if each.resource == webhook.id}
    assert events == {"webhook.created", "webhook.tested", "webhook.disabled"}
    time.sleep(1)
    assert len(receiver.requests) == 1


def test_a_receiver_that_is_slow_is_tried_again(
    installation: Any, authority: Authority, receiver: Receiver, wait_until: Any
) -> None:
    installation.environment |= settings(
        authority, PIGEONHOLE_API_WEBHOOK_TIMEOUT_SECONDS="1", PIGEONHOLE_API_WEBHOOK_ATTEMPTS="50"
    )
    installation.start_api()
    installation.start_worker()
    awake = threading.Event()
    receiver.behave = answering(200, awake)
    webhook = installation.client.create_webhook(receiver.url())
    installation.client.ping_webhook(webhook.id)
    wait_until(lambda: only_delivery(installation.client, webhook.id).reason == "timeout", "the timeout")
    awake.set()
    delivery = ended(installation.client, webhook.id, wait_until)
    assert (delivery.state, delivery.status, delivery.reason) == ("delivered", 200, None)
    assert delivery.attempts >= 2


def test_a_redirect_is_a_failure(
    running: Any, receiver: Receiver, authority: Authority, webhook: NewWebhook, wait_until: Any
) -> None:
    elsewhere = Receiver(authority.tls_context("localhost"))
    receiver.behave = lambda request: (302, {"Location": elsewhere.url()})
    running.client.ping_webhook(webhook.id)
    delivery = ended(running.client, webhook.id, wait_until)
    assert (delivery.state, delivery.status) == ("failed", 302)
    assert elsewhere.connections == 0
    elsewhere.close()


def test_a_wrong_certificate_is_refused(running: Any, authority: Authority, wait_until: Any) -> None:
    receiver = Receiver(authority.tls_context("other.example"))
    webhook = running.client.create_webhook(receiver.url())
    running.client.ping_webhook(webhook.id)
    delivery = ended(running.client, webhook.id, wait_until)
    assert (delivery.state, delivery.status, delivery.reason) == ("failed", None, "certificate-refused")
    assert receiver.requests == []
    running.client.delete_webhook(webhook.id)
    receiver.close()


def test_private_addresses_are_refused_unless_they_are_named(
    installation: Any, authority: Authority, receiver: Receiver, wait_until: Any, refused: Refused
) -> None:
    installation.environment |= settings(authority, PIGEONHOLE_API_WEBHOOK_NETWORKS="")
    installation.start_api()
    installation.start_worker()
    for host in ("127.0.0.1", "[::1]", "10.0.0.1", "169.254.169.254", "[::ffff:127.0.0.1]"):
        refusal = refused(lambda: installation.client.create_webhook(f"https://{host}/"))  # noqa: B023
        assert (refusal.status, refusal.code, refusal.errors[0].field) == (422, "webhook-url-invalid", "body.url")
    # Names are looked up when something is sent: what they lead to may change at any time.
    for host in ("localhost", "127.1"):
        webhook = installation.client.create_webhook(receiver.url(host))
        installation.client.ping_webhook(webhook.id)
        delivery = ended(installation.client, webhook.id, wait_until)
        assert (delivery.state, delivery.reason) == ("failed", "address-refused")
    assert receiver.connections == 0


def test_who_has_a_dead_receiver_holds_up_nobody_else(
    installation: Any, authority: Authority, receiver: Receiver, wait_until: Any
) -> None:
    installation.environment |= settings(
        authority, PIGEONHOLE_API_WEBHOOK_TIMEOUT_SECONDS="20", PIGEONHOLE_API_WEBHOOK_CONCURRENCY="2"
    )
    installation.start_api()
    silent = SilentPort()
    dead = installation.client.create_webhook(f"https://localhost:{silent.port}/")
    for _ in range(5):
        installation.client.ping_webhook(dead.id)
    with client_of(installation, "other") as other:
        webhook = other.create_webhook(receiver.url())
        other.ping_webhook(webhook.id)
        installation.start_worker()
        assert silent.taken.wait(30)
        wait_until(lambda: receiver.requests, "the other tenant's ping", 15)
    assert {each.state for each in installation.client.webhook_deliveries(dead.id).deliveries} == {"leased", "queued"}
    silent.close()


def client_of(installation: Any, tenant: str, role: Role = Role.ADMIN) -> PlatformClient:
    """A client with an API key of a tenant's own."""
    database = Database(
        installation.environment.get("PIGEONHOLE_API_DATABASE_URL", f"sqlite:///{installation.home}/platform.db")
    )
    key = new_api_key()
    with database.write() as connection:
        insert_api_key(connection, key, ApiKeyRequest(name="m", roles=[role], days=1), Caller("m", tenant=tenant))
    database.close()
    return PlatformClient(installation.url, str(key))


def test_another_tenant_sees_and_hears_nothing(
    running: Any, receiver: Receiver, webhook: NewWebhook, pictures: Pictures, refused: Refused, reference: str
) -> None:
    with client_of(running, "other") as other:
        assert other.webhooks().webhooks == []
        for action in (other.webhook_deliveries, other.ping_webhook, other.delete_webhook):
            refusal = refused(lambda: action(webhook.id))  # noqa: B023
            assert (refusal.status, refusal.code) == (404, "webhook-missing")
        job = other.submit_job(reference, pictures(1))
        assert other.wait(job.id, timeout=30).finished_at
    time.sleep(0.5)
    assert receiver.requests == []
    assert running.client.webhook_deliveries(webhook.id).deliveries == []
    assert webhook.id in {each.id for each in running.client.webhooks().webhooks}


@pytest.mark.parametrize("role", [Role.USER, Role.REVIEWER, Role.OPS])
def test_only_admins_keep_webhooks(running: Any, webhook: NewWebhook, refused: Refused, role: Role) -> None:
    with client_of(running, "default", role) as someone:
        for action in (
            someone.webhooks,
            lambda: someone.create_webhook("https://receiver.example/"),
            lambda: someone.webhook_deliveries(webhook.id),
            lambda: someone.ping_webhook(webhook.id),
            lambda: someone.delete_webhook(webhook.id),
        ):
            assert refused(action).code == "forbidden"


def test_a_secret_is_shown_once_and_kept_nowhere(running: Any, webhook: NewWebhook, receiver: Receiver) -> None:
    listed = running.call("GET", "/v1/webhooks").text
    assert webhook.id in listed
    assert "whsec_" not in listed
    key = base64.b64decode(webhook.secret.removeprefix("whsec_"))
    for file in running.home.glob("platform.db*"):
        content = file.read_bytes()
        for shape in (webhook.secret.encode(), webhook.secret[6:].encode(), key, key.hex().encode()):
            assert shape not in content
    for process in ("serve", "work"):
        text = (running.home / f"{process}.log").read_text()
        assert webhook.secret[6:] not in text
        assert webhook.url not in text
    events = running.call("GET", "/v1/audit-events").text
    assert webhook.id in events
    assert str(receiver.port) not in events


def test_deleting_a_webhook_cancels_what_waits(
    running: Any, receiver: Receiver, webhook: NewWebhook, wait_until: Any, refused: Refused
) -> None:
    gate = threading.Event()
    receiver.behave = answering(500, gate)
    under_way = running.client.ping_webhook(webhook.id)
    wait_until(lambda: receiver.requests, "the first attempt")
    waiting = running.client.ping_webhook(webhook.id)
    running.client.delete_webhook(webhook.id)

    database = Database(f"sqlite:///{running.home}/platform.db")
    own = select(webhook_deliveries).where(webhook_deliveries.c.webhook_id == webhook.id)

    def states() -> dict[str, str]:
        with database.read() as connection:
            return {row.id: row.state for row in connection.execute(own)}

    assert states() == {under_way.id: "leased", waiting.id: "cancelled"}
    # The webhook is gone before the answer is there, so that no other attempt can follow.
    gate.set()
    wait_until(lambda: set(states().values()) == {"cancelled"}, "the cancellation")
    database.close()
    assert refused(lambda: running.client.webhook_deliveries(webhook.id)).code == "webhook-missing"
    assert refused(lambda: running.client.delete_webhook(webhook.id)).code == "webhook-missing"
    time.sleep(1)
    assert len(receiver.requests) == 1


def test_lists_come_in_pages(running: Any, receiver: Receiver, webhook: NewWebhook) -> None:
    second = running.client.create_webhook(receiver.url())
    page = running.client.webhooks(page_size=1)
    assert [each.id for each in page.webhooks] == [second.id]
    page = running.client.webhooks(page_size=1, page_token=page.next_page_token)
    assert [each.id for each in page.webhooks] == [webhook.id]
    running.client.delete_webhook(second.id)
    pings = [running.client.ping_webhook(webhook.id).id for _ in range(3)]
    page = running.client.webhook_deliveries(webhook.id, page_size=2)
    assert [each.id for each in page.deliveries] == pings[:0:-1]
    page = running.client.webhook_deliveries(webhook.id, page_size=2, page_token=page.next_page_token)
    assert [each.id for each in page.deliveries] == pings[:1]
    assert page.next_page_token is None


def test_a_tenant_has_so_many_webhooks_and_no_more(
    installation: Any, receiver: Receiver, authority: Authority, refused: Refused
) -> None:
    installation.environment |= settings(authority, PIGEONHOLE_API_WEBHOOKS_PER_TENANT="2")
    installation.start_api()
    first, _ = (installation.client.create_webhook(receiver.url()) for _ in range(2))
    refusal = refused(lambda: installation.client.create_webhook(receiver.url()))
    assert (refusal.status, refusal.code) == (409, "too-many-webhooks")
    installation.client.delete_webhook(first.id)
    installation.client.create_webhook(receiver.url())


@pytest.mark.parametrize("events", [[], ["ping"], ["job.started"]])
def test_an_event_that_is_not_offered_is_refused(running: Any, refused: Refused, events: list[str]) -> None:
    refusal = refused(lambda: running.client.create_webhook("https://receiver.example/", events))
    assert (refusal.status, refusal.code) == (422, "invalid-request")


def test_without_the_platforms_secret_deliveries_wait_and_the_log_says_so(
    installation: Any, authority: Authority, receiver: Receiver, wait_until: Any
) -> None:
    installation.environment |= settings(authority)
    installation.start_api()
    webhook = installation.client.create_webhook(receiver.url())
    installation.client.ping_webhook(webhook.id)
    secret = installation.environment.pop("PIGEONHOLE_API_TOKEN")
    worker = installation.start_worker()
    wait_until(lambda: "webhooks_wait" in installation.log("work"), "the warning")
    assert only_delivery(installation.client, webhook.id).state == "queued"
    metrics = installation.call("GET", "/metrics").text
    assert 'pigeonhole_queue_depth{queue="webhooks"} 1.0' in metrics
    age = re.search(r'pigeonhole_queue_oldest_job_age_seconds\{queue="webhooks"\} (.+)', metrics)
    assert age is not None
    assert float(age[1]) > 0
    worker.terminate()
    assert worker.wait(30) == 0

    other = installation.start_worker(PIGEONHOLE_API_SIGNING_KEY="another secret than the API's")
    wait_until(lambda: only_delivery(installation.client, webhook.id).reason == "secret-changed", "the first attempt")
    assert receiver.connections == 0
    other.terminate()
    assert other.wait(30) == 0
    installation.start_worker(PIGEONHOLE_API_TOKEN=secret)
    assert ended(installation.client, webhook.id, wait_until).state == "delivered"


def test_a_worker_that_is_told_to_end_finishes_what_it_is_sending(
    installation: Any, authority: Authority, receiver: Receiver, wait_until: Any
) -> None:
    installation.environment |= settings(authority, PIGEONHOLE_API_WEBHOOK_TIMEOUT_SECONDS="20")
    installation.start_api()
    worker = installation.start_worker()
    begun, gate = threading.Event(), threading.Event()

    def behave(request: Request) -> tuple[int, dict[str, str]]:
        begun.set()
        gate.wait(60)
        return 200, {}

    receiver.behave = behave
    webhook = installation.client.create_webhook(receiver.url())
    first = installation.client.ping_webhook(webhook.id)
    second = installation.client.ping_webhook(webhook.id)
    assert begun.wait(60)
    worker.send_signal(signal.SIGTERM)
    # Nothing tells that the signal has been seen.
    time.sleep(3)
    gate.set()
    assert worker.wait(30) == 0
    states = {each.id: each.state for each in installation.client.webhook_deliveries(webhook.id).deliveries}
    assert states == {first.id: "delivered", second.id: "queued"}


def test_attempts_are_counted_by_their_result(
    running: Any, receiver: Receiver, webhook: NewWebhook, wait_until: Any
) -> None:
    running.client.ping_webhook(webhook.id)
    ended(running.client, webhook.id, wait_until)
    receiver.behave = lambda request: (410, {})
    running.client.ping_webhook(webhook.id)

    def counted(result: str) -> bool:
        text = httpx.get(f"http://127.0.0.1:{running.metrics_port}/metrics").text
        return f'pigeonhole_webhook_attempts_total{{result="{result}"}}' in text

    for result in ("delivered", "gone"):
        wait_until(lambda: counted(result), result)  # noqa: B023


def test_what_ended_long_ago_is_forgotten(
    installation: Any, authority: Authority, receiver: Receiver, wait_until: Any, tmp_path: Path
) -> None:
    installation.environment |= settings(
        authority, PIGEONHOLE_API_WEBHOOK_KEPT_DAYS="1", PIGEONHOLE_API_REAP_SECONDS="0.1"
    )
    installation.start_api()
    installation.start_worker()
    client = installation.client
    webhook = client.create_webhook(receiver.url())
    old = client.ping_webhook(webhook.id)
    ended(client, webhook.id, wait_until)
    recent = client.ping_webhook(webhook.id)
    wait_until(lambda: len(receiver.requests) == 2, "both pings")
    database = Database(f"sqlite:///{tmp_path}/platform.db")
    with database.write() as connection:
        earlier = webhook_deliveries.c.finished_at - 90_000
        connection.execute(
            update(webhook_deliveries).where(webhook_deliveries.c.id == old.id).values(finished_at=earlier)
        )
    database.close()
    wait_until(lambda: len(client.webhook_deliveries(webhook.id).deliveries) == 1, "the old one to go")
    assert only_delivery(client, webhook.id).id == recent.id


def test_the_receiver_of_the_documentation_knows_what_is_genuine(
    running: Any, receiver: Receiver, webhook: NewWebhook, wait_until: Any
) -> None:
    text = (Path(__file__).parents[3] / "docs" / "api.md").read_text(encoding="utf-8")
    (snippet,) = [block for block in re.findall(r"```python\n(.*?)```", text, re.DOTALL) if "def is_genuine" in block]
    printed: dict[str, Any] = {}
    exec(snippet, printed)
    running.client.ping_webhook(webhook.id)
    ended(running.client, webhook.id, wait_until)
    (request,) = receiver.requests
    check = printed["is_genuine"]
    assert check(webhook.secret, request.headers, request.body)
    assert not check(webhook.secret, request.headers, request.body + b" ")
    assert not check("whsec_" + base64.b64encode(b"0" * 32).decode(), request.headers, request.body)
    earlier = {**request.headers, "webhook-timestamp": str(int(request.headers["webhook-timestamp"]) - 600)}
    key = base64.b64decode(webhook.secret[6:])
    content = f"{earlier['webhook-id']}.{earlier['webhook-timestamp']}.".encode() + request.body
    signature = base64.b64encode(hmac.new(key, content, hashlib.sha256).digest()).decode()
    assert not check(webhook.secret, {**earlier, "webhook-signature": f"v1,{signature}"}, request.body)
