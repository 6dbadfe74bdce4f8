"""How an InferenceService is reached: its Ingress, its URLs, its address inside the cluster."""

from dataclasses import dataclass

from .names import Component, Object, component_name, components, owner


@dataclass(frozen=True)
class Outside:
    """How a cluster is reached from outside: the domain of its hosts, and which controller serves the Ingresses."""

    domain: str = "example.com"
    ingress_class: str = "nginx"


def host(service: Object, outside: Outside, name: str = "") -> str:
    """Return the host of a service, or of one of its components by its objects' name."""
    metadata = service["metadata"]
    return f"{name or metadata['name']}-{metadata['namespace']}.{outside.domain}"


def component_url(service: Object, component: Component, outside: Outside) -> str:
    """Return the URL the status shows for a component."""
    return f"http://{host(service, outside, component_name(service, component))}"


def address(service: Object) -> str:
    """Return where the service is reached inside the cluster."""
    entry = component_name(service, components(service)[-1])
    return f"http://{entry}.{service['metadata']['namespace']}.svc.cluster.local"


def ingress(service: Object, outside: Outside) -> Object:
    """Return the Ingress. The transformer's own host leads to the predictor, as KServe's does."""
    entry, predictor = (component_name(service, component) for component in (components(service)[-1], "predictor"))
    rules = [_rule(host(service, outside), entry)]
    if entry != predictor:
        rules.append(_rule(host(service, outside, entry), predictor))
    rules.append(_rule(host(service, outside, predictor), predictor))
    metadata = service["metadata"]
    return {
        "apiVersion": "networking.k8s.io/v1",
        "kind": "Ingress",
        "metadata": {
            "name": metadata["name"],
            "namespace": metadata["namespace"],
            "annotations": dict(metadata.get("annotations") or {}),
            "ownerReferences": [owner(service)],
        },
        "spec": {"ingressClassName": outside.ingress_class, "rules": rules},
    }


def _rule(name: str, backend: str) -> Object:
    target = {"service": {"name": backend, "port": {"number": 80}}}
    return {"host": name, "http": {"paths": [{"path": "/", "pathType": "Prefix", "backend": target}]}}
