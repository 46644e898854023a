"""A plan before and after events, on one time axis, and the tasks that move at full strength."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence

import plotly.graph_objects as go

from scheduler_core.charts.gantt import gantt
from scheduler_core.charts.sheet import Sheet, View, axis_name
from scheduler_core.problem import Problem
from scheduler_core.schedule import Schedule

_NOW = "#8e4ec6"


def before_after(
    problem: Problem,
    schedules: Mapping[str, Schedule],
    *,
    now: int,
    rows: Sequence[str],
    by: View = "machine",
    moved: Collection[tuple[str, int]] | None = None,
    window: tuple[int, int] | None = None,
    dark: bool = False,
) -> go.Figure:
    """Draw plans of a shop that events have changed, with the moment of re-planning marked.

    Parameters
    ----------
    problem
        The shop after the events: its downtime and closed time show in every panel.
    schedules
        Title of the panel and what it shows, from top to bottom.
    now
        The moment of re-planning, in seconds from time zero; 0 is marked as today anyway.
    rows
        Machine names or family ids to show, from top to bottom.
    by
        What a row is.
    moved
        Tasks (family and sequence) to show at full strength while all others are dimmed; None
        dims nothing.
    window
        First and last second of the time axis; everything if None.
    dark
        Whether the page behind the figure is dark.
    """
    figure = gantt(problem, schedules, by=by, rows=rows, window=window, dark=dark)
    if moved is not None:
        _dim_all_but(figure, frozenset(moved))
    if now > 0:
        sheet = Sheet(problem, by, list(rows), frozenset(), dark=dark)
        _mark_now(figure, sheet.at(now), len(schedules))
    return figure


def _dim_all_but(figure: go.Figure, moved: frozenset[tuple[str, int]]) -> None:
    """Select the bars of some tasks; the bars of downtime name no task and stay."""
    for trace in figure.data:
        if not isinstance(trace, go.Bar) or trace.legendgroup == "down":
            continue
        facts = trace.customdata if trace.customdata is not None else ()
        chosen = [i for i, fact in enumerate(facts) if (fact[0], fact[1]) in moved]
        if trace.text is not None:
            trace.text = ["" if i not in set(chosen) else t for i, t in enumerate(trace.text)]
        trace.selectedpoints = chosen


def _mark_now(figure: go.Figure, position: str | float, panels: int) -> None:
    """Draw a line through all panels, its name under the last one."""
    figure.add_annotation(
        xref=axis_name("x", panels - 1), yref="paper", x=position, y=0, yanchor="top",
        text="Re-planned from here", showarrow=False, font={"size": 11, "color": _NOW},
    )  # fmt: skip
    for panel in range(panels):
        figure.add_shape(
            type="line", xref=axis_name("x", panel), yref=f"{axis_name('y', panel)} domain",
            x0=position, x1=position, y0=0, y1=1,
            line={"color": _NOW, "width": 1.5, "dash": "dash"},
        )  # fmt: skip
