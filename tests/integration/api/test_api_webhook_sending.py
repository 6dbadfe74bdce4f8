"""A letter goes to the address that was checked, under the certificate of its host, and never further."""

import ipaddress
import socket
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

import pytest

from pigeonhole.errors import PigeonholeError
from pigeonhole_api.webhooks.addresses import Address, read_networks
from pigeonhole_api.webhooks.outcomes import Outcome
from pigeonhole_api.webhooks.sending import Letter, Sender
from tests.integration.api.webhook_receiver import Authority, Receiver, SilentPort

pytestmark = pytest.mark.integration
HOST = "receiver.example"
LOOPBACK = read_networks("127.0.0.0/8,::1/128")


@pytest.fixture(scope="module")
def authority(tmp_path_factory: pytest.TempPathFactory) -> Authority:
    return Authority(tmp_path_factory.mktemp("authority"))


@pytest.fixture
def receiver(authority: Authority) -> Iterator[Receiver]:
    receiver = Receiver(authority.tls_context(HOST))
    yield receiver
    receiver.close()


@pytest.fixture
def deliver(authority: Authority) -> Callable[..., Outcome]:
    """Sends to a URL whose host has the given addresses, one list a look-up."""

    def deliver(
        url: str, *answers: Sequence[str], networks: str = "127.0.0.0/8,::1/128", seconds: float = 5, ca: str = ""
    ) -> Outcome:
        rest = iter(answers or (["127.0.0.1"],))

        def resolve(host: str, port: int) -> Sequence[Address]:
            return [ipaddress.ip_address(each) for each in next(rest)]

        ca_file = ca or str(authority.file)
        sender = Sender(read_networks(networks), seconds=seconds, ca_file=ca_file, resolve=resolve)
        return sender.send(Letter(url, {"Webhook-Id": "msg_1"}, b'{"a": 1}'))

    return deliver


def test_a_letter_arrives_as_it_was_written(receiver: Receiver, deliver: Callable[..., Outcome]) -> None:
    assert deliver(receiver.url(HOST, "/hook?a=%2F")) == Outcome(status=200)
    (request,) = receiver.requests
    assert (request.path, request.body) == ("/hook?a=%2F", b'{"a": 1}')
    assert request.headers["webhook-id"] == "msg_1"
    assert request.headers["host"] == f"{HOST}:{receiver.port}"


def test_the_host_is_looked_up_once_and_the_connection_goes_where_the_check_was(
    receiver: Receiver, deliver: Callable[..., Outcome]
) -> None:
    # The system knows no such host, and a second look at the one here would raise StopIteration.
    with pytest.raises(OSError, match=r"."):
        socket.getaddrinfo(HOST, receiver.port)
    assert deliver(receiver.url(HOST), ["127.0.0.1"]) == Outcome(status=200)


@pytest.mark.parametrize("addresses", [["127.0.0.1"], ["8.8.8.8", "127.0.0.1"], ["::ffff:127.0.0.1"], []])
def test_one_private_address_is_enough_to_send_nothing(
    receiver: Receiver, deliver: Callable[..., Outcome], addresses: list[str]
) -> None:
    assert deliver(receiver.url(HOST), addresses, networks="") == Outcome(reason="address-refused")
    assert receiver.connections == 0


def test_the_systems_own_names_for_this_machine_are_refused(receiver: Receiver, authority: Authority) -> None:
    sender = Sender([], seconds=5, ca_file=str(authority.file))
    for host in ("localhost", "127.1", "0x7f.1", "2130706433", "[::1]"):
        outcome = sender.send(Letter(receiver.url(host), {}, b"{}"))
        assert outcome == Outcome(reason="address-refused"), host
    assert receiver.connections == 0


def test_the_next_address_is_tried_when_nobody_listens_at_the_first(
    receiver: Receiver, deliver: Callable[..., Outcome]
) -> None:
    assert deliver(receiver.url(HOST), ["127.0.0.99", "::1", "127.0.0.1"]) == Outcome(status=200)


@pytest.mark.parametrize("names", [("other.example",), ("localhost", "127.0.0.1")])
def test_a_certificate_of_another_host_is_refused(
    authority: Authority, deliver: Callable[..., Outcome], names: tuple[str, ...]
) -> None:
    receiver = Receiver(authority.tls_context(*names))
    assert deliver(receiver.url(HOST)) == Outcome(reason="certificate-refused")
    assert receiver.connections == 1
    assert receiver.requests == []
    receiver.close()


def test_a_certificate_that_is_over_is_refused(authority: Authority, deliver: Callable[..., Outcome]) -> None:
    receiver = Receiver(authority.tls_context(HOST, days=-1))
    assert deliver(receiver.url(HOST)) == Outcome(reason="certificate-refused")
    assert receiver.requests == []
    receiver.close()


def test_a_certificate_of_an_unknown_authority_is_refused(
    receiver: Receiver, deliver: Callable[..., Outcome], tmp_path: Path
) -> None:
    stranger = Authority(tmp_path, "stranger")
    assert deliver(receiver.url(HOST), ca=str(stranger.file)) == Outcome(reason="certificate-refused")
    assert receiver.requests == []


def test_an_address_in_the_url_is_what_the_certificate_must_name(
    authority: Authority, deliver: Callable[..., Outcome], receiver: Receiver
) -> None:
    by_address = Receiver(authority.tls_context("127.0.0.1"))
    assert deliver(by_address.url("127.0.0.1")) == Outcome(status=200)
    assert deliver(receiver.url("127.0.0.1")) == Outcome(reason="certificate-refused")
    by_address.close()


def test_a_redirect_is_not_followed(receiver: Receiver, authority: Authority, deliver: Callable[..., Outcome]) -> None:
    elsewhere = Receiver(authority.tls_context(HOST))
    receiver.behave = lambda request: (307, {"Location": elsewhere.url(HOST)})
    assert deliver(receiver.url(HOST)) == Outcome(status=307)
    assert elsewhere.connections == 0
    elsewhere.close()


def test_no_proxy_of_the_environment_stands_between(
    receiver: Receiver, deliver: Callable[..., Outcome], monkeypatch: pytest.MonkeyPatch
) -> None:
    proxy = SilentPort()
    for name in ("HTTPS_PROXY", "https_proxy", "ALL_PROXY", "all_proxy"):
        monkeypatch.setenv(name, f"http://127.0.0.1:{proxy.port}")
    assert deliver(receiver.url(HOST)) == Outcome(status=200)
    assert not proxy.taken.is_set()
    proxy.close()


def test_a_receiver_that_says_nothing_is_given_up_in_time(deliver: Callable[..., Outcome]) -> None:
    silent = SilentPort()
    began = time.monotonic()
    outcome = deliver(f"https://{HOST}:{silent.port}/", seconds=0.5)
    assert outcome == Outcome(reason="timeout")
    assert time.monotonic() - began < 20
    silent.close()


def test_a_receiver_that_trickles_is_given_up_in_time(authority: Authority, deliver: Callable[..., Outcome]) -> None:
    context = authority.tls_context(HOST)
    listener = socket.create_server(("127.0.0.1", 0))

    def trickle() -> None:
        with context.wrap_socket(listener.accept()[0], server_side=True) as encrypted:
            try:
                for letter in b"HTTP/1.1 200 " + b"O" * 1000:
                    encrypted.send(bytes([letter]))
                    time.sleep(0.05)
            except OSError:
                pass

    thread = threading.Thread(target=trickle, daemon=True)
    thread.start()
    began = time.monotonic()
    outcome = deliver(f"https://{HOST}:{listener.getsockname()[1]}/", seconds=1)
    assert outcome == Outcome(reason="timeout")
    assert time.monotonic() - began < 20
    listener.close()
    thread.join(10)


def test_a_look_up_that_does_not_end_is_given_up_in_time(authority: Authority) -> None:
    ended = threading.Event()

    def resolve(host: str, port: int) -> Sequence[Address]:
        ended.wait(60)
        return []

    sender = Sender(LOOPBACK, seconds=0.3, ca_file=str(authority.file), resolve=resolve)
    began = time.monotonic()
    assert sender.send(Letter(f"https://{HOST}/", {}, b"{}")) == Outcome(reason="timeout")
    assert time.monotonic() - began < 20
    ended.set()


def test_a_long_answer_is_not_read(receiver: Receiver, deliver: Callable[..., Outcome]) -> None:
    receiver.behave = lambda request: (200, {"Content-Length": str(10**12)})
    assert deliver(receiver.url(HOST)) == Outcome(status=200)


def test_what_does_not_answer_has_a_reason(
    receiver: Receiver, authority: Authority, deliver: Callable[..., Outcome]
) -> None:
    receiver.close()
    assert deliver(receiver.url(HOST)) == Outcome(reason="unreachable")
    unknown = Sender(LOOPBACK, seconds=5, ca_file=str(authority.file))
    for host in (HOST, "a" * 70 + ".example"):
        assert unknown.send(Letter(f"https://{host}/", {}, b"{}")) == Outcome(reason="host-unknown")


def test_a_connection_that_breaks_is_told(authority: Authority, deliver: Callable[..., Outcome]) -> None:
    def break_off(request: object) -> tuple[int, dict[str, str]]:
        raise ConnectionAbortedError

    receiver = Receiver(authority.tls_context(HOST))
    receiver.behave = break_off
    assert deliver(receiver.url(HOST)) == Outcome(reason="broken-off")
    receiver.close()


@pytest.mark.parametrize("content", [None, "no certificates"])
def test_a_file_without_certificates_keeps_the_worker_from_starting(tmp_path: Path, content: str | None) -> None:
    file = tmp_path / "ca.pem"
    if content is not None:
        file.write_text(content)
    with pytest.raises(PigeonholeError, match="PIGEONHOLE_API_WEBHOOK_CA_FILE"):
        Sender([], seconds=1, ca_file=str(file))
