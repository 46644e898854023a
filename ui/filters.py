"""The toolbar above the charts: what they show, and which tasks pass."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import streamlit as st

from scheduler_core.charts import View
from scheduler_core.problem import SECONDS_PER_DAY, Problem
from scheduler_core.schedule import Schedule, ScheduledTask
from ui import state

_VIEWS: dict[str, View] = {"By machine": "machine", "By family": "family"}
_ROWS = {"10": 10, "25": 25, "50": 50, "All": None}
_WINDOWS = {"All": None, "2 weeks": 14, "1 week": 7, "3 days": 3}


@dataclass(frozen=True, slots=True)
class Choice:
    """What the toolbar says."""

    by: View
    limit: int | None
    """Rows at most; None: all."""
    window: tuple[int, int] | None
    """First and last second of the time axis; None: everything."""
    machines: frozenset[str]
    """Only tasks on these; none: on all."""
    late_only: bool

    def passing(self, schedule: Schedule, late: frozenset[str]) -> Schedule:
        """Return what is left of a schedule, given the families that are late under it."""
        if not self.machines and not self.late_only:
            return schedule
        kept = [task for task in schedule if self._passes(task, late)]
        return Schedule(tuple(kept), schedule.method)

    def _passes(self, task: ScheduledTask, late: frozenset[str]) -> bool:
        return (not self.machines or task.machine in self.machines) and (
            not self.late_only or task.family_id in late
        )


def toolbar(problem: Problem, machines: Sequence[str]) -> Choice:
    """Draw the toolbar, given the machines in use, the busiest first; return what it says."""
    with st.container(horizontal=True, vertical_alignment="top", gap="xsmall", key="gantt_toolbar"):
        view = st.segmented_control(
            "Rows", list(_VIEWS), default="By machine", required=True,
            key=state.VIEW, bind="query-params",
        )  # fmt: skip
        limit = st.segmented_control(
            "How many", list(_ROWS), default="10", required=True,
            key=state.ROWS, bind="query-params",
        )  # fmt: skip
        window = st.selectbox(
            "Time window", [*_WINDOWS, *([state.ZOOMED] if state.zoom() else [])],
            key=state.WINDOW, persist_state="session", on_change=state.forget_zoom, width=112,
        )  # fmt: skip
        chosen = st.multiselect(
            "Machines", machines, placeholder="All", key=state.MACHINES, bind="query-params",
            width=165, wrap=False,
        )  # fmt: skip
        families = sorted(problem.families, key=lambda family: (family.due, family.id))
        st.selectbox(
            "Follow a family", [family.id for family in families], index=None,
            placeholder="None", key=state.FAMILY, bind="query-params",
            on_change=state.forget_selections, width=160,
            help="It stands out in the charts, and a panel tells what it waited for. A click on a "
            "bar does the same.",
        )  # fmt: skip
        st.segmented_control(
            "Show", ["All", state.LATE], default="All", required=True,
            key=state.SHOWN, bind="query-params",
            help="Late leaves only the tasks of families that are late, in the charts and in the "
            "table of all tasks.",
        )  # fmt: skip
    return Choice(
        _VIEWS[view or "By machine"],
        _ROWS[limit or "10"],
        _window(window or "All"),
        frozenset(chosen),
        state.late_only(),
    )


def _window(name: str) -> tuple[int, int] | None:
    days = _WINDOWS.get(name)
    return state.zoom() or ((-SECONDS_PER_DAY // 8, days * SECONDS_PER_DAY) if days else None)
