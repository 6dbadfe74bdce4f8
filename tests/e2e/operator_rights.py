"""What the operator's account and people may do, and what not."""

# People by name, with the roles that they have in the namespace.
PEOPLE = {
    "vera": ("view",),
    "ed": ("edit",),
    "pia": ("edit", "pigeonhole-pin"),
    "gil": ("edit", "pigeonhole-skip-gates"),
    "ann": ("cluster-admin",),
}
GROUPS = ["system:authenticated"]
# Verbs, a kind with its subresource, and a name where only that one counts.
ALLOWED = """
get list watch: modeldeployments.pigeonhole.dev
get patch: modeldeployments.pigeonhole.dev/status
get list watch create patch delete: modelpromotions.pigeonhole.dev
patch: modelpromotions.pigeonhole.dev/status
get list watch create patch delete: inferenceservices.serving.kserve.io
get patch: configmaps documents-routing
create patch: events
create: leases.coordination.k8s.io
get update: leases.coordination.k8s.io pigeonhole-operator
"""
DENIED = """
create update patch delete deletecollection pin skipgates: modeldeployments.pigeonhole.dev
update: modeldeployments.pigeonhole.dev/status
update deletecollection: modelpromotions.pigeonhole.dev
get update: modelpromotions.pigeonhole.dev/status
update deletecollection: inferenceservices.serving.kserve.io
patch update: inferenceservices.serving.kserve.io/status
list watch get patch create update delete deletecollection: configmaps
get patch: configmaps another
update delete: configmaps documents-routing
get list watch delete: events
get list watch update patch delete: leases.coordination.k8s.io
get update: leases.coordination.k8s.io another
get list watch create update patch delete: secrets
get list watch create delete: pods
get: pods/log
create get: pods/exec
create: pods/portforward
get list impersonate: serviceaccounts
create: serviceaccounts/token
get list patch: deployments.apps
patch: deployments.apps/scale
get list: services
get list: servingruntimes.serving.kserve.io
get escalate bind: roles.rbac.authorization.k8s.io
create: rolebindings.rbac.authorization.k8s.io
bind: clusterroles.rbac.authorization.k8s.io
get list: namespaces
get list: nodes
get list: customresourcedefinitions.apiextensions.k8s.io
get: validatingadmissionpolicies.admissionregistration.k8s.io
"""
READING, WRITING = ("get", "list", "watch"), ("create", "update", "patch", "delete")
MODELS, PROMOTIONS = "modeldeployments.pigeonhole.dev", "modelpromotions.pigeonhole.dev"
RIGHTS_OF_PEOPLE = [
    *[("vera", verb, kind, True) for verb in READING for kind in (MODELS, PROMOTIONS)],
    *[("vera", verb, MODELS, False) for verb in (*WRITING, "pin", "skipgates")],
    *[("ed", verb, MODELS, True) for verb in (*READING, *WRITING)],
    *[("ed", verb, PROMOTIONS, False) for verb in WRITING],
    *[("ed", verb, MODELS, False) for verb in ("pin", "skipgates")],
    *[("ed", verb, f"{MODELS}/status", False) for verb in ("update", "patch")],
    *[("pia", "pin", MODELS, True), ("pia", "skipgates", MODELS, False)],
    *[("gil", "pin", MODELS, True), ("gil", "skipgates", MODELS, True)],
    *[("ann", "pin", MODELS, True), ("ann", "skipgates", MODELS, True)],
]


def questions(table: str) -> list[tuple[str, str, str]]:
    """Return a table's questions: a verb, a kind, and a name or nothing."""
    lines = [line.partition(": ") for line in table.strip().splitlines()]
    whats = [(verbs, what.partition(" ")) for verbs, _, what in lines]
    return [(verb, kind, name) for verbs, (kind, _, name) in whats for verb in verbs.split()]
