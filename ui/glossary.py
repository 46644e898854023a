"""What every figure is called, how it reads, and what it means: for tiles, tables and help."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from scheduler_core.objective import Metrics


@dataclass(frozen=True, slots=True)
class Figure:
    """One figure of `Metrics`, as shown to a planner."""

    name: str
    """Field of `Metrics`."""
    label: str
    short: str
    """The label where there is little room."""
    unit: Literal["%", "h", "s", "points", ""]
    better: Literal["high", "low"]
    meaning: str
    formula: str

    def value(self, metrics: Metrics) -> float:
        """Return the figure's value, a share as percent."""
        raw = float(getattr(metrics, self.name))
        return raw * 100 if self.unit == "%" else raw

    def text(self, value: float) -> str:
        """Return a value as text: as many digits as a planner can use, and its unit."""
        return self._number(value) + {"%": " %", "h": " h", "s": " s"}.get(self.unit, "")

    def change(self, difference: float) -> str:
        """Return a difference of two values with its sign; of shares in percentage points."""
        number = self._number(abs(difference))
        if number == self._number(0):
            return "±0"
        return ("-" if difference < 0 else "+") + number + " pts" * (self.unit == "%")

    def judge(self, difference: float) -> Literal["better", "worse"] | None:
        """Return whether a difference is for the better; None where it is neither.

        A few milliseconds more or less of runtime are neither good nor bad.
        """
        if self.change(difference) == "±0" or self.unit == "s":
            return None
        return "better" if (difference > 0) == (self.better == "high") else "worse"

    def _number(self, value: float) -> str:
        digits = {"%": 1, "h": 1 if abs(value) < 100 else 0, "s": 3, "points": 0, "": 0}[self.unit]
        return f"{value:,.{digits}f}"


FIGURES = (
    Figure(
        "on_time_rate", "On-time rate", "On time", "%", "high",
        "Share of families whose last task ends by their due time.",
        r"\frac{\text{families with } C \le D}{\text{families}}",
    ),
    Figure(
        "late_families", "Late families", "Late", "", "low",
        "Families that end after their due time, or never. Late work is still done.",
        r"\text{families with } C > D",
    ),
    Figure(
        "total_tardiness_hours", "Total tardiness", "Tardiness", "h", "low",
        "Hours late, added up over all families. A family that is early counts as zero.",
        r"\sum_f \max(0,\; C_f - D_f)",
    ),
    Figure(
        "mean_flow_time_hours", "Mean flow time", "Flow time", "h", "low",
        "How long a family is in the shop on average, from its material arrival to its last task.",
        r"\frac{1}{n} \sum_f (C_f - R_f)",
    ),
    Figure(
        "makespan_hours", "Makespan", "Makespan", "h", "low",
        "When the last task of all ends, counted from the moment of the snapshot.",
        r"\max_f C_f",
    ),
    Figure(
        "utilization", "Utilisation", "Utilisation", "%", "high",
        "Share of the time until the makespan in which the machines in use are working. A task "
        "that pauses is not work, and nights count: a machine in shifts never reaches 100 %.",
        r"\frac{\text{working time of tasks}}{\text{makespan} \times \text{machines in use}}",
    ),
    Figure(
        "delay_cost", "Delay cost", "Delay cost", "points", "low",
        "What the families lose by waiting for each other, in points of the reward weights. "
        "Zero means that nobody waited for anybody. Methods are compared by this figure.",
        r"\begin{gathered}\text{score if each family had} \\ "
        r"\text{the shop to itself} - \text{score}\end{gathered}",
    ),
    Figure(
        "runtime_seconds", "Runtime", "Runtime", "s", "low",
        "How long the computer took to make the schedule, reading files left out.",
        r"\text{wall time}",
    ),
)  # fmt: skip
"""The figures of the tiles, in the order of their importance."""

MORE_FIGURES = (
    Figure(
        "max_tardiness_hours", "Largest tardiness", "Latest", "h", "low",
        "How late the latest family is.",
        r"\max_f \max(0,\; C_f - D_f)",
    ),
    Figure(
        "task_on_time_rate", "Tasks on time", "Tasks on time", "%", "high",
        "Share of tasks that end by the due time of their family.",
        r"\frac{\text{tasks that end by } D}{\text{tasks}}",
    ),
    Figure(
        "completion_rate", "Tasks scheduled", "Scheduled", "%", "high",
        "Share of tasks that have a place in the schedule.",
        r"\frac{\text{tasks placed}}{\text{tasks}}",
    ),
    Figure(
        "score", "Score", "Score", "points", "high",
        "Points of all families together under the reward weights. It may be negative.",
        r"\sum_f \text{score}_f + \text{makespan penalty} \times \text{makespan}",
    ),
    Figure(
        "constraint_violations", "Violations", "Violations", "", "low",
        "Rules of the shop that the schedule breaks, found by the independent validator.",
        r"\text{violations}",
    ),
)  # fmt: skip
"""The figures that stand in the comparison table only."""
