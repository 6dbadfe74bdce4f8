"""The routing file: its content, and what a changed, broken or missing one does."""

import os
from pathlib import Path

import pytest

from pigeonhole_serving.routing import RoutingInvalid, parse_routing, routing_to
from pigeonhole_serving.routing_file import RoutingFile

pytestmark = pytest.mark.unit
FIRST = b'{"stable": {"host": "127.0.0.1:9001", "version": "3"}, "candidate": null}'
OTHER = b'{"stable": {"host": "127.0.0.1:9002", "version": "4"}, "candidate": null}'


def host(routing: RoutingFile) -> str | None:
    current = routing.current()
    return current.stable.host if current else None


def test_the_stable_route_is_read_and_a_candidate_is_left_alone() -> None:
    content = b'{"stable": {"host": "a.b", "version": "3"}, "candidate": {"host": "c", "version": "4", "weight": 5}}'
    routing = parse_routing(content)
    assert (routing.stable.host, routing.stable.version) == ("a.b", "3")


@pytest.mark.parametrize("name", ["predictor", "predictor.ns.svc.cluster.local", "10.0.0.1:80", "[::1]:8080"])
def test_a_host_with_or_without_a_port_is_accepted(name: str) -> None:
    assert routing_to(name).stable.host == name


@pytest.mark.parametrize("name", ["", "http://a", "a/b", "a b", "a:port", "user@a", "a\n", "-a", "a?x"])
def test_anything_else_is_no_host(name: str) -> None:
    with pytest.raises(RoutingInvalid):
        routing_to(name)


@pytest.mark.parametrize(
    ("content", "field"),
    [
        (b"", "the file"),
        (b"{", "the file"),
        (b"[]", "the file"),
        (b"{}", "stable"),
        (b'{"stable": null}', "stable"),
        (b'{"stable": {}}', "stable.host"),
        (b'{"stable": {"host": "a", "version": 3}}', "stable.version"),
    ],
)
def test_a_broken_file_names_the_field(content: bytes, field: str) -> None:
    with pytest.raises(RoutingInvalid, match=f"^{field}: ") as raised:
        parse_routing(content)
    assert raised.value.code == "routing-invalid"


def test_the_fallback_is_in_force_until_there_is_a_file(tmp_path: Path) -> None:
    path = tmp_path / "routing.json"
    routing = RoutingFile(path, routing_to("fallback"))
    assert host(routing) == "fallback"
    path.write_bytes(FIRST)
    assert host(routing) == "127.0.0.1:9001"


def test_without_file_and_fallback_there_is_no_routing(tmp_path: Path) -> None:
    assert RoutingFile(tmp_path / "routing.json", None).current() is None
    assert RoutingFile(None, None).current() is None


def test_a_change_counts_at_once(tmp_path: Path) -> None:
    path = tmp_path / "routing.json"
    path.write_bytes(FIRST)
    routing = RoutingFile(path, None)
    assert host(routing) == "127.0.0.1:9001"
    path.write_bytes(OTHER + b" ")
    assert host(routing) == "127.0.0.1:9002"


def test_a_configmap_s_swapped_link_counts_as_a_change(tmp_path: Path) -> None:
    for name, content in (("v1", FIRST), ("v2", OTHER)):
        (tmp_path / name).mkdir()
        (tmp_path / name / "routing.json").write_bytes(content)
        os.utime(tmp_path / name / "routing.json", (1, 1))
    (tmp_path / "data").symlink_to("v1")
    routing = RoutingFile(tmp_path / "data" / "routing.json", None)
    assert host(routing) == "127.0.0.1:9001"
    (tmp_path / "next").symlink_to("v2")
    (tmp_path / "next").replace(tmp_path / "data")
    assert host(routing) == "127.0.0.1:9002"


@pytest.mark.parametrize("content", [b"", b"{", b'{"stable": {"host": "http://x"}}'])
def test_a_broken_file_keeps_the_last_good_routing(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "routing.json"
    path.write_bytes(FIRST)
    routing = RoutingFile(path, routing_to("fallback"))
    routing.current()
    path.write_bytes(content)
    assert host(routing) == "127.0.0.1:9001"
    path.unlink()
    assert host(routing) == "127.0.0.1:9001"
