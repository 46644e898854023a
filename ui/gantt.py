"""The Gantt charts on the page: what they show, and the time marked in them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any, Literal

import plotly.graph_objects as go
import streamlit as st

from scheduler_core.charts import View, gantt, row_names
from scheduler_core.problem import SECONDS_PER_DAY, SECONDS_PER_HOUR, Problem
from scheduler_core.schedule import Schedule
from ui import state
from ui.plans import Comparison, Plan

_VIEWS: dict[str, View] = {"By machine": "machine", "By family": "family"}
_ROWS = {"10": 10, "25": 25, "50": 50, "All": None}
_WINDOWS = {"All": None, "2 weeks": 14, "1 week": 7, "3 days": 3}
_VIEWPORT_PIXELS = 640  # two panels of ten rows and a little; what is taller scrolls inside

# Plotly's own zoom is lost whenever the chart is drawn anew, so its buttons give way to a zoom
# that the page keeps: a stretch of time marked with the mouse.
_CONFIG = {
    "displaylogo": False,
    "modeBarButtonsToRemove": [
        "toImage", "zoom2d", "pan2d", "select2d", "lasso2d",
        "zoomIn2d", "zoomOut2d", "autoScale2d", "resetScale2d",
    ],
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class _Choice:
    """What the toolbar above the charts says."""

    by: View
    limit: int | None
    window: tuple[int, int] | None
    family: str | None


def show_charts(problem: Problem, comparison: Comparison) -> None:
    """Draw the toolbar and one Gantt chart per plan, all on one time axis."""
    schedules = {_title(plan): plan.schedule for plan in comparison.plans}
    choice = _with_family_in_view(_toolbar(problem), schedules)
    rows, left_out = _rows(problem, schedules, choice)
    # Not cached: to copy a figure out of the cache takes as long as to build it.
    figure = gantt(
        problem,
        schedules,
        by=choice.by,
        rows=rows,
        highlight=frozenset({choice.family} if choice.family else ()),
        window=choice.window,
        dark=st.context.theme.type == "dark",
    )
    figure.update_layout(dragmode="select", selectdirection="h")
    draw(
        figure,
        state.CHART,
        f"Gantt charts by {choice.by}: {', '.join(schedules)}",
        on_select=lambda: _take_selection(problem.created_at),
        selection_mode="box",
    )
    kind = "machines in use" if choice.by == "machine" else "families"
    order = "busiest" if choice.by == "machine" else "earliest due"
    shown = f"The {order} {len(rows)} of {len(rows) + left_out} {kind}." if left_out else ""
    zoom = "Drag over a stretch of time to zoom in; time window All zooms out."
    st.caption(" ".join([shown, *_pauses(figure), zoom]))


def draw(figure: go.Figure, key: str, alt: str, **selection: Any) -> None:
    """Draw a Gantt chart; what is much taller than a screen scrolls in a window of its own."""
    with st.container(height=_height(figure), border=False, key=f"{key}_viewport"):
        st.plotly_chart(figure, key=key, config=_CONFIG, alt=alt, **selection)


def _pauses(figure: go.Figure) -> Iterator[str]:
    """Yield what the reader must know of closed time and downtime, nothing where there is none."""
    still = figure.layout.meta
    if any(still.values()):
        yield "Tasks pause while their machine is closed or down."
    if still["longest_left_out"]:
        hours = still["longest_left_out"] / SECONDS_PER_HOUR
        yield f"Closed time of up to {hours:,.1f} h is left out; zoom in to see it."
    if still["shown_down"] < still["num_down"]:
        yield (
            f"The longest {still['shown_down']:,} of {still['num_down']:,} stretches of downtime "
            "are shown."
        )


def _title(plan: Plan) -> str:
    late = plan.metrics.late_families
    return f"{plan.label} · {late:,} late famil{'y' if late == 1 else 'ies'}"


def _toolbar(problem: Problem) -> _Choice:
    with st.container(horizontal=True, vertical_alignment="top", key="gantt_toolbar"):
        view = st.segmented_control(
            "Rows", list(_VIEWS), default="By machine", required=True,
            key=state.VIEW, bind="query-params",
        )  # fmt: skip
        limit = st.segmented_control(
            "How many", list(_ROWS), default="10", required=True,
            key=state.ROWS, bind="query-params",
        )  # fmt: skip
        window = st.segmented_control(
            "Time window", [*_WINDOWS, *([state.ZOOMED] if state.zoom() else [])], required=True,
            default="All",
            key=state.WINDOW, persist_state="session", on_change=state.forget_zoom,
        )  # fmt: skip
        families = sorted(problem.families, key=lambda family: (family.due, family.id))
        family = st.selectbox(
            "Follow a family", [family.id for family in families], index=None,
            placeholder="None", key=state.FAMILY, persist_state="session",
            on_change=state.clear_late_table, width=210,
        )  # fmt: skip
    return _Choice(
        _VIEWS[view or "By machine"], _ROWS[limit or "10"], _window(window or "All"), family
    )


def _window(name: str) -> tuple[int, int] | None:
    """Return the first and last second of the time axis, None for everything."""
    days = _WINDOWS.get(name)
    return state.zoom() or ((-SECONDS_PER_DAY // 8, days * SECONDS_PER_DAY) if days else None)


def _with_family_in_view(choice: _Choice, schedules: Mapping[str, Schedule]) -> _Choice:
    """Return the choice with a window wide enough for all bars of the family followed."""
    tasks = (task for schedule in schedules.values() for task in schedule)
    bars = [task for task in tasks if task.family_id == choice.family]
    if choice.window is None or not bars:
        return choice
    first = min(choice.window[0], *(task.start for task in bars))
    last = max(choice.window[1], *(task.end for task in bars))
    return replace(choice, window=(first, last))


def _rows(
    problem: Problem, schedules: Mapping[str, Schedule], choice: _Choice
) -> tuple[list[str], int]:
    """Return the rows shown and how many are not; those of the family followed always are."""
    names = row_names(problem, schedules.values(), choice.by)
    followed = {
        task.machine if choice.by == "machine" else task.family_id
        for schedule in schedules.values()
        for task in schedule
        if task.family_id == choice.family
    }
    shown = [
        name
        for place, name in enumerate(names)
        if choice.limit is None or place < choice.limit or name in followed
    ]
    return shown, len(names) - len(shown)


def _height(figure: go.Figure) -> int | Literal["content"]:
    """Return a height that scrolls where the charts are much taller than a screen."""
    return "content" if figure.layout.height <= _VIEWPORT_PIXELS * 1.5 else _VIEWPORT_PIXELS


def _take_selection(zero: datetime | None) -> None:
    """Zoom to the stretch of time that was marked.

    No stretch means nothing: a chart that is drawn anew says so too, now and then.
    """
    boxes = st.session_state[state.CHART].selection.box
    if boxes:
        first, last = sorted(_seconds(value, zero) for value in boxes[0]["x"])
        state.set_zoom((first, last))


def _seconds(value: str | float, zero: datetime | None) -> int:
    """Return a position on the time axis as seconds from time zero."""
    if zero is None:
        return round(float(value) * SECONDS_PER_HOUR)
    return round((datetime.fromisoformat(str(value)) - zero.replace(tzinfo=None)).total_seconds())
