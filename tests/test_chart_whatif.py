"""The chart before and after events dims what stays and marks the moment of re-planning."""

from __future__ import annotations

from datetime import datetime

from scheduler_core.charts import before_after
from scheduler_core.problem import Problem
from scheduler_core.replanning import MachineDown, moves, replan
from scheduler_core.rules import dispatch
from tests.builders import HOUR, one_machine


def test_chart_before_and_after_dims_what_stays_in_both_panels() -> None:
    """F0 is done when the machine goes down, and stays; F1 moves, and is selected in both."""
    problem = one_machine([HOUR, HOUR])
    problem = Problem(problem.families, problem.machines, datetime(2025, 8, 4))
    base = dispatch(problem, "fifo")
    down = [MachineDown("M", HOUR, 2 * HOUR)]
    plan = replan(problem, base, down, lambda rest: dispatch(rest, "fifo"), HOUR)
    moved = {(move.after.family_id, 1) for move in moves(base, plan.schedule)}
    schedules = {"Before": base, "After": plan.schedule}
    figure = before_after(plan.changed, schedules, now=HOUR, rows=["M"], moved=moved)
    bars = [trace for trace in figure.data if trace.name == "Late"]
    chosen = [[trace.customdata[i][0] for i in trace.selectedpoints] for trace in bars]
    assert chosen == [["F1"], ["F1"]]
    assert [trace.text for trace in bars] == [("", "F1"), ("", "F1")]
    assert [trace.selectedpoints for trace in figure.data if trace.name == "Down"] == [None, None]
    marks = [note for note in figure.layout.annotations if note.text == "Re-planned from here"]
    assert [note.x for note in marks] == ["2025-08-04T01:00:00"]


def test_chart_from_time_zero_shows_all_and_marks_today_only() -> None:
    """With nothing dimmed no bar is selected, and the line of today serves."""
    problem = one_machine([HOUR])
    base = dispatch(problem, "fifo")
    figure = before_after(problem, {"Before": base, "After": base}, now=0, rows=["M"])
    assert all(trace.selectedpoints is None for trace in figure.data)
    assert [note.text for note in figure.layout.annotations] == [
        "<b>Before</b>", "<b>After</b>", "Today",
    ]  # fmt: skip
