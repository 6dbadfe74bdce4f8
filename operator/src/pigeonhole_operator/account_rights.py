"""The rights that the operator's account needs, and those that it must not have."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

from pigeonhole_operator.settings import OperatorSettings

_ELSEWHERE = "pigeonhole-rights-another"
"""A name that nothing has: a right to it is a right to all of its kind."""


@dataclass(frozen=True)
class Right:
    """A verb on a resource, on one by its name where there is a name; without a namespace, in all."""

    verb: str
    resource: str
    group: str = ""
    subresource: str = ""
    name: str = ""
    namespace: str = ""

    def __str__(self) -> str:
        kind = f"{self.resource}.{self.group}" if self.group else self.resource
        kind = f"{kind}/{self.subresource}" if self.subresource else kind
        place = f" in {self.namespace}" if self.namespace else " in all namespaces"
        return f"{self.verb} {kind}{f' {self.name}' if self.name else ''}{place}"


# Verbs, a kind with its subresource, and a name where only that one counts.
_OPERATES = """
get list watch: modeldeployments.pigeonhole.dev
get patch: modeldeployments.pigeonhole.dev/status
get list watch create patch delete: modelpromotions.pigeonhole.dev
patch: modelpromotions.pigeonhole.dev/status
get list watch create patch delete: inferenceservices.serving.kserve.io
get patch: configmaps {target}-routing
create patch: events
"""
_INSTALLS = """
create patch: modeldeployments.pigeonhole.dev
get: configmaps {owner}
"""
_LEADS = """
create: leases.coordination.k8s.io
get update: leases.coordination.k8s.io {lease}
"""
_FOLLOWS = "get patch: deployments.apps {deployment}"
_FORBIDDEN = """
*: *.*
get list watch create update patch delete: secrets
get list watch patch update delete: configmaps
create get: pods/exec
create: pods/attach
create: pods/portforward
create patch delete: pods
get: pods/log
get list create patch update delete: deployments.apps
create patch: statefulsets.apps
create: jobs.batch
patch update: deployments.apps/scale
impersonate: serviceaccounts
create: serviceaccounts/token
update deletecollection: inferenceservices.serving.kserve.io
patch update: inferenceservices.serving.kserve.io/status
update delete deletecollection pin skipgates: modeldeployments.pigeonhole.dev
update deletecollection: modelpromotions.pigeonhole.dev
get update delete: leases.coordination.k8s.io
escalate bind update patch create: roles.rbac.authorization.k8s.io
create update patch: rolebindings.rbac.authorization.k8s.io
"""
_FORBIDDEN_EVERYWHERE = """
*: *.*
get list: secrets
get list: namespaces
get list: nodes
impersonate: users
bind escalate: clusterroles.rbac.authorization.k8s.io
create update patch: clusterrolebindings.rbac.authorization.k8s.io
update patch: customresourcedefinitions.apiextensions.k8s.io
"""


def needed_to_operate(settings: OperatorSettings, target: str) -> list[Right]:
    """Return what the operator needs for an InferenceService, under its settings."""
    namespace = settings.namespace or ""
    rights = list(_rights(_OPERATES.format(target=target), namespace))
    if settings.objects_owner is not None:
        rights.extend(_rights(_INSTALLS.format(owner=settings.objects_owner), namespace))
    rights.extend(_rights(_LEADS.format(lease=settings.lease_name), settings.lease_namespace))
    return rights


def needed_to_follow(deployment: str, namespace: str) -> list[Right]:
    """Return what the follower needs for the predictor's Deployment."""
    return list(_rights(_FOLLOWS.format(deployment=deployment), namespace))


def forbidden(needed: Sequence[Right]) -> Iterator[Right]:
    """Yield what the account must not have beside what it needs, in each of its namespaces and in all."""
    named = {replace(right, name="") for right in needed if not right.name}
    for namespace in dict.fromkeys(right.namespace for right in needed):
        for right in _rights(_FORBIDDEN, namespace):
            if right not in named:
                # Of what it has by name, any other name stands for all.
                yield replace(right, name=_ELSEWHERE) if _is_of_one(right) else right
    yield from _rights(_FORBIDDEN_EVERYWHERE, "")


def _is_of_one(right: Right) -> bool:
    return right.verb in {"get", "patch", "update", "delete"} and right.resource != "*"


def _rights(table: str, namespace: str) -> Iterator[Right]:
    for line in table.strip().splitlines():
        verbs, _, what = line.partition(": ")
        kind, _, name = what.partition(" ")
        kind, _, subresource = kind.partition("/")
        resource, _, group = kind.partition(".")
        for verb in verbs.split():
            yield Right(verb, resource, group, subresource, name, namespace)
