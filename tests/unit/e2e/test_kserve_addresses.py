"""What the end-to-end tests say when nobody names a cluster."""

import pytest
from tests.e2e.kubectl import cluster_address

pytestmark = pytest.mark.unit


@pytest.mark.parametrize("name", ["KUBECONFIG", "REGISTRY"])
def test_a_cluster_that_is_not_named_is_an_error_that_says_so(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv(name, raising=False)
    with pytest.raises(AssertionError, match=f"{name} is not set"):
        cluster_address(name)
    monkeypatch.setenv(name, "here")
    assert cluster_address(name) == "here"
