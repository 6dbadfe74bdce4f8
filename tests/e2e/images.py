"""Images of the registry that REGISTRY names."""

import httpx

from .kubectl import cluster_address

MANIFESTS = "application/vnd.oci.image.manifest.v1+json, application/vnd.docker.distribution.manifest.v2+json"


def pinned(name: str) -> str:
    """Return an image's address with its digest: a node pulls a tag once, and would keep what was built before."""
    registry = cluster_address("REGISTRY")
    scheme = "http" if registry.startswith(("localhost:", "127.0.0.1:")) else "https"
    manifest = f"{scheme}://{registry}/v2/pigeonhole/{name}/manifests/dev"
    response = httpx.head(manifest, headers={"Accept": MANIFESTS}, timeout=30)
    assert response.status_code == httpx.codes.OK, (
        f"{registry} has no image pigeonhole/{name}:dev; `make images` builds it"
    )
    return f"{registry}/pigeonhole/{name}@{response.headers['Docker-Content-Digest']}"
