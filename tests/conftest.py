"""What all tests share."""

import functools
import ssl
from collections.abc import Iterator
from typing import Any

import httpx
import pytest


@pytest.fixture(scope="session", autouse=True)
def certificates_read_once() -> Iterator[None]:
    """Give all HTTP clients of this process that name no certificates the system's, as the first one read them.

    Reading them takes longer than most requests; the tests make thousands of clients, which call none but servers of
    this machine, without TLS. Only httpx's transports are given the shared context: whoever makes a context to load
    something into it has its own.
    """
    make = httpx.create_ssl_context
    once = functools.cache(make)

    def create(*, verify: ssl.SSLContext | str | bool, cert: Any, trust_env: bool) -> ssl.SSLContext:
        if verify is True and cert is None:
            return once(trust_env=trust_env)
        return make(verify=verify, cert=cert, trust_env=trust_env)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("httpx._transports.default.create_ssl_context", create)
        yield


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Begin with the file that takes longest, so that no worker is left alone with it at the end."""
    items.sort(key=lambda item: item.path.name != "test_readme_commands.py")
