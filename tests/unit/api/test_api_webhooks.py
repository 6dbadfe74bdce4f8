"""Where webhooks may go, how they are signed, and what follows from an answer."""

import ipaddress
from contextlib import suppress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pigeonhole_api.webhooks.addresses import may_receive, read_networks
from pigeonhole_api.webhooks.outcomes import Again, Delivered, GivenUp, Gone, Outcome, RetryRules, what_follows
from pigeonhole_api.webhooks.receiver_urls import UnfitUrl, receiver_url
from pigeonhole_api.webhooks.signatures import key_sha256, shown_secret, sign, webhook_key

pytestmark = pytest.mark.unit
PUBLIC = [
    "8.8.8.8",
    "93.184.216.34",
    "223.255.255.254",
    "2606:4700:4700::1111",
    "2a00:1450:4007::5e",
    "::ffff:8.8.8.8",
    "64:ff9b::808:808",
    "2002:808:808::1",
]
REFUSED = [
    "0.0.0.0",
    "0.1.2.3",
    "10.0.0.1",
    "100.64.0.1",
    "100.127.255.254",
    "127.0.0.1",
    "127.255.255.254",
    "169.254.169.254",
    "172.16.0.1",
    "172.31.255.254",
    "192.0.0.1",
    "192.0.2.1",
    "192.168.1.1",
    "198.18.0.1",
    "198.51.100.1",
    "203.0.113.1",
    "224.0.0.1",
    "239.255.255.255",
    "240.0.0.1",
    "255.255.255.255",
    "::",
    "::1",
    "::127.0.0.1",
    "::ffff:10.0.0.1",
    "::ffff:127.0.0.1",
    "::ffff:169.254.169.254",
    "64:ff9b::7f00:1",
    "64:ff9b::a9fe:a9fe",
    "64:ff9b:1::a00:1",
    "100::1",
    "2001::1",
    "2001:db8::1",
    "2002:7f00:1::1",
    "2002:a9fe:a9fe::",
    "2002:c0a8:101::1",
    "fc00::1",
    "fd12:3456::1",
    "fe80::1",
    "fe80::1%eth0",
    "fec0::1",
    "ff02::1",
    "ff0e::1",
]


@pytest.mark.parametrize("address", PUBLIC)
def test_a_public_address_may_receive(address: str) -> None:
    assert may_receive(ipaddress.ip_address(address), [])


@pytest.mark.parametrize("address", REFUSED)
def test_any_other_address_may_not(address: str) -> None:
    assert not may_receive(ipaddress.ip_address(address), [])


@pytest.mark.parametrize("address", REFUSED)
@pytest.mark.parametrize("shape", ["::ffff:{}", "64:ff9b::{}"])
def test_a_wrapped_address_is_judged_by_what_is_within(address: str, shape: str) -> None:
    if ":" not in address:
        assert not may_receive(ipaddress.ip_address(shape.format(address)), [])


def test_a_network_that_is_named_may_receive_and_no_other() -> None:
    networks = read_networks("10.1.0.0/16, fd00:1::/32,")
    for address, allowed in (("10.1.2.3", True), ("10.2.0.1", False), ("fd00:1::5", True), ("fd00:2::5", False)):
        assert may_receive(ipaddress.ip_address(address), networks) is allowed
    assert may_receive(ipaddress.ip_address("::ffff:10.1.2.3"), networks)
    assert may_receive(ipaddress.ip_address("8.8.8.8"), networks)


@pytest.mark.parametrize("text", ["10.0.0.0/33", "example", "10.0.0.1/8", "10.0.0.0/8;"])
def test_what_is_no_network_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match=r"."):
        read_networks(text)


@pytest.mark.parametrize(
    ("text", "plain"),
    [
        ("https://receiver.example/in?tenant=a%20b", "https://receiver.example/in?tenant=a%20b"),
        ("HTTPS://Receiver.Example:8443/In", "https://receiver.example:8443/In"),
        ("https://bücher.example/ü", "https://xn--bcher-kva.example/%C3%BC"),
        ("https://8.8.8.8/", "https://8.8.8.8/"),
        ("https://[2606:4700::1111]:8443/", "https://[2606:4700::1111]:8443/"),
    ],
)
def test_a_fit_url_is_kept_in_its_plain_form(text: str, plain: str) -> None:
    assert receiver_url(text, []) == plain


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("http://receiver.example/", "https"),
        ("ftp://receiver.example/", "https"),
        ("receiver.example", "https"),
        ("", "https"),
        ("https://user@receiver.example/", "user"),
        ("https://user:pw@receiver.example/", "user"),
        ("https://receiver.example/#part", "fragment"),
        ("https://receiver.example/#", "fragment"),
        ("https:///path", "host"),
        ("https://a b.example/", "host"),
        ("https://receiver.example\\@127.0.0.1/", "host|user"),
        ("https://receiver.example:0/", "port"),
        ("https://receiver.example:99999/", "port"),
        ("https://receiver.example:x/", "URL"),
        ("https://receiver.example/\n", "URL"),
        ("https://127.0.0.1/", "public"),
        ("https://169.254.169.254/latest/meta-data", "public"),
        ("https://[::1]/", "public"),
        ("https://[::ffff:10.0.0.1]/", "public"),
        (f"https://receiver.example/{'a' * 2000}", "characters"),
    ],
)
def test_an_unfit_url_is_refused(text: str, sentence: str) -> None:
    with pytest.raises(UnfitUrl, match=sentence):
        receiver_url(text, [])


@given(st.one_of(st.text(), st.text().map("https://{}".format)))
def test_any_text_is_a_url_of_https_or_refused(text: str) -> None:
    with suppress(UnfitUrl):
        assert receiver_url(text, []).startswith("https://")


def test_an_address_of_a_named_network_may_be_a_url() -> None:
    assert receiver_url("https://127.0.0.1:9/", read_networks("127.0.0.0/8")) == "https://127.0.0.1:9/"


def test_a_signature_is_that_of_standard_webhooks() -> None:
    import base64

    key = base64.b64decode("MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw")
    signature = sign(key, "msg_p5jXN8AQM9LWM0D4loKWxJek", 1614265330, b'{"test": 2432232314}')
    assert signature == "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE="
    assert shown_secret(key) == "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"


def test_a_key_is_of_its_webhook_and_its_platform_alone() -> None:
    keys = [webhook_key(*each) for each in (("s" * 16, "whk_1"), ("s" * 16, "whk_2"), ("t" * 16, "whk_1"))]
    assert len(set(keys)) == len({key_sha256(key) for key in keys}) == 3
    assert webhook_key("s" * 16, "whk_1") == keys[0]
    assert {len(key) for key in keys} == {32}


RULES = RetryRules(attempts=12, first_seconds=5, longest_seconds=21_600)


@pytest.mark.parametrize("status", [200, 201, 202, 204, 299])
def test_success_is_any_2xx(status: int) -> None:
    assert what_follows(Outcome(status=status), 12, RULES, 0.5) == Delivered()


@pytest.mark.parametrize(
    "outcome", [*(Outcome(status=each) for each in (101, 301, 302, 307, 400, 401, 404, 429, 500, 503)), Outcome()]
)
def test_anything_else_is_tried_again_up_to_the_last_attempt(outcome: Outcome) -> None:
    assert isinstance(what_follows(outcome, 11, RULES, 0.5), Again)
    assert what_follows(outcome, 12, RULES, 0.5) == GivenUp()


def test_a_receiver_that_is_gone_is_gone_at_once() -> None:
    assert what_follows(Outcome(status=410), 1, RULES, 0.5) == Gone()


def test_pauses_grow_to_the_longest_and_last_about_a_day() -> None:
    pauses = [RULES.pause(attempt, 0.5) for attempt in range(1, 12)]
    assert pauses[:4] == [5, 15, 45, 135]
    assert pauses[-1] == 21_600
    assert pauses == sorted(pauses)
    assert 20 * 3600 < sum(pauses) < 24 * 3600
    assert RULES.pause(10_000, 0.5) == 21_600


@given(st.integers(1, 60), st.floats(0, 1))
def test_chance_changes_a_pause_by_a_quarter_at_most(attempt: int, chance: float) -> None:
    plain = RULES.pause(attempt, 0.5)
    assert 0.75 * plain <= RULES.pause(attempt, chance) <= 1.25 * plain
