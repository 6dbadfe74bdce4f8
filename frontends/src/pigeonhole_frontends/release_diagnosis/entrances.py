"""How people come in, and who collects metrics."""

from collections.abc import Iterable, Iterator

from pigeonhole_frontends.finding import Finding
from pigeonhole_frontends.release_diagnosis.objects import Object, name, sentence, spec, status
from pigeonhole_frontends.release_diagnosis.snapshot import Snapshot

_DEFAULT_CLASS = "ingressclass.kubernetes.io/is-default-class"


def look_at_ingress(snapshot: Snapshot, ingress: Object) -> Finding:
    """Return what is found of an Ingress: its class, and whether somebody serves it."""
    what, asked = f"Ingress {name(ingress)}", spec(ingress).get("ingressClassName")
    classes = {name(each): each for each in snapshot.of("IngressClass")}
    if snapshot.knows("IngressClass"):
        known = ", ".join(sorted(classes)) or "none: install an ingress controller"
        if asked and asked not in classes:
            fix = f"Set ingress.className to one that there is: {known}."
            return Finding(what, False, f"there is no ingress class {asked}", fix)
        if not asked and not any(_is_default(each) for each in classes.values()):
            fix = f"Set ingress.className: {known}."
            return Finding(what, False, "it names no class, and the cluster has no default", fix)
    addresses = [
        each.get("ip") or each.get("hostname", "")
        for each in (status(ingress).get("loadBalancer") or {}).get("ingress") or ()
    ]
    if not addresses:
        fix = "Look at the ingress controller of its class: it gives the address once it serves the Ingress."
        return Finding(what, False, "it has no address", fix)
    hosts = ", ".join(rule.get("host", "*") for rule in spec(ingress).get("rules") or ())
    return Finding(what, True, f"{hosts} at {', '.join(addresses)}")


def look_at_route(route: Object) -> Finding:
    """Return what is found of an HTTPRoute: whether each of its Gateways took it."""
    what, parents = f"HTTPRoute {name(route)}", status(route).get("parents") or ()
    fix = "Check gateway.parentRefs and gateway.hostnames, and that the Gateway takes routes of this namespace."
    if not parents:
        return Finding(what, False, "no Gateway has taken it", fix)
    for parent in parents:
        for condition in parent.get("conditions") or ():
            if condition.get("type") in ("Accepted", "ResolvedRefs") and condition.get("status") != "True":
                return Finding(what, False, f"{condition.get('reason')}: {sentence(condition.get('message'))}", fix)
    return Finding(what, True, "taken by its Gateways")


def look_at_metrics(snapshot: Snapshot, monitors: Iterable[Object]) -> Iterator[Finding]:
    """Yield whether metrics are collected; without a Prometheus operator that is a note and no fault."""
    if "PodMonitor" in snapshot.absent:
        yield Finding("metrics", True, "not collected: the cluster has no Prometheus operator (monitoring.monitors)")
    elif snapshot.knows("PodMonitor"):
        count = len(list(monitors))
        yield Finding("metrics", True, f"{count} PodMonitors" if count else "no PodMonitors (monitoring.monitors)")


def _is_default(ingress_class: Object) -> bool:
    return (ingress_class["metadata"].get("annotations") or {}).get(_DEFAULT_CLASS) == "true"
