"""Two schedules side by side as figures: where points are won and lost, who is late when.

In all of them what is better under the new schedule is blue, and what is worse is orange and
hatched or dashed: the two hues stay apart for the common colour vision deficiencies.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import plotly.graph_objects as go

from scheduler_core.charts.due import DueStatus
from scheduler_core.charts.sheet import Sheet, axis_name, plain
from scheduler_core.comparison import Difference, FamilyChange, MovedTask, ScoreChange
from scheduler_core.problem import SECONDS_PER_HOUR, Problem
from scheduler_core.schedule import ScheduledTask

MAX_STEPS = 14
"""Most families with a bar of their own in a waterfall, half of them losing if so many lose."""
MAX_LATENESS_ROWS = 24
"""Most families in the chart of hours late, half of them later if so many are."""

_ROW_PIXELS = 24
_GRID = "rgba(128,140,152,0.22)"
_MOMENT = "#8e4ec6"


@dataclass(frozen=True, slots=True)
class _Ink:
    better: str
    worse: str
    total: str
    text: str


_LIGHT = _Ink("#2f7fb8", "#c2591b", "#6b7b8a", "#1d2b36")
_DARK = _Ink("#5fb0e0", "#e9924c", "#9aa9b6", "#e3eaef")


@dataclass(frozen=True, slots=True)
class _Step:
    """One bar of the waterfall."""

    label: str
    points: float
    told: str
    """What the label at the mouse says of it."""
    family: str = ""


def waterfall(
    change: ScoreChange, old_title: str, new_title: str, *, dark: bool = False
) -> go.Figure:
    """Draw the way from the old score to the new one: families that win points, then that lose.

    The `MAX_STEPS` largest changes have a bar each, all others one together, and the makespan one
    where it counts. Bars of families have the family's id in their ``customdata``.

    Parameters
    ----------
    change
        What each family earns under both schedules.
    old_title, new_title
        What the schedules are called.
    dark
        Whether the page behind the figure is dark.
    """
    ink = _DARK if dark else _LIGHT
    steps = _steps(change)
    ends = [change.old_score]
    for step in steps:
        ends.append(ends[-1] + step.points)
    rows = [_row(index, plain(step.label)) for index, step in enumerate(steps, 1)]
    figure = go.Figure()
    for name, colour, hatch, sign in (
        ("Better", ink.better, "", 1),
        ("Worse", ink.worse, "/", -1),
    ):
        some = [i for i, step in enumerate(steps) if step.points * sign > 0]
        figure.add_trace(
            go.Bar(
                orientation="h", name=name, width=0.62,
                base=[ends[i] for i in some], x=[steps[i].points for i in some],
                y=[rows[i] for i in some],
                text=[f"{steps[i].points:+,.0f}" for i in some], textposition="outside",
                textfont={"size": 11, "color": ink.text}, cliponaxis=False,
                customdata=[[steps[i].family, steps[i].told] for i in some],
                hovertemplate="%{customdata[1]}<extra></extra>",
                marker={"color": colour, "line": {"width": 0}, "pattern": _pattern(hatch)},
            )
        )  # fmt: skip
    totals = [_row(0, plain(old_title)), _row(len(steps) + 1, plain(new_title))]
    figure.add_trace(_totals(change, totals, ink))
    _lay_out(figure, [totals[0], *rows, totals[1]], "Score in points")
    figure.update_xaxes(range=_with_margin([*ends, change.new_score]), tickformat=",.0f")
    return figure


def _steps(change: ScoreChange) -> list[_Step]:
    """Return the bars between the totals: gains, the largest first, the rest, then losses."""
    own, rest = _extremes(change.families, lambda each: each.points, MAX_STEPS)
    steps = [_Step(each.family.id, each.points, _tell(each), each.family.id) for each in own]
    if change.makespan_points:
        points = change.makespan_points
        steps.append(_Step("Makespan", points, f"Makespan: {points:+,.1f} points"))
    gains = [step for step in steps if step.points > 0]
    losses = [step for step in steps if step.points < 0]
    middle = []
    if rest:
        total = sum(each.points for each in rest)
        better = sum(each.points > 0 for each in rest)
        told = f"{better} earn more, {len(rest) - better} earn less: {total:+,.1f} points"
        middle = [_Step(f"{len(rest)} other families", total, told)]
    return [
        *sorted(gains, key=lambda step: -step.points),
        *middle,
        *sorted(losses, key=lambda step: -step.points),
    ]


def _extremes(
    changes: Sequence[FamilyChange], size: Callable[[FamilyChange], float], limit: int
) -> tuple[list[FamilyChange], list[FamilyChange]]:
    """Return the largest changes and the rest of those that are not zero.

    Up and down have half of the places each, so that no gain hides all losses; what one side does
    not need, the other has.
    """
    ups = sorted((each for each in changes if size(each) > 0), key=lambda each: -size(each))
    downs = sorted((each for each in changes if size(each) < 0), key=size)
    num_ups = min(len(ups), max(limit - limit // 2, limit - len(downs)))
    num_downs = min(len(downs), limit - num_ups)
    return ups[:num_ups] + downs[:num_downs], ups[num_ups:] + downs[num_downs:]


def _tell(change: FamilyChange) -> str:
    late = (change.old_tardiness, change.new_tardiness)
    before, after = (
        "never done" if each is None else f"{each / SECONDS_PER_HOUR:,.1f} h late" for each in late
    )
    name = plain(change.family.id)
    return f"<b>{name}</b>: {change.points:+,.1f} points<br>{before} → {after}"


def _totals(change: ScoreChange, rows: Sequence[str], ink: _Ink) -> go.Scatter:
    """Return both scores as marks: a bar from zero would dwarf what lies between them."""
    scores = [change.old_score, change.new_score]
    return go.Scatter(
        mode="markers+text",
        name="Score",
        showlegend=False,
        x=scores,
        y=list(rows),
        text=[f"  {score:,.0f}  " for score in scores],
        textposition=["middle right", "middle right"],
        textfont={"size": 12, "color": ink.text},
        cliponaxis=False,
        hovertemplate="%{x:,.1f} points<extra></extra>",
        marker={"symbol": "diamond", "size": 11, "color": ink.total},
    )


def lateness(
    changes: Sequence[FamilyChange], old_title: str, new_title: str, *, dark: bool = False
) -> go.Figure:
    """Draw the hours late of families under both schedules, joined by a line each.

    Of the families that differ most `MAX_LATENESS_ROWS` are shown, from the most hours won to the
    most lost. ``layout.meta`` says how many differ.

    Parameters
    ----------
    changes
        Families; those that one of the schedules never completes are left out.
    old_title, new_title
        What the schedules are called.
    dark
        Whether the page behind the figure is dark.
    """
    ink = _DARK if dark else _LIGHT
    own, rest = _extremes(changes, lambda each: each.tardiness or 0, MAX_LATENESS_ROWS)
    shown = sorted(own, key=lambda each: (each.tardiness, each.family.id))
    rows = [plain(each.family.id) for each in shown]
    hours = [
        [(seconds or 0) / SECONDS_PER_HOUR for seconds in (each.old_tardiness, each.new_tardiness)]
        for each in shown
    ]
    figure = go.Figure(
        layout={"meta": {"num_differing": len(own) + len(rest), "num_shown": len(shown)}}
    )
    for name, colour, dash, sign in (
        ("Less late", ink.better, "solid", -1),
        ("Later", ink.worse, "dot", 1),
    ):
        some = [i for i, each in enumerate(shown) if (each.tardiness or 0) * sign > 0]
        figure.add_trace(
            go.Scatter(
                mode="lines", name=name, hoverinfo="skip",
                x=[x for i in some for x in (*hours[i], None)],
                y=[y for i in some for y in (rows[i], rows[i], None)],
                line={"color": colour, "width": 3, "dash": dash},
            )
        )  # fmt: skip
    for which, (title, symbol) in enumerate(((old_title, "circle-open"), (new_title, "diamond"))):
        figure.add_trace(
            go.Scatter(
                mode="markers", name=plain(title), cliponaxis=False,
                x=[pair[which] for pair in hours], y=rows,
                customdata=[[each.family.id] for each in shown],
                hovertemplate=f"<b>%{{y}}</b><br>%{{x:,.1f}} h late, {plain(title)}<extra></extra>",
                marker={
                    "symbol": symbol, "size": 10, "color": ink.text, "line": {"width": 1.6},
                },
            )
        )  # fmt: skip
    _lay_out(figure, rows, "Hours late")
    figure.update_xaxes(rangemode="tozero", tickformat=",.0f")
    return figure


def _lay_out(figure: go.Figure, rows: Sequence[str], title: str) -> None:
    figure.update_layout(
        height=_ROW_PIXELS * len(rows) + 70,
        margin={"l": 0, "r": 30, "t": 24, "b": 40},
        barmode="overlay",
        hovermode="closest",
        dragmode=False,
        paper_bgcolor="rgba(0,0,0,0)",
        plot_bgcolor="rgba(0,0,0,0)",
        legend={
            "orientation": "h", "x": 1, "xanchor": "right", "y": 1, "yanchor": "bottom",
            "title": {"text": ""},
        },
    )  # fmt: skip
    figure.update_xaxes(
        title={"text": title, "font": {"size": 12}}, gridcolor=_GRID, zeroline=False,
        tickfont={"size": 11},
    )  # fmt: skip
    figure.update_yaxes(
        type="category", categoryorder="array", categoryarray=list(rows),
        range=[len(rows) - 0.5, -0.5], tickmode="array", tickvals=list(rows),
        ticktext=[row.partition(_MARK)[2] or row for row in rows],
        automargin=True, showgrid=False, zeroline=False, tickfont={"size": 11}, title={"text": ""},
    )  # fmt: skip


_MARK = "\N{UNIT SEPARATOR}"


def _row(number: int, label: str) -> str:
    """Return a row of its own for each bar: a family may be called as a method is."""
    return f"{number}{_MARK}{label}"


def _pattern(hatch: str) -> dict[str, Any]:
    return {"shape": hatch, "fillmode": "overlay", "fgcolor": "rgba(0,0,0,0.55)", "size": 6,
            "solidity": 0.16}  # fmt: skip


def _with_margin(values: Sequence[float]) -> list[float]:
    """Return a range with room for the texts beside the bars."""
    low, high = min(values), max(values)
    room = (high - low) * 0.14 or max(1.0, abs(high) * 0.01)
    return [low - room, high + room]


def mark_moved(figure: go.Figure, moves: Sequence[MovedTask]) -> None:
    """Show in Gantt charts of `gantt` the tasks that move at full strength, and dim all others."""
    moved = {(move.family_id, move.sequence) for move in moves}
    statuses = set(DueStatus)  # the names of the traces with tasks
    for trace in figure.data:
        if trace.name in statuses:
            facts = trace.customdata or ()
            chosen = [i for i, fact in enumerate(facts) if (fact[0], fact[1]) in moved]
            trace.selectedpoints = chosen


def mark_difference(
    figure: go.Figure, problem: Problem, rows: Sequence[str], difference: Difference
) -> None:
    """Mark a difference in two Gantt charts by machine, the new schedule's above the old one's.

    A line at the moment, and a frame around what each side takes.

    Parameters
    ----------
    figure
        What `gantt` drew of the two schedules.
    problem, rows
        What it was drawn from.
    difference
        One of the decisions in which the schedules differ.
    """
    sheet = Sheet(problem, "machine", list(rows), frozenset(), dark=False)
    moment = sheet.at(difference.moment)
    for panel, task in enumerate((difference.new, difference.old)):
        figure.add_shape(
            type="line", xref=axis_name("x", panel), yref=f"{axis_name('y', panel)} domain",
            x0=moment, x1=moment, y0=0, y1=1, name="Moment",
            line={"color": _MOMENT, "width": 2, "dash": "dot"},
        )  # fmt: skip
        if task is not None and task.machine in rows:
            figure.add_shape(_frame(sheet, panel, task, rows.index(task.machine)))


def _frame(sheet: Sheet, panel: int, task: ScheduledTask, row: int) -> dict[str, Any]:
    return {
        "type": "rect", "name": "Taken",
        "xref": axis_name("x", panel), "yref": axis_name("y", panel),
        "x0": sheet.at(task.start), "x1": sheet.at(task.end), "y0": row - 0.48, "y1": row + 0.48,
        "line": {"color": _MOMENT, "width": 2.5}, "fillcolor": "rgba(0,0,0,0)",
    }  # fmt: skip
