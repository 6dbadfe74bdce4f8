"""The stand-in for KServe's controller: it watches, and reconciles one InferenceService at a time."""

import asyncio
import logging
from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, fields
from datetime import UTC, datetime
from typing import Any, cast

import httpx2
import kopf
from lightkube import ApiError

from .admission import admitted
from .cluster import Cluster, is_owned_by
from .ingress import Outside
from .names import API_VERSION, SERVICE_LABEL, Object, component_name
from .reconciliation import Observed, reconcile
from .runtimes import Runtimes
from .storage import Download, account_secrets

OWNED = (
    ("apps", "deployments"),
    ("", "services"),
    ("autoscaling", "horizontalpodautoscalers"),
    ("networking.k8s.io", "ingresses"),
)
SERVICES = ("serving.kserve.io", "v1beta1", "inferenceservices")
ATTEMPTS = 8
Index = kopf.Index[Any, Object]
log = logging.getLogger("kserve-stand-in")


@dataclass(frozen=True)
class Indices:
    """What kopf keeps of the cluster: the objects made for services, their pods, the runtimes, what reaches S3."""

    owned: Index
    pods: Index
    runtimes: Index
    cluster_runtimes: Index
    accounts: Index
    secrets: Index


def _listed(index: Index, key: object) -> Iterable[Object]:
    return index.get(key, ())


class StandIn:
    """Reconciles InferenceServices, each by one task at a time, always from the newest version known of it."""

    def __init__(self, cluster: Cluster, initializer: str, outside: Outside) -> None:
        self._cluster, self._initializer, self._outside = cluster, initializer, outside
        self._services: dict[tuple[str, str], Object] = {}
        self._locks: defaultdict[tuple[str, str], asyncio.Lock] = defaultdict(asyncio.Lock)
        self._waiting: set[tuple[str, str]] = set()

    def saw(self, service: Object) -> None:
        """Keep a version of a service if it is newer than the one known."""
        metadata = service["metadata"]
        key = (metadata["namespace"], metadata["name"])
        known = self._services.get(key)
        # The API server's versions grow, and what this wrote itself is known before the watch tells of it.
        if known is None or int(metadata["resourceVersion"]) >= int(known["metadata"]["resourceVersion"]):
            self._services[key] = service

    def forget(self, service: Object) -> None:
        """Drop a service that is gone."""
        self._services.pop((service["metadata"]["namespace"], service["metadata"]["name"]), None)

    def using(self, runtime: str, namespace: str | None) -> list[tuple[str, str]]:
        """Return the services that may be served by a runtime."""
        return [
            key
            for key, service in self._services.items()
            if namespace in (None, key[0])
            and (service["spec"]["predictor"].get("model") or {}).get("runtime") in (None, runtime)
        ]

    async def handle(self, key: tuple[str, str], indices: Indices) -> None:
        """Reconcile a service; what happens meanwhile is seen by one more pass, not by many."""
        if key in self._waiting:
            return
        self._waiting.add(key)
        async with self._locks[key]:
            self._waiting.discard(key)
            for attempt in range(ATTEMPTS):
                try:
                    await self._pass(key, indices)
                    return
                except (ApiError, httpx2.TransportError) as error:
                    if not await self._recover(key, error):
                        return
                    await asyncio.sleep(0.05 * 2**attempt)
        log.error("gave up on %s/%s", *key)

    async def _recover(self, key: tuple[str, str], error: Exception) -> bool:
        """Return whether to try again after an error; a version that is out of date is read afresh."""
        code = error.status.code if isinstance(error, ApiError) else 0
        log.info("%s/%s: %s", *key, error)
        if code == 409:
            try:
                self.saw(await self._cluster.service(*key))
            except ApiError as gone:
                return bool(gone.status.code != 404)
        # Forbidden is what a namespace says that is being deleted.
        return code not in (403, 404)

    async def _pass(self, key: tuple[str, str], indices: Indices) -> None:
        service = self._services.get(key)
        if service is None:
            return
        if service["metadata"].get("deletionTimestamp"):
            await self._cluster.release(service)
            return
        service = await self._cluster.claim(service, admitted(service))
        self.saw(service)
        observed = self._observe(service, indices)
        outcome = reconcile(observed, datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%SZ"))
        for item in outcome.apply:
            await self._cluster.apply(item, observed.existing.get((item["kind"], item["metadata"]["name"])))
        for kind, name in outcome.delete:
            await self._cluster.delete(key[0], kind, name)
        if outcome.status is not None and outcome.status != service.get("status"):
            self.saw(await self._cluster.write_status(service, outcome.status))
            for event in outcome.events:
                kopf.event(cast(kopf.Body, service), type=event.kind, reason=event.reason, message=event.message)

    def _observe(self, service: Object, indices: Indices) -> Observed:
        namespace, uid = service["metadata"]["namespace"], service["metadata"]["uid"]
        selected = f"isvc.{component_name(service, 'predictor')}"
        secrets = account_secrets(service, _listed(indices.accounts, namespace), _listed(indices.secrets, namespace))
        return Observed(
            service=service,
            runtimes=Runtimes(
                namespaced={item["metadata"]["name"]: item for item in _listed(indices.runtimes, namespace)},
                cluster={item["metadata"]["name"]: item for item in _listed(indices.cluster_runtimes, "")},
            ),
            existing={
                (item["kind"], item["metadata"]["name"]): item
                for item in _listed(indices.owned, uid)
                if is_owned_by(service, item)
            },
            pods=sorted(_listed(indices.pods, (namespace, selected)), key=lambda pod: str(pod["metadata"]["name"])),
            download=Download(self._initializer, secrets),
            outside=self._outside,
        )


def _owner(body: Mapping[str, Any]) -> Object | None:
    references: list[Object] = body["metadata"].get("ownerReferences") or []
    return next(
        (item for item in references if item["kind"] == "InferenceService" and item["apiVersion"] == API_VERSION), None
    )


def _is_owned(body: Mapping[str, Any], **_: Any) -> bool:
    return _owner(body) is not None


def _indices(seen: Mapping[str, Any]) -> Indices:
    return Indices(**{field.name: seen[field.name] for field in fields(Indices)})


def registry(stand_in: StandIn) -> kopf.OperatorRegistry:
    """Return kopf's handlers: what is kept of the cluster, and what makes a service be reconciled."""
    handlers = kopf.OperatorRegistry()
    kopf.on.login(registry=handlers)(kopf.login_with_kubeconfig)
    _index(handlers)

    async def on_service(**seen: Any) -> None:
        service = dict(seen["body"])
        if seen["event"]["type"] == "DELETED":
            stand_in.forget(service)
            return
        stand_in.saw(service)
        await stand_in.handle((seen["namespace"], seen["name"]), _indices(seen))

    async def on_owned(**seen: Any) -> None:
        if reference := _owner(seen["body"]):
            await stand_in.handle((seen["namespace"], reference["name"]), _indices(seen))

    async def on_pod(**seen: Any) -> None:
        await stand_in.handle((seen["namespace"], seen["labels"][SERVICE_LABEL]), _indices(seen))

    async def on_runtime(**seen: Any) -> None:
        for key in stand_in.using(seen["name"], seen["namespace"]):
            await stand_in.handle(key, _indices(seen))

    kopf.on.event(*SERVICES, registry=handlers)(on_service)
    for group, plural in OWNED:
        kopf.on.event(group, plural, when=_is_owned, registry=handlers)(on_owned)
    kopf.on.event("", "pods", labels={SERVICE_LABEL: kopf.PRESENT}, registry=handlers)(on_pod)
    for plural in ("servingruntimes", "clusterservingruntimes"):
        kopf.on.event("serving.kserve.io", "v1alpha1", plural, registry=handlers)(on_runtime)
    return handlers


def _index(handlers: kopf.OperatorRegistry) -> None:
    def owned(body: Any, **_: Any) -> Mapping[str, Object]:
        reference = _owner(body)
        return {reference["uid"]: dict(body)} if reference else {}

    def pods(body: Any, **_: Any) -> Mapping[tuple[str, str], Object]:
        return {(body["metadata"]["namespace"], body["metadata"]["labels"].get("app", "")): dict(body)}

    def by_namespace(body: Any, **_: Any) -> Mapping[str, Object]:
        return {body["metadata"]["namespace"]: dict(body)}

    def cluster_runtimes(body: Any, **_: Any) -> Mapping[str, Object]:
        return {"": dict(body)}

    for group, plural in OWNED:
        kopf.index(group, plural, id="owned", when=_is_owned, registry=handlers)(owned)
    kopf.index("", "pods", id="pods", labels={SERVICE_LABEL: kopf.PRESENT}, registry=handlers)(pods)
    kopf.index("serving.kserve.io", "v1alpha1", "servingruntimes", id="runtimes", registry=handlers)(by_namespace)
    kopf.index("", "serviceaccounts", id="accounts", registry=handlers)(by_namespace)
    kopf.index("", "secrets", id="secrets", registry=handlers)(by_namespace)
    kopf.index("serving.kserve.io", "v1alpha1", "clusterservingruntimes", id="cluster_runtimes", registry=handlers)(
        cluster_runtimes
    )
