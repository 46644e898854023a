"""What to show of a schedule with too many bars: its busiest stretch, and a strip of all of it."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

import numpy as np
import numpy.typing as npt
import plotly.graph_objects as go

from scheduler_core.charts.due import DARK, LIGHT, DueStatus
from scheduler_core.charts.sheet import TRAIL, Sheet
from scheduler_core.problem import Problem
from scheduler_core.schedule import ScheduledTask

MAX_BARS = 5_000
"""Bars that a browser draws without a stutter: 0.3 s, where 10,000 take 1.1 s."""
SLICES = 240
"""Slices of time in the strip: a few pixels each."""
STRIP_PIXELS = 104

_Times = npt.NDArray[np.int64]


def busiest_window(tasks: Sequence[ScheduledTask], most: int = MAX_BARS) -> tuple[int, int] | None:
    """Return the shortest stretch of time with about ``most`` tasks in it, and no more.

    None if there are no more tasks than that, so that all can be shown.
    """
    if len(tasks) <= most:
        return None
    starts = np.sort(np.array([task.start for task in tasks], np.int64))
    ends = np.sort(np.array([task.end for task in tasks], np.int64))
    count = most
    while count > 1:
        spans = starts[count - 1 :] - starts[: len(starts) - count + 1]
        first = int(np.argmin(spans))
        window = int(starts[first]), int(starts[first + count - 1])
        inside = _touching(starts, ends, window)
        if inside <= most:
            return window
        count -= max(1, inside - most)  # those that run when the stretch begins
    return int(starts[0]), int(starts[0])


def _touching(starts: _Times, ends: _Times, window: tuple[int, int]) -> int:
    """Return how many tasks run in a window, its ends included; starts and ends are sorted."""
    begun = np.searchsorted(starts, window[1], side="right")
    over = np.searchsorted(ends, window[0], side="left")
    return int(begun - over)


def overview(
    problem: Problem,
    tasks: Iterable[ScheduledTask],
    late: frozenset[str],
    window: tuple[int, int],
    *,
    dark: bool = False,
) -> go.Figure:
    """Draw how many tasks run at each time, those of late families below, and the window shown.

    Parameters
    ----------
    problem
        Its ``created_at``, where known, makes the axis a calendar.
    tasks
        What to count, of one schedule.
    late
        Families that are late under it.
    window
        First and last second of what the charts show.
    dark
        Whether the page behind the figure is dark.
    """
    sheet = Sheet(problem, "machine", [], frozenset(), dark=dark)
    shown = list(tasks)
    first = min((task.start for task in shown), default=0)
    last = max((task.end for task in shown), default=1)
    edges = np.unique(np.linspace(first, last, SLICES + 1).astype(np.int64))
    looks = DARK if dark else LIGHT
    figure = go.Figure()
    for name, look, some in (
        ("Late", looks[DueStatus.LATE], [task for task in shown if task.family_id in late]),
        ("In time", looks[DueStatus.FINE], [task for task in shown if task.family_id not in late]),
    ):
        figure.add_trace(
            go.Bar(
                name=name,
                x=[sheet.at(int(edge)) for edge in edges[:-1]],
                y=_running(some, edges).round(2).tolist(),
                width=[sheet.length(int(size)) for size in np.diff(edges)],
                offset=0,
                marker={"color": look.fill, "line": {"width": 0}},
                hovertemplate="%{x}: %{y:.0f} tasks running<extra>%{fullData.name}</extra>",
            )
        )
    _lay_out(figure, sheet, (first, last), window)
    return figure


def _running(tasks: Sequence[ScheduledTask], edges: _Times) -> npt.NDArray[np.float64]:
    """Return the mean number of running tasks in each slice between two edges."""
    starts = np.sort(np.array([task.start for task in tasks], np.int64))
    ends = np.sort(np.array([task.end for task in tasks], np.int64))
    # Seconds of all tasks up to an edge: what has begun, less what is over.
    done = _seconds_past(starts, edges) - _seconds_past(ends, edges)
    running: npt.NDArray[np.float64] = np.diff(done) / np.diff(edges)
    return running


def _seconds_past(times: _Times, edges: _Times) -> _Times:
    """Return, for each edge, the sum of edge - time over the times before it; times are sorted."""
    before = np.searchsorted(times, edges)
    sums = np.concatenate(([0], np.cumsum(times)))
    seconds: _Times = before * edges - sums[before]
    return seconds


def _lay_out(
    figure: go.Figure, sheet: Sheet, extent: tuple[int, int], window: tuple[int, int]
) -> None:
    pad = (extent[1] - extent[0]) // 80
    figure.add_shape(
        type="rect", xref="x", yref="y domain", y0=0, y1=1,
        x0=sheet.at(max(window[0], extent[0] - pad)), x1=sheet.at(min(window[1], extent[1] + pad)),
        line={"color": TRAIL, "width": 1.5}, fillcolor="rgba(142,78,198,0.12)",
    )  # fmt: skip
    figure.update_layout(
        height=STRIP_PIXELS,
        margin={"l": 0, "r": 8, "t": 4, "b": 22},
        barmode="stack",
        bargap=0,
        dragmode="select",
        selectdirection="h",
        showlegend=False,
        xaxis={
            "range": [sheet.at(extent[0] - pad), sheet.at(extent[1] + pad)],
            "type": "linear" if sheet.zero is None else "date",
            "showgrid": False,
            "title": {"text": ""},
        },
        yaxis={
            "title": {"text": "tasks", "font": {"size": 11}},
            "fixedrange": True,
            "gridcolor": "rgba(128,140,152,0.22)",
            "nticks": 4,
        },
    )
