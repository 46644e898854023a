"""Charts, panel and tables of page Schedule: what a click changes, and nothing else runs again."""

from __future__ import annotations

from collections.abc import Sequence

import streamlit as st

from scheduler_core.charts import DueStatus, Trail, due_statuses, row_names
from scheduler_core.explanation import Floor
from scheduler_core.problem import Problem
from ui import downloads, filters, gantt, state, tables, why
from ui.bench import Bench
from ui.gantt import Panel
from ui.part import in_place, part
from ui.plans import Comparison, Plan

_TABS = ["Late families", "All tasks", "All figures", "Downloads"]


@part
def show_desk(bench: Bench, problem: Problem, comparison: Comparison) -> None:
    """Draw the toolbar, the charts with the panel beside them, and the tables.

    Parameters
    ----------
    bench
        What the schedules were made from.
    problem
        Its problem, as dates can show it.
    comparison
        The plans on the screen.
    """
    machines = row_names(problem, [plan.schedule for plan in comparison.plans], "machine")
    choice = filters.toolbar(problem, machines)
    panels = [_panel(problem, plan, choice) for plan in comparison.plans]
    _show_charts(problem, panels, choice)
    _show_tabs(bench, problem, comparison, panels)
    gantt.listen_to_clicks(panels)


def _panel(problem: Problem, plan: Plan, choice: filters.Choice) -> Panel:
    statuses = due_statuses(problem, plan.schedule)
    late = frozenset(name for name, status in statuses.items() if status is DueStatus.LATE)
    return Panel(plan, late, choice.passing(plan.schedule, late))


@in_place
def _show_charts(problem: Problem, panels: Sequence[Panel], choice: filters.Choice) -> None:
    """Draw the charts, and beside them the panel of what was picked, if anything was."""
    pick = state.picked()
    plan = _plan_of(panels, pick)
    floor = Floor(problem, plan.schedule)
    story = why.story_of(problem, plan, pick.family, floor) if pick else None
    if pick is None or story is None:
        gantt.show_charts(problem, panels, choice, {})
        return
    step = why.step_of(story, pick.sequence)
    trails: dict[str, Trail] = {plan.method: why.trail_of(story, step)}
    charts, panel = st.columns([0.67, 0.33], gap="medium")
    with charts:
        gantt.show_charts(problem, panels, choice, trails)
    with panel, st.container(border=True, height=gantt.VIEWPORT_PIXELS, key="why"):
        why.show_panel(problem, plan, story, step, floor)


def _plan_of(panels: Sequence[Panel], pick: state.Pick | None) -> Plan:
    """Return the plan whose bar was clicked, else the leading one."""
    plans = {panel.plan.method: panel.plan for panel in panels}
    return plans.get(pick.method or "", panels[0].plan) if pick else panels[0].plan


def _show_tabs(
    bench: Bench, problem: Problem, comparison: Comparison, panels: Sequence[Panel]
) -> None:
    """Draw the tab that is open; a table of thousands of rows is not built before."""
    tabs = st.tabs(_TABS, key=state.TAB, on_change="rerun")
    for name, tab in zip(_TABS, tabs, strict=True):
        if not tab.open:
            continue
        with tab:
            if name == "Late families":
                tables.show_late_families(problem, comparison)
            elif name == "All tasks":
                tables.show_all_tasks(problem, panels)
            elif name == "All figures":
                tables.show_all_figures(comparison)
            else:
                downloads.show_downloads(bench, comparison)
