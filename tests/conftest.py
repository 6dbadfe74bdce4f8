"""What all tests share."""

import functools
import ssl
from collections.abc import Iterator

import pytest


@pytest.fixture(scope="session", autouse=True)
def certificates_read_once() -> Iterator[None]:
    """Give all HTTP clients of this process the certificates that the first one read.

    Each would read the system's own, which takes longer than most requests; the tests make thousands of clients, which
    call none but servers of this machine, without TLS.
    """
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(ssl, "create_default_context", functools.cache(ssl.create_default_context))
        yield
