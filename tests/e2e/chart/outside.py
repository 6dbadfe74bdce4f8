"""What a team has outside of a production installation: PostgreSQL, an S3 store, MLflow, and people's sign-in.

The stores are those of a trial, by themselves in a namespace of their own.
"""

import base64
import json
from collections.abc import Iterator
from contextlib import contextmanager

from tests.chart.rendering import merged, render, values_of
from tests.e2e.image_pods import pod, ready, running
from tests.e2e.images import pinned
from tests.e2e.kubectl import Kubectl
from tests.integration.api.oidc_issuer import OidcIssuer

from .release import MODEST, Json, demo_values

_STORES = ("settings", "bundled/stores", "mlflow/mlflow")
_READY_SECONDS = 300


class Outside:
    """The addresses of all of it as values, its credentials as Secrets, and people's tokens."""

    def __init__(self, kubectl: Kubectl, issuer: OidcIssuer) -> None:
        self.kubectl = kubectl
        self._issuer = issuer

    def values(self) -> Json:
        """Return the values of a production installation that uses it, in the small."""
        images = demo_values("kserve")["image"]
        one = {"replicas": 1}
        overrides = {
            "size": "small",
            "image": images,
            "external": {
                "s3": {"endpoint": f"http://{self._host('pigeonhole-s3')}:9000", "bucket": "pigeonhole"},
                "mlflow": {"url": f"http://{self._host('pigeonhole-mlflow')}:5000"},
            },
            "auth": {"oidc": {"jwksUrl": f"http://{self._host('issuer')}:8080/jwks.json"}},
            "worker": one,
            "serving": {"transformer": one, "predictor": one},
            "ingress": {"className": "", "tlsSecret": ""},
            "networkPolicy": {"external": [{"cidr": "0.0.0.0/0", "ports": [443, 5000, 5432, 8080, 9000]}]},
        }
        return merged(values_of("production"), MODEST, overrides)

    def secrets(self) -> list[Json]:
        """Return the Secrets that those values name."""
        made = {name: _decoded(text) for name, text in self.kubectl.get("secret", "pigeonhole-bundled")["data"].items()}
        keys = {name: made[name] for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY")}
        host = self._host("pigeonhole-s3")
        where = {"serving.kserve.io/s3-endpoint": f"{host}:9000", "serving.kserve.io/s3-usehttps": "0"}
        sign_in = {
            "redirect_uri": "https://pigeonhole.example.com/oauth2callback",
            "cookie_secret": "of-the-apps-own",
            "client_id": "pigeonhole",
            "client_secret": "shared-with-the-service",
            "server_metadata_url": f"http://{self._host('issuer')}:8080/configuration.json",
        }
        lines = [
            "[auth]",
            'expose_tokens = ["access"]',
            *(f"{key} = {json.dumps(value)}" for key, value in sign_in.items()),
        ]
        return [
            _secret("pigeonhole-database", {"url": made["database-url"]}),
            _secret("pigeonhole-s3", keys, where),
            _secret("pigeonhole-mlflow", {"token": "any"}),
            _secret(
                "pigeonhole-auth",
                {"signing-key": "one-that-is-kept-for-ever", "cookie-secret": "of-both-pods-of-an-app"},
            ),
            _secret("pigeonhole-sign-in", {"secrets.toml": "\n".join(lines)}),
        ]

    def token(self, group: str) -> str:
        """Return the token of a person in a group of the sign-in service."""
        return self._issuer.token(iss=values_of("production")["auth"]["oidc"]["issuer"], groups=[group])

    def _host(self, service: str) -> str:
        return f"{service}.{self.kubectl.namespace}.svc"


@contextmanager
def outside(kubectl: Kubectl) -> Iterator[Outside]:
    """Run all of it in a namespace, which somebody else takes away again."""
    issuer = OidcIssuer()
    images = demo_values("deployments")["image"]
    only = [part for template in _STORES for part in ("--show-only", f"templates/{template}.yaml")]
    namespace = ("--namespace", kubectl.namespace)
    kubectl.apply(render("demo-deployments", {"image": images}, *only, *namespace).text)
    kubectl.apply(list(_keys_of(issuer)))
    for kind, name in (("statefulset", "postgresql"), ("statefulset", "s3"), ("deployment", "mlflow")):
        kubectl("rollout", "status", f"{kind}/pigeonhole-{name}", f"--timeout={_READY_SECONDS}s")
    kubectl("wait", "--for=condition=Ready", "pod/issuer", f"--timeout={_READY_SECONDS}s")
    yield Outside(kubectl, issuer)


def _keys_of(issuer: OidcIssuer) -> Iterator[Json]:
    """The sign-in service as far as it needs nobody at a screen: its keys."""
    files = {"jwks.json": json.dumps(issuer.jwks())}
    yield {"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "keys"}, "data": files}
    command = ["python", "-m", "http.server", "8080", "--directory", "/keys"]
    spec = pod(pinned("predictor"), command=command, readinessProbe=ready("/jwks.json", 8080))
    spec["volumes"].append({"name": "keys", "configMap": {"name": "keys"}})
    spec["containers"][0]["volumeMounts"].append({"name": "keys", "mountPath": "/keys", "readOnly": True})
    yield from running("issuer", spec, 8080)


def _secret(name: str, content: dict[str, str], annotations: dict[str, str] | None = None) -> Json:
    metadata = {"name": name, "annotations": annotations or {}}
    return {"apiVersion": "v1", "kind": "Secret", "metadata": metadata, "stringData": content}


def _decoded(text: str) -> str:
    return base64.b64decode(text).decode()
