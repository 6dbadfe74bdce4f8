"""What all tests share."""

import functools
import os
import ssl
from collections.abc import Iterator
from typing import Any

import certifi
import pytest


@pytest.fixture(scope="session", autouse=True)
def certificates_read_once() -> Iterator[None]:
    """Give all HTTP clients of this process the system's certificates that the first one read.

    Reading them takes longer than most requests; the tests make thousands of clients, which call none but servers of
    this machine, without TLS. A client with certificates of its own, such as a cluster's, has a context of its own:
    it may load a key into it.
    """
    make = ssl.create_default_context
    system = {certifi.where(), os.environ.get("SSL_CERT_FILE")}
    once = functools.cache(lambda cafile: make(cafile=cafile))

    def create(*purpose: Any, **files: Any) -> ssl.SSLContext:
        if not purpose and set(files) == {"cafile"} and files["cafile"] in system:
            return once(files["cafile"])
        return make(*purpose, **files)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(ssl, "create_default_context", create)
        yield
