"""Whether a model is good enough, and no worse than the one that serves: a pure decision."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any

from pydantic import BaseModel, ConfigDict, Field

from pigeonhole.classifier.evaluation import Evaluation


class GateParams(BaseModel):
    """Limits that a new model must meet; the section `gates` of params.yaml."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    min_documents: int = Field(5, ge=1, description="Documents in the holdout; fewer prove nothing.")
    min_macro_f1: float = Field(0.7, ge=0, le=1, description="Lowest macro-F1 on the holdout.")
    max_calibration_error: float = Field(
        0.15,
        ge=0,
        le=1,
        description="Greatest expected calibration error beyond what chance gives on so few documents.",
    )
    max_macro_f1_loss: float = Field(0.01, ge=0, le=1, description="How much macro-F1 may fall below the champion's.")
    max_class_f1_loss: float = Field(
        0.1, ge=0, le=1, description="How much a class's F1 may fall below the champion's."
    )
    min_class_documents: int = Field(10, ge=1, description="Holdout documents from which on a class's own F1 counts.")


@dataclass(frozen=True)
class Gate:
    """One condition: the value found, the limit, and whether it was met."""

    name: str
    value: float
    limit: float
    passed: bool


@dataclass(frozen=True)
class GateReport:
    """All conditions; the model passes when each is met."""

    gates: tuple[Gate, ...]

    @property
    def passed(self) -> bool:
        """Tell whether every gate was passed; no gate at all is no proof."""
        return bool(self.gates) and all(gate.passed for gate in self.gates)

    def to_json(self) -> dict[str, Any]:
        """Return the report as JSON values."""
        return {"passed": self.passed, "gates": [asdict(gate) for gate in self.gates]}


def judge(candidate: Evaluation, champion: Evaluation | None, params: GateParams) -> GateReport:
    """Return whether a candidate may serve.

    Args:
        candidate: The candidate on the holdout.
        champion: The serving model on the same documents, or None when nothing serves yet.
        params: The limits.
    """
    most_calibration_error = params.max_calibration_error + candidate.calibration_noise
    gates = [
        _at_least("documents", candidate.documents, params.min_documents),
        _at_least("macro_f1", candidate.macro_f1, params.min_macro_f1),
        _at_most("expected_calibration_error", candidate.expected_calibration_error, most_calibration_error),
    ]
    if champion is not None:
        gates.append(
            _at_least("macro_f1_vs_champion", candidate.macro_f1, champion.macro_f1 - params.max_macro_f1_loss)
        )
        gates.extend(_class_gates(candidate, champion, params))
    return GateReport(tuple(gates))


def _class_gates(candidate: Evaluation, champion: Evaluation, params: GateParams) -> list[Gate]:
    before: Mapping[str, float] = {scores.class_name: scores.f1 for scores in champion.per_class}
    return [
        _at_least(
            f"class_f1_vs_champion:{scores.class_name}", scores.f1, before[scores.class_name] - params.max_class_f1_loss
        )
        for scores in candidate.per_class
        if scores.support >= params.min_class_documents and scores.class_name in before
    ]


def _at_least(name: str, value: float, limit: float) -> Gate:
    return Gate(name, float(value), float(limit), value >= limit)


def _at_most(name: str, value: float, limit: float) -> Gate:
    return Gate(name, float(value), float(limit), value <= limit)
