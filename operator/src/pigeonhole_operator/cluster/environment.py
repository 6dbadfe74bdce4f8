"""The variables of a predictor by which it knows its model's version, among those that others set."""

from collections.abc import Mapping
from typing import Any

from pigeonhole_operator.cluster.kinds import Raw
from pigeonhole_operator.cluster.parsing import RUN_VARIABLE, VERSION_VARIABLE
from pigeonhole_operator.resources.deployment_status import Release

_PATH = ("f:spec", "f:predictor", "f:model", "f:env")


def environment(service: Raw, release: Release, *, whole: bool = False) -> list[dict[str, Any]]:
    """Return the variables of a service's model that are to be applied for a release.

    Where the API server merges them by name, only the operator's own are returned, unless the `whole` list is asked
    for; else also those that are there, each in its place.
    """
    own = _own(release)
    model = service["spec"]["predictor"].get("model") or {}
    there: list[dict[str, Any]] = [] if not whole and _merged_by_name(service) else model.get("env") or []
    kept = [own.get(entry["name"], entry) for entry in there if entry["name"] in own or entry["name"] not in _OWN_NAMES]
    placed = {entry["name"] for entry in kept}
    return [*kept, *(entry for name, entry in own.items() if name not in placed)]


_OWN_NAMES = frozenset({VERSION_VARIABLE, RUN_VARIABLE})


def _own(release: Release) -> dict[str, dict[str, Any]]:
    values = {VERSION_VARIABLE: release.version, RUN_VARIABLE: release.run_id}
    return {name: {"name": name, "value": value} for name, value in values.items() if value}


def _merged_by_name(service: Raw) -> bool:
    """Tell whether the list is one that is merged by name: then its owners are written down for each entry."""
    for manager in service["metadata"].get("managedFields") or ():
        owned: Any = manager.get("fieldsV1")
        for step in _PATH:
            owned = owned.get(step) if isinstance(owned, Mapping) else None
        if isinstance(owned, Mapping) and any(key.startswith("k:") for key in owned):
            return True
    return False
