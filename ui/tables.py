"""Schedules as tables: the late families, every task, every figure."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import pandas as pd
import streamlit as st

from scheduler_core.charts import due_statuses
from scheduler_core.explanation import Floor
from scheduler_core.export import moment
from scheduler_core.problem import SECONDS_PER_HOUR, Family, Problem
from scheduler_core.schedule import Schedule, ScheduledTask
from ui import state
from ui.gantt import Panel
from ui.glossary import FIGURES, MORE_FIGURES
from ui.plans import Comparison

_TABLE_PIXELS = 320


def late_families(problem: Problem, schedules: Mapping[str, Schedule]) -> pd.DataFrame:
    """Return the families late under any of the schedules, the latest under the first on top."""
    completions = {label: schedule.completions(problem) for label, schedule in schedules.items()}
    last = {label: _last_machines(schedule) for label, schedule in schedules.items()}
    rows = []
    for family in problem.families:
        ends = {label: completions[label].get(family.id) for label in schedules}
        if all(end is not None and end <= family.due for end in ends.values()):
            continue
        rows.append(
            {"Family": family.id, "Urgent": "urgent" if family.is_urgent else ""}
            | {"Due": moment(problem, family.due)}
            | {f"{label}: hours late": _hours_late(family, end) for label, end in ends.items()}
            | {f"{label}: completion": moment(problem, end) for label, end in ends.items()}
            | {f"{label}: last machine": last[label].get(family.id) for label in schedules}
        )
    frame = pd.DataFrame(rows)
    keys = [f"{label}: hours late" for label in schedules]
    # A family that is never completed has no hours late, and is the worst of all.
    return (
        frame.sort_values(keys, ascending=False, na_position="first", ignore_index=True)
        if rows
        else frame
    )


def _hours_late(family: Family, end: int | None) -> float | None:
    return None if end is None else max(0, end - family.due) / SECONDS_PER_HOUR


def all_tasks(
    problem: Problem, schedule: Schedule, shown: Iterable[ScheduledTask] | None = None
) -> pd.DataFrame:
    """Return tasks of a schedule, in order of start: the Gantt chart as a table.

    Parameters
    ----------
    problem
        What was scheduled.
    schedule
        All of the schedule, which says how families stand and what waited.
    shown
        The tasks to list; all if None.
    """
    due = {family.id: family.due for family in problem.families}
    statuses, completions = due_statuses(problem, schedule), schedule.completions(problem)
    working = {machine.name: machine.working_time for machine in problem.machines}
    pauses = not all(each.is_always for each in working.values())
    floor = Floor(problem, schedule)
    rows = []
    for task in schedule if shown is None else shown:
        if task.family_id not in due:
            continue
        elapsed, known = task.end - task.start, working.get(task.machine)
        work = known.work_between(task.start, task.end) if known else elapsed
        end = completions.get(task.family_id)
        rows.append(
            {
                "Family": task.family_id,
                "Step": task.sequence,
                "Process": task.process_name,
                "Machine": task.machine,
                "Start": moment(problem, task.start),
                "End": moment(problem, task.end),
                "Hours": work / SECONDS_PER_HOUR,
            }
            | ({"Paused": (elapsed - work) / SECONDS_PER_HOUR} if pauses else {})
            | {
                "Waited": max(0, task.start - floor.ready(task)) / SECONDS_PER_HOUR,
                "Due": moment(problem, due[task.family_id]),
                "Slack": None if end is None else (due[task.family_id] - end) / SECONDS_PER_HOUR,
                "Status": statuses[task.family_id].value,
            }
        )
    return pd.DataFrame(rows)


def _last_machines(schedule: Schedule) -> dict[str, str]:
    """Return the machine of each family's last task."""
    return {task.family_id: task.machine for task in sorted(schedule, key=lambda task: task.end)}


def columns_of(frame: pd.DataFrame) -> dict[str, Any]:
    """Return how the columns of a frame read: dates as the shop writes them, hours with a digit."""
    columns: dict[str, Any] = {}
    for name in frame.columns:
        if pd.api.types.is_datetime64_any_dtype(frame[name]):
            columns[name] = st.column_config.DatetimeColumn(format="ddd DD MMM HH:mm")
        elif pd.api.types.is_float_dtype(frame[name]):
            columns[name] = st.column_config.NumberColumn(format="%.1f")
    return columns


def show_late_families(problem: Problem, comparison: Comparison) -> None:
    """Draw the table of late families; a row that is picked is followed in the charts."""
    frame = late_families(problem, comparison.schedules())
    if frame.empty:
        st.success("No family is late under any of these methods.", icon=":material/check_circle:")
        return
    st.caption("Pick a row to see above why the family is late. 0.0 hours late is on time.")
    families = list(frame["Family"])
    key = state.selection_key(state.LATE_TABLE)

    def take() -> None:
        rows = st.session_state[key].selection.rows
        if rows:
            state.pick(families[rows[0]])
        else:
            state.close_pick()

    st.dataframe(
        frame,
        hide_index=True,
        column_config=columns_of(frame),
        height="content" if len(frame) < 9 else _TABLE_PIXELS,
        placeholder="never",
        key=key,
        on_select=take,
        selection_mode="single-row",
        alt="Late families with due date, hours late, completion and last machine by method",
    )


def show_all_tasks(problem: Problem, panels: Sequence[Panel]) -> None:
    """Draw one plan's tasks that pass the filters; a row that is picked is followed above."""
    panel = _choose_panel(panels)
    shown, method = list(panel.schedule), panel.plan.method
    if not shown:
        st.info("No task passes the filters above: show All, or pick other machines.")
        return
    frame = all_tasks(problem, panel.plan.schedule, shown)
    st.caption(
        f"{len(frame):,} of {len(panel.plan.schedule):,} tasks. Pick a row to see above what the "
        "task waited for. Waited and Slack are hours; a late family has negative slack."
    )
    keys = list(zip(frame["Family"], frame["Step"].tolist(), strict=True))
    key = f"{state.selection_key(state.TASK_TABLE)}_{method}"

    def take() -> None:
        rows = st.session_state[key].selection.rows
        if rows:
            family, step = keys[rows[0]]
            state.pick(family, method, step)
        else:
            state.close_pick()

    st.dataframe(
        frame,
        hide_index=True,
        column_config=columns_of(frame),
        height=_TABLE_PIXELS,
        key=key,
        on_select=take,
        selection_mode="single-row",
        alt=f"Tasks of the schedule of {panel.plan.label}, in order of start",
    )


def _choose_panel(panels: Sequence[Panel]) -> Panel:
    """Draw the choice of the plan whose tasks are listed, where there are several."""
    if len(panels) == 1:
        return panels[0]
    by_label = {panel.plan.label: panel for panel in panels}
    label = st.segmented_control(
        "Tasks of", list(by_label), default=panels[0].plan.label, required=True, key="tasks_of",
        label_visibility="collapsed",
    )  # fmt: skip
    return by_label.get(label or "", panels[0])


def show_all_figures(comparison: Comparison) -> None:
    """Draw every figure of every plan side by side."""
    figures = (*FIGURES, *MORE_FIGURES)
    frame = pd.DataFrame({"Figure": [figure.label for figure in figures]})
    for plan in comparison.plans:
        frame[plan.label] = [figure.text(figure.value(plan.metrics)) for figure in figures]
    frame["Better"] = ["higher" if figure.better == "high" else "lower" for figure in figures]
    st.dataframe(
        frame,
        hide_index=True,
        height="content",
        alt="Every figure of every method, side by side",
    )
