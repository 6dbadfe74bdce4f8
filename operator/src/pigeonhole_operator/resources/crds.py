"""The CRDs of both kinds, from their models: `python -m pigeonhole_operator.resources.crds FILE...` writes them."""

import json
import sys
from dataclasses import dataclass
from pathlib import Path

import yaml

from pigeonhole_operator.resources.deployment_spec import DeploymentSpec
from pigeonhole_operator.resources.deployment_status import DeploymentStatus
from pigeonhole_operator.resources.promotion import PromotionSpec, PromotionStatus
from pigeonhole_operator.resources.schema import Part, rules
from pigeonhole_operator.resources.structural import Json, structural_schema

GROUP = "pigeonhole.dev"
VERSION = "v1alpha1"
# A promotion and a candidate's objects are named after their ModelDeployment, within the 63 characters of a label.
_SHORT_NAME = rules(("self.metadata.name.size() <= 40", "metadata.name must have at most 40 characters"))
_HEADER = "# Written by `make crds` from the models in operator/src/pigeonhole_operator/resources: change those.\n"


@dataclass(frozen=True)
class Column:
    """A column that kubectl prints; a wide one only with `-o wide`."""

    name: str
    path: str
    type: str = "string"
    wide: bool = False

    def to_json(self) -> Json:
        """Return the column as a CRD has it."""
        column: Json = {"name": self.name, "type": self.type, "jsonPath": self.path}
        return {**column, "priority": 1} if self.wide else column


@dataclass(frozen=True)
class Kind:
    """What makes a CRD of two models."""

    name: str
    short_name: str
    description: str
    spec: type[Part]
    status: type[Part]
    selectable: str
    columns: tuple[Column, ...]
    rules: Json

    @property
    def plural(self) -> str:
        """Return the resource's name in addresses."""
        return f"{self.name.lower()}s"

    def to_json(self) -> Json:
        """Return the CRD."""
        names = {
            "kind": self.name,
            "listKind": f"{self.name}List",
            "singular": self.name.lower(),
            "plural": self.plural,
            "shortNames": [self.short_name],
            "categories": ["pigeonhole", "mlops"],
        }
        return {
            "apiVersion": "apiextensions.k8s.io/v1",
            "kind": "CustomResourceDefinition",
            "metadata": {"name": f"{self.plural}.{GROUP}"},
            "spec": {"group": GROUP, "scope": "Namespaced", "names": names, "versions": [self._version()]},
        }

    def _version(self) -> Json:
        return {
            "name": VERSION,
            "served": True,
            "storage": True,
            "subresources": {"status": {}},
            "selectableFields": [{"jsonPath": self.selectable}],
            "additionalPrinterColumns": [column.to_json() for column in self.columns],
            "schema": {"openAPIV3Schema": self._schema()},
        }

    def _schema(self) -> Json:
        return {
            "description": self.description,
            "type": "object",
            **self.rules,
            "required": ["spec"],
            "properties": {
                "apiVersion": {"type": "string"},
                "kind": {"type": "string"},
                "metadata": {"type": "object"},
                "spec": structural_schema(self.spec),
                "status": structural_schema(self.status),
            },
        }


_AGE = Column("Age", ".metadata.creationTimestamp", "date")
_READY = '.status.conditions[?(@.type=="Ready")]'
MODEL_DEPLOYMENT = Kind(
    name="ModelDeployment",
    short_name="mdep",
    description="A model that serves, and the way by which its next version comes to serve.",
    spec=DeploymentSpec,
    status=DeploymentStatus,
    selectable=".spec.source.modelName",
    columns=(
        Column("Model", ".spec.source.modelName"),
        Column("Stable", ".status.stable.version"),
        Column("Candidate", ".status.candidate.version"),
        Column("Weight", ".status.canaryWeight", "integer"),
        Column("State", ".status.state"),
        Column("Ready", f"{_READY}.status"),
        _AGE,
        Column("Suspended", ".spec.suspend", "boolean", wide=True),
        Column("Reason", f"{_READY}.reason", wide=True),
    ),
    rules=_SHORT_NAME,
)
MODEL_PROMOTION = Kind(
    name="ModelPromotion",
    short_name="mpromo",
    description="One attempt to let a version serve: what was tried, and the journal of how it went.",
    spec=PromotionSpec,
    status=PromotionStatus,
    selectable=".spec.deployment",
    columns=(
        Column("Deployment", ".spec.deployment"),
        Column("Version", ".spec.release.version"),
        Column("Trigger", ".spec.trigger"),
        Column("Phase", ".status.phase"),
        Column("Weight", ".status.weight", "integer"),
        Column("Reason", ".status.reason"),
        _AGE,
    ),
    rules={},
)


def crds_yaml() -> str:
    """Return both CRDs as the one file to apply."""
    crds = [kind.to_json() for kind in (MODEL_DEPLOYMENT, MODEL_PROMOTION)]
    # Through JSON nothing is there twice, which YAML would write as a reference.
    return _HEADER + yaml.safe_dump_all(json.loads(json.dumps(crds)), sort_keys=False, width=120, explicit_start=True)


if __name__ == "__main__":
    for file in sys.argv[1:]:
        Path(file).write_text(crds_yaml())
