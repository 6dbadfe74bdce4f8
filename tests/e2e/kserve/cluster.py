"""Reading and writing the cluster: what the stand-in applies, deletes and reports."""

import hashlib
import json
import logging
from typing import Any

from lightkube import ApiError, AsyncClient
from lightkube.generic_resource import create_namespaced_resource
from lightkube.resources.apps_v1 import Deployment
from lightkube.resources.autoscaling_v2 import HorizontalPodAutoscaler
from lightkube.resources.core_v1 import Service
from lightkube.resources.networking_v1 import Ingress
from lightkube.types import CascadeType, PatchType

from .names import FINALIZER, FORMAT_ANNOTATION, MODE_ANNOTATION, Object, owner

FIELD_MANAGER = "kserve-stand-in"
KINDS: dict[str, Any] = {
    "Deployment": Deployment,
    "Service": Service,
    "HorizontalPodAutoscaler": HorizontalPodAutoscaler,
    "Ingress": Ingress,
}
InferenceService: Any = create_namespaced_resource(
    "serving.kserve.io", "v1beta1", "InferenceService", "inferenceservices"
)
log = logging.getLogger("kserve-stand-in")


class Cluster:
    """What the stand-in writes to the cluster; an object that is as applied is not applied again."""

    def __init__(self, client: AsyncClient) -> None:
        self._client = client
        self._applied: dict[tuple[str, str, str], tuple[str, int]] = {}

    async def service(self, namespace: str, name: str) -> Object:
        """Return an InferenceService as it is stored now."""
        found: Object = (await self._client.get(InferenceService, name, namespace=namespace)).to_dict()
        return found

    async def claim(self, service: Object, filled: Object) -> Object:
        """Write the finalizer and the annotations an admitted service has; return it as stored."""
        metadata = service["metadata"]
        finalizers = metadata.get("finalizers") or []
        present, wanted = metadata.get("annotations") or {}, filled["metadata"]["annotations"]
        notes = {
            key: wanted[key]
            for key in (MODE_ANNOTATION, FORMAT_ANNOTATION)
            if key in wanted and (key == FORMAT_ANNOTATION or key not in present) and present.get(key) != wanted[key]
        }
        if FINALIZER in finalizers and not notes:
            return service
        return await self._merge(
            service, {"finalizers": [*(set(finalizers) - {FINALIZER}), FINALIZER], "annotations": notes}
        )

    async def release(self, service: Object) -> None:
        """Let a service go that is being deleted; the cluster then deletes what it owns."""
        finalizers = service["metadata"].get("finalizers") or []
        if FINALIZER in finalizers:
            await self._merge(service, {"finalizers": [item for item in finalizers if item != FINALIZER]})

    async def _merge(self, service: Object, metadata: Object) -> Object:
        # The version makes it fail when somebody else changed the list of finalizers.
        metadata["resourceVersion"] = service["metadata"]["resourceVersion"]
        patched: Object = (
            await self._client.patch(
                InferenceService,
                service["metadata"]["name"],
                {"metadata": metadata},
                namespace=service["metadata"]["namespace"],
                patch_type=PatchType.MERGE,
                field_manager=FIELD_MANAGER,
            )
        ).to_dict()
        return patched

    async def apply(self, item: Object, existing: Object | None) -> None:
        """Apply an object, unless it was applied like this and nobody changed it since."""
        metadata = item["metadata"]
        key = (metadata["namespace"], item["kind"], metadata["name"])
        digest = hashlib.sha256(json.dumps(item, sort_keys=True).encode()).hexdigest()
        before, generation = self._applied.get(key, ("", -1))
        if existing is not None and before == digest and existing["metadata"].get("generation", 0) <= generation:
            return
        applied = await self._client.patch(
            KINDS[item["kind"]],
            metadata["name"],
            item,
            namespace=metadata["namespace"],
            patch_type=PatchType.APPLY,
            field_manager=FIELD_MANAGER,
            force=True,
        )
        self._applied[key] = (digest, applied.metadata.generation or 0)
        log.info("applied %s %s/%s", item["kind"], metadata["namespace"], metadata["name"])

    async def delete(self, namespace: str, kind: str, name: str) -> None:
        """Delete an object that may be gone already."""
        self._applied.pop((namespace, kind, name), None)
        try:
            await self._client.delete(KINDS[kind], name, namespace=namespace, cascade=CascadeType.BACKGROUND)
        except ApiError as error:
            if error.status.code != 404:
                raise
        log.info("deleted %s %s/%s", kind, namespace, name)

    async def write_status(self, service: Object, status: Object) -> Object:
        """Write a status over the version of the service it was made from; return the service as stored."""
        written: Object = (
            await self._client.replace(
                InferenceService.Status({**service, "status": status}),
                service["metadata"]["name"],
                namespace=service["metadata"]["namespace"],
                field_manager=FIELD_MANAGER,
            )
        ).to_dict()
        return written


def is_owned_by(service: Object, item: Object) -> bool:
    """Return whether an object is one of those made for a service, and not for a former one of its name."""
    uid = owner(service)["uid"]
    return any(reference.get("uid") == uid for reference in item["metadata"].get("ownerReferences") or [])
