"""A bench's figures beside their goals: what every bench reports."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Literal


@dataclass(frozen=True)
class Figure:
    """A figure with its goal; without a value, `reason` says why it could not be measured."""

    name: str
    value: float | None
    unit: str
    goal: float
    direction: Literal["min", "max"]
    reason: str = ""

    @property
    def met(self) -> bool | None:
        """Whether the goal is reached, by the figure as it was measured and not as it is printed."""
        if self.value is None:
            return None
        return self.value >= self.goal if self.direction == "max" else self.value <= self.goal

    def to_json(self) -> dict[str, Any]:
        """Return the figure as JSON values."""
        shown = None if self.value is None else round(self.value, 4)
        values = {"name": self.name, "value": shown, "unit": self.unit, "goal": self.goal}
        reason = {"reason": self.reason} if self.value is None else {}
        return {**values, "direction": self.direction, "met": self.met, **reason}


def figures_table(figures: Sequence[Figure]) -> str:
    """Return the figures beside their goals, for people."""
    return "\n".join(_row(figure) for figure in figures)


def _row(figure: Figure) -> str:
    sign = ">=" if figure.direction == "max" else "<="
    goal = f"{sign} {figure.goal:g}"
    if figure.value is None:
        return f"  {figure.name:<32}{'-':>10}  goal {goal:<8}  not measured: {figure.reason}"
    verdict = "met" if figure.met else "NOT MET"
    return f"  {figure.name:<32}{figure.value:10.3f}  goal {goal:<8}  {verdict}"
