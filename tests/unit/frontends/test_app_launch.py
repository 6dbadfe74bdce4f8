"""What an app's container hands on to Streamlit."""

import sys

import pytest

from pigeonhole_frontends.app_launch import main, streamlit_flags

pytestmark = pytest.mark.unit


@pytest.fixture
def replaced(monkeypatch: pytest.MonkeyPatch) -> list[list[str]]:
    """The command lines by which the process was replaced."""
    seen: list[list[str]] = []
    monkeypatch.setattr("os.execv", lambda program, arguments: seen.append([program, *arguments]))
    return seen


def test_an_app_s_container_becomes_streamlit(replaced: list[list[str]]) -> None:
    main(["admin", "--port", "9001", "--base-path", "/pigeonhole/admin/"])
    ((program, *arguments),) = replaced
    assert program == sys.executable
    assert arguments[:4] == [sys.executable, "-m", "streamlit", "run"]
    assert arguments[4].endswith("admin_app/main.py")
    wanted = {"--server.port=9001", "--server.address=0.0.0.0", "--server.baseUrlPath=pigeonhole/admin"}
    assert wanted <= set(arguments)
    assert "--server.maxUploadSize=50" in arguments


def test_an_app_with_a_host_of_its_own_has_no_path(replaced: list[list[str]]) -> None:
    main(["user"])
    assert not [argument for argument in replaced[0] if "baseUrlPath" in argument]
    assert "--server.port=8501" in replaced[0]
    assert [flag for flag in streamlit_flags(port=8501) if flag.startswith("--server.address")] == [
        "--server.address=127.0.0.1"
    ]


@pytest.mark.parametrize("arguments", [[], ["clerk"], ["user", "--port", "many"]])
def test_a_wrong_command_line_is_refused(arguments: list[str], replaced: list[list[str]]) -> None:
    with pytest.raises(SystemExit) as ended:
        main(arguments)
    assert ended.value.code == 2
    assert replaced == []
