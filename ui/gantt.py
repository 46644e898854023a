"""The Gantt charts on the page: what they show, the time marked in them, and the bar clicked."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any, Literal

import plotly.graph_objects as go
import streamlit as st

from scheduler_core.charts import MAX_BARS, Trail, busiest_window, gantt, overview, row_names
from scheduler_core.explanation import moment
from scheduler_core.problem import SECONDS_PER_HOUR, Problem
from scheduler_core.schedule import Schedule, ScheduledTask
from ui import clicks, state
from ui.filters import Choice
from ui.plans import Plan

VIEWPORT_PIXELS = 640
"""Two panels of ten rows and a little; what is taller scrolls inside."""
_MAX_ROWS_OF_TRAIL = 12
"""By family each task of a trail has a row of its own: no more of these than fit a screen."""

_FACTS = 10
"""Values that a bar of a task carries: the family, the step, texts, the number of its panel."""

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
class Panel:
    """A plan, and what the filters leave of it."""

    plan: Plan
    late: frozenset[str]
    """Families that are late under the plan."""
    schedule: Schedule

    @property
    def title(self) -> str:
        """What stands above the panel."""
        count = self.plan.metrics.late_families
        return f"{self.plan.label} · {count:,} late famil{'y' if count == 1 else 'ies'}"


def show_charts(
    problem: Problem, panels: Sequence[Panel], choice: Choice, trails: Mapping[str, Trail]
) -> None:
    """Draw one Gantt chart per plan, all on one time axis.

    Parameters
    ----------
    problem
        What was scheduled.
    panels
        From top to bottom.
    choice
        What the toolbar says.
    trails
        What is to be outlined, by method.
    """
    schedules = {panel.title: panel.schedule for panel in panels}
    if not any(len(schedule) for schedule in schedules.values()):
        st.info("No task passes these filters: show All, or pick other machines.")
        return
    family = picked.family if (picked := state.picked()) else None
    choice = _with_family_in_view(choice, schedules, family)
    rows, left_out = _rows(problem, schedules, choice, family, trails)
    in_rows = _in_rows(schedules, choice, rows)
    window = busiest_window(_within(in_rows, choice.window)) or choice.window
    # Not cached: to copy a figure out of the cache takes as long as to build it.
    figure = gantt(
        problem,
        schedules,
        whole={panel.title: panel.plan.schedule for panel in panels},
        by=choice.by,
        rows=rows,
        highlight=frozenset({family} if family else ()),
        trails={panel.title: trails.get(panel.plan.method, Trail()) for panel in panels},
        window=window,
        dark=st.context.theme.type == "dark",
    )
    figure.update_layout(dragmode="select", selectdirection="h", clickmode="event")
    if len(in_rows) > MAX_BARS and window is not None:
        _show_overview(problem, panels[0], choice, rows, window)
    draw(
        figure,
        state.CHART,
        f"Gantt charts by {choice.by}: {', '.join(schedules)}",
        on_select=lambda: _take_box(state.CHART, problem.created_at),
        selection_mode="box",
    )
    st.caption(" ".join(_notes(figure, choice, (len(rows), left_out), window != choice.window)))


def listen_to_clicks(panels: Sequence[Panel]) -> None:
    """Have a click on a bar open its task; draws nothing."""
    methods = [panel.plan.method for panel in panels]
    clicks.listen(
        f"{state.CHART}_viewport", state.BAR_CLICKS, lambda facts: _take_bar(facts, methods)
    )


def draw(figure: go.Figure, key: str, alt: str, **selection: Any) -> None:
    """Draw a Gantt chart; what is much taller than a screen scrolls in a window of its own."""
    with st.container(height=height(figure), border=False, key=f"{key}_viewport"):
        st.plotly_chart(figure, key=key, config=_CONFIG, alt=alt, **selection)


def height(figure: go.Figure) -> int | Literal["content"]:
    """Return a height that scrolls where the charts are much taller than a screen."""
    return "content" if figure.layout.height <= VIEWPORT_PIXELS * 1.5 else VIEWPORT_PIXELS


def _show_overview(
    problem: Problem, panel: Panel, choice: Choice, rows: Sequence[str], window: tuple[int, int]
) -> None:
    """Draw the strip of the whole schedule, in which a stretch of time can be marked."""
    first, last = (moment(problem, second) for second in window)
    st.caption(
        f"Too much for one screen: the charts show {first} to {last}, the frame in this strip of "
        f"the tasks that run under {panel.plan.label}. Drag over the strip to look elsewhere."
    )
    tasks = _in_rows({"": panel.schedule}, choice, rows)
    dark = st.context.theme.type == "dark"
    st.plotly_chart(
        overview(problem, tasks, panel.late, window, dark=dark),
        key=state.OVERVIEW,
        config=_CONFIG,
        alt=f"How many tasks of {panel.plan.label} run at each time, and the stretch shown below",
        on_select=lambda: _take_box(state.OVERVIEW, problem.created_at),
        selection_mode="box",
    )


def _notes(
    figure: go.Figure,
    choice: Choice,
    rows: tuple[int, int],
    narrowed: bool,
) -> Iterator[str]:
    """Yield what is shown, what is left out, and what the mouse does."""
    shown, left_out = rows
    if left_out:
        kind = "machines in use" if choice.by == "machine" else "families"
        order = "busiest" if choice.by == "machine" else "earliest due"
        yield f"The {order} {shown} of {shown + left_out} {kind}."
    if narrowed:
        yield f"Of more than {MAX_BARS:,} tasks only the busiest part is shown."
    yield from _pauses(figure)
    yield "Click a bar to see why it waited; drag over a stretch of time to zoom in."


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


def _with_family_in_view(
    choice: Choice, schedules: Mapping[str, Schedule], family: str | None
) -> Choice:
    """Return the choice with a window wide enough for all bars of the family followed."""
    tasks = (task for schedule in schedules.values() for task in schedule)
    bars = [task for task in tasks if task.family_id == family]
    if choice.window is None or not bars:
        return choice
    first = min(choice.window[0], *(task.start for task in bars))
    last = max(choice.window[1], *(task.end for task in bars))
    return replace(choice, window=(first, last))


def _rows(
    problem: Problem,
    schedules: Mapping[str, Schedule],
    choice: Choice,
    family: str | None,
    trails: Mapping[str, Trail],
) -> tuple[list[str], int]:
    """Return the rows shown and how many are not; the family followed and its trail always are."""
    names = row_names(problem, schedules.values(), choice.by)
    tasks = [task for schedule in schedules.values() for task in schedule]
    kept = {_row(task, choice) for task in tasks if task.family_id == family}
    outlined = [_row(task, choice) for trail in trails.values() for task in trail.tasks()]
    kept |= set(list(dict.fromkeys(reversed(outlined)))[:_MAX_ROWS_OF_TRAIL])
    shown = [
        name
        for place, name in enumerate(names)
        if choice.limit is None or place < choice.limit or name in kept
    ]
    return shown, len(names) - len(shown)


def _row(task: ScheduledTask, choice: Choice) -> str:
    return task.machine if choice.by == "machine" else task.family_id


def _in_rows(
    schedules: Mapping[str, Schedule], choice: Choice, rows: Sequence[str]
) -> list[ScheduledTask]:
    """Return the tasks of all panels that have a row."""
    names = set(rows)
    return [
        task for schedule in schedules.values() for task in schedule if _row(task, choice) in names
    ]


def _within(
    tasks: Sequence[ScheduledTask], window: tuple[int, int] | None
) -> Sequence[ScheduledTask]:
    if window is None:
        return tasks
    return [task for task in tasks if task.start <= window[1] and task.end >= window[0]]


def _take_bar(facts: Sequence[Any], methods: Sequence[str]) -> None:
    """Look at the task that was clicked, or the family whose due date was; downtime has none."""
    if len(facts) == _FACTS:
        state.pick(facts[0], methods[facts[-1]], facts[1])
    elif len(facts) == 1:
        state.pick(facts[0])


def _take_box(key: str, zero: datetime | None) -> None:
    """Zoom to the stretch of time that was marked.

    No stretch means nothing: a chart that is drawn anew says so too, now and then.
    """
    boxes = st.session_state[key].selection.box
    if boxes:
        first, last = sorted(_seconds(value, zero) for value in boxes[0]["x"])
        state.set_zoom((first, last))


def _seconds(value: str | float, zero: datetime | None) -> int:
    """Return a position on the time axis as seconds from time zero."""
    if zero is None:
        return round(float(value) * SECONDS_PER_HOUR)
    return round((datetime.fromisoformat(str(value)) - zero.replace(tzinfo=None)).total_seconds())
