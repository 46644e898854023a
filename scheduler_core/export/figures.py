"""The figures of a schedule as files for people show them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from scheduler_core.objective import Metrics


@dataclass(frozen=True, slots=True)
class Figure:
    """A field of `Metrics` with its name and unit."""

    name: str
    label: str
    unit: Literal["%", "h", "s", "points", ""]
    better: Literal["higher", "lower"]

    def value(self, metrics: Metrics) -> float:
        """Return the figure, a share from 0 to 1."""
        return float(getattr(metrics, self.name))


FIGURES = (
    Figure("on_time_rate", "On-time rate", "%", "higher"),
    Figure("late_families", "Late families", "", "lower"),
    Figure("total_tardiness_hours", "Total tardiness", "h", "lower"),
    Figure("max_tardiness_hours", "Largest tardiness", "h", "lower"),
    Figure("mean_flow_time_hours", "Mean flow time", "h", "lower"),
    Figure("makespan_hours", "Makespan", "h", "lower"),
    Figure("utilization", "Utilisation", "%", "higher"),
    Figure("task_on_time_rate", "Tasks on time", "%", "higher"),
    Figure("completion_rate", "Tasks scheduled", "%", "higher"),
    Figure("delay_cost", "Delay cost", "points", "lower"),
    Figure("score", "Score", "points", "higher"),
    Figure("constraint_violations", "Violations", "", "lower"),
    Figure("runtime_seconds", "Runtime", "s", "lower"),
)
"""In the order of their importance to a planner."""


def figure_text(figure: Figure, metrics: Metrics) -> str:
    """Return a figure with its unit."""
    value = figure.value(metrics)
    if figure.unit == "%":
        return f"{value:.1%}".replace("%", " %")
    digits = {"h": 1, "s": 3}.get(figure.unit, 0)
    unit = f" {figure.unit}" if figure.unit in ("h", "s") else ""
    return f"{value:,.{digits}f}{unit}"
