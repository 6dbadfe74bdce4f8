"""The folder that a laptop's platform keeps everything in."""

import json
import socket
import stat
from pathlib import Path

import pytest

from pigeonhole_frontends.laptop.champion import write_routing
from pigeonhole_frontends.laptop.home import Home, HomeError
from pigeonhole_frontends.laptop.ports import LOOPBACK, any_free_port, is_free, next_free_port

pytestmark = pytest.mark.unit


def test_the_token_is_made_once_and_readable_by_its_owner_alone(tmp_path: Path) -> None:
    token = Home(tmp_path / "home").token()
    assert len(token) >= 32
    assert Home(tmp_path / "home").token() == token
    assert stat.S_IMODE((tmp_path / "home" / "token").stat().st_mode) == 0o600


def test_a_folder_that_is_a_file_is_refused_in_words(tmp_path: Path) -> None:
    (tmp_path / "home").write_text("")
    with pytest.raises(HomeError, match="cannot be written") as raised:
        Home(tmp_path / "home").token()
    assert (raised.value.code, raised.value.hint) == ("home-unwritable", "Give another folder with --home.")


def test_a_folder_serves_one_platform_at_a_time(tmp_path: Path) -> None:
    with Home(tmp_path).lock():
        with pytest.raises(HomeError) as raised:
            Home(tmp_path).lock()
        assert raised.value.code == "already-serving"
    Home(tmp_path).lock().close()


def test_a_port_in_use_is_passed_over() -> None:
    with socket.socket() as taken:
        taken.bind((LOOPBACK, 0))
        taken.listen()
        port = taken.getsockname()[1]
        assert not is_free(port)
        assert next_free_port(port) > port
    assert next_free_port(port, taken=[port]) > port


@pytest.mark.parametrize("somebody_answers", [True, False])
def test_a_port_that_is_forwarded_elsewhere_is_passed_over_though_it_can_be_bound(
    somebody_answers: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    # So it looks where a container engine or a cluster forwards the port by the kernel, which takes root to do.
    connect = socket.create_connection
    forwarded = any_free_port()
    with socket.socket() as elsewhere:
        elsewhere.bind((LOOPBACK, 0))
        if somebody_answers:
            elsewhere.listen()

        def forward(address: tuple[str, int], timeout: float) -> socket.socket:
            return connect(elsewhere.getsockname() if address[1] == forwarded else address, timeout)

        assert is_free(forwarded)
        monkeypatch.setattr(socket, "create_connection", forward)
        assert not is_free(forwarded)
        assert next_free_port(forwarded) > forwarded


def test_the_routing_file_is_replaced_whole(tmp_path: Path) -> None:
    write_routing(tmp_path / "routing.json", "127.0.0.1:9", "3")
    assert json.loads((tmp_path / "routing.json").read_text()) == {
        "stable": {"host": "127.0.0.1:9", "version": "3"},
        "candidate": None,
    }
    assert [path.name for path in tmp_path.iterdir()] == ["routing.json"]
