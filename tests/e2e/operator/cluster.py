"""The API server as the cases use it: plain objects in and out, as whoever a kubeconfig says."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from lightkube import ApiError, AsyncClient, KubeConfig
from lightkube.generic_resource import GenericGlobalResource, GenericNamespacedResource, create_api_info
from lightkube.models.authentication_v1 import TokenRequest, TokenRequestSpec
from lightkube.models.meta_v1 import ObjectMeta
from lightkube.resources.core_v1 import ServiceAccountToken
from lightkube.types import CascadeType, PatchType

from .loop_thread import LoopThread

Object = dict[str, Any]
FIELD_MANAGER = "e2e"
_NAMESPACED = (
    ("", "v1", "ConfigMap", "configmaps"),
    ("", "v1", "Event", "events"),
    ("", "v1", "PersistentVolumeClaim", "persistentvolumeclaims"),
    ("", "v1", "Pod", "pods"),
    ("", "v1", "Secret", "secrets"),
    ("", "v1", "ServiceAccount", "serviceaccounts"),
    ("apps", "v1", "Deployment", "deployments"),
    ("coordination.k8s.io", "v1", "Lease", "leases"),
    ("pigeonhole.dev", "v1alpha1", "ModelDeployment", "modeldeployments"),
    ("pigeonhole.dev", "v1alpha1", "ModelPromotion", "modelpromotions"),
    ("rbac.authorization.k8s.io", "v1", "Role", "roles"),
    ("rbac.authorization.k8s.io", "v1", "RoleBinding", "rolebindings"),
    ("serving.kserve.io", "v1alpha1", "ServingRuntime", "servingruntimes"),
    ("serving.kserve.io", "v1beta1", "InferenceService", "inferenceservices"),
)
_GLOBAL = (("", "v1", "Namespace", "namespaces"), ("", "v1", "PersistentVolume", "persistentvolumes"))


def _kind(base: type, group: str, version: str, kind: str, plural: str) -> Any:
    # Not by create_namespaced_resource: that registers the kind, and lightkube's own modules may have done so already.
    return type(kind, (base,), {"_api_info": create_api_info(group, version, kind, plural)})


KINDS: dict[str, Any] = {
    **{row[2]: _kind(GenericNamespacedResource, *row) for row in _NAMESPACED},
    **{row[2]: _kind(GenericGlobalResource, *row) for row in _GLOBAL},
}


async def watching_client() -> AsyncClient:
    """Return a client for watches, by the kubeconfig that KUBECONFIG names; it belongs to the running loop."""
    return AsyncClient(field_manager=FIELD_MANAGER)


class Cluster:
    """Reads and writes objects; what the API server refuses is lightkube's ApiError.

    All of it happens in the loop's thread: msgspec, by which lightkube reads answers, ends the process when two threads
    meet a type for the first time at once.
    """

    def __init__(self, loop: LoopThread, kubeconfig: Path | None = None) -> None:
        self._loop = loop
        self._client = loop.call(self._connect(kubeconfig))

    def close(self) -> None:
        self._loop.call(self._client.close())

    @property
    def address(self) -> tuple[str, bytes]:
        """Return the API server's address, and the certificate that it is known by."""
        config: Any = self._client.config
        assert config is not None
        if data := config.cluster.certificate_auth_data:
            return str(config.cluster.server), str(data).encode()
        return str(config.cluster.server), Path(config.abs_file(config.cluster.certificate_auth)).read_bytes()

    def create(self, *items: Object) -> None:
        self._loop.call(self._create(items))

    def get(self, kind: str, name: str, namespace: str) -> Object:
        return dict(self._loop.call(self._client.get(KINDS[kind], name, namespace=namespace)))

    def has_namespace(self, name: str) -> bool:
        """Tell whether there is a namespace, be it one that ends."""
        try:
            self._loop.call(self._client.get(KINDS["Namespace"], name))
        except ApiError as error:
            if error.status.code != 404:
                raise
            return False
        return True

    def listed(self, kind: str, namespace: str) -> list[Object]:
        return self._loop.call(self._list(kind, namespace))

    def merge(self, kind: str, name: str, namespace: str, change: Object, *, manager: str = FIELD_MANAGER) -> Object:
        """Lay a change over an object, as a person with kubectl would."""
        patched = self._client.patch(
            KINDS[kind], name, change, namespace=namespace, patch_type=PatchType.MERGE, field_manager=manager
        )
        return dict(self._loop.call(patched))

    def apply(self, item: Object, *, manager: str) -> Object:
        """Apply an object on the server, taking the fields that others have, as a GitOps controller does."""
        metadata = item["metadata"]
        applied = self._client.patch(
            KINDS[item["kind"]],
            metadata["name"],
            item,
            namespace=metadata["namespace"],
            patch_type=PatchType.APPLY,
            field_manager=manager,
            force=True,
        )
        return dict(self._loop.call(applied))

    def delete(self, kind: str, name: str, namespace: str | None = None) -> None:
        """Delete an object that may be gone already."""
        where = {"namespace": namespace} if namespace else {}
        try:
            self._loop.call(self._client.delete(KINDS[kind], name, cascade=CascadeType.BACKGROUND, **where))
        except ApiError as error:
            if error.status.code != 404:
                raise

    def token(self, account: str, namespace: str) -> str:
        """Return a token of a service account, for an hour."""
        return self._loop.call(self._token(account, namespace))

    async def _connect(self, kubeconfig: Path | None) -> AsyncClient:
        return AsyncClient(KubeConfig.from_file(kubeconfig) if kubeconfig else None, field_manager=FIELD_MANAGER)

    async def _create(self, items: Sequence[Object]) -> None:
        for item in items:
            namespace = item["metadata"].get("namespace")
            await self._client.create(KINDS[item["kind"]](item), **({"namespace": namespace} if namespace else {}))

    async def _list(self, kind: str, namespace: str) -> list[Object]:
        return [dict(item) async for item in self._client.list(KINDS[kind], namespace=namespace)]

    async def _token(self, account: str, namespace: str) -> str:
        asked = TokenRequest(metadata=ObjectMeta(), spec=TokenRequestSpec(audiences=[], expirationSeconds=3600))
        token = ServiceAccountToken.from_dict(asked.to_dict())
        given = await self._client.create(token, account, namespace=namespace)
        assert given.status is not None
        return str(given.status.token)
