"""One sheet of Gantt charts: bars, marks and shades as traces, on a time axis they share."""

from __future__ import annotations

import html
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Any, Literal

import plotly.graph_objects as go

from scheduler_core.charts.due import DARK, LIGHT, DueStatus, Look
from scheduler_core.charts.hours import Standstill
from scheduler_core.problem import (
    SECONDS_PER_DAY,
    SECONDS_PER_HOUR,
    Family,
    Problem,
    WorkingTime,
)
from scheduler_core.schedule import Schedule, ScheduledTask

View = Literal["machine", "family"]

ROW_PIXELS = 20


@dataclass(frozen=True, slots=True)
class _Shade:
    """How time looks in which a machine does not work: veiled where closed, hatched where down."""

    closed: str
    """Lets bars show through, so that a task is seen to pause."""
    down: str


@dataclass(frozen=True, slots=True)
class Trail:
    """Tasks of one schedule that stand out by their outline: why a task waited, or a family."""

    picked: ScheduledTask | None = None
    """The task that was clicked: a bold outline."""
    others: tuple[ScheduledTask, ...] = ()
    """What it waited for, and what that waited for: a thin one."""

    def tasks(self) -> list[ScheduledTask]:
        """Return all of them, the picked one last, so that its outline is on top."""
        return [*self.others, *([self.picked] if self.picked else [])]


_LIGHT_SHADE = _Shade("rgba(72,92,112,0.14)", "#4a5560")
_DARK_SHADE = _Shade("rgba(190,205,220,0.13)", "#b4c0ca")


class Sheet:
    """What all panels of one figure share: rows, time axis, families and looks."""

    def __init__(
        self,
        problem: Problem,
        by: View,
        rows: list[str],
        highlight: frozenset[str],
        *,
        dark: bool,
    ) -> None:
        self.by = by
        self.rows = rows
        self.highlight = highlight
        self.looks: Mapping[DueStatus, Look] = DARK if dark else LIGHT
        self.shade = _DARK_SHADE if dark else _LIGHT_SHADE
        self.families: dict[str, Family] = {family.id: family for family in problem.families}
        self._machines = {machine.name: machine for machine in problem.machines}
        self._working: dict[str, WorkingTime | None] = {}
        # Wall-clock time, as the shop reads it: Plotly would shift an aware time to UTC.
        zero = problem.created_at
        self.zero = zero.replace(tzinfo=None) if zero is not None else None

    def at(self, second: int) -> str | float:
        """Return a position on the time axis: a calendar date where known, else hours."""
        if self.zero is None:
            return second / SECONDS_PER_HOUR
        return (self.zero + timedelta(seconds=second)).isoformat()

    def length(self, seconds: int) -> float:
        """Return a length along the time axis: milliseconds on a calendar, else hours."""
        return seconds * 1000 if self.zero is not None else seconds / SECONDS_PER_HOUR

    def clock(self, second: int) -> str:
        """Return a point in time as a planner reads it."""
        if self.zero is None:
            return f"{second / SECONDS_PER_HOUR:,.1f} h"
        return f"{self.zero + timedelta(seconds=second):%a %d %b %Y %H:%M}"

    def extent(self, schedules: Iterable[Schedule]) -> tuple[int, int]:
        """Return the seconds from time zero, or the first running task, to the last end.

        By family the last due time counts too, so that every mark to come is in sight.
        """
        tasks = [task for schedule in schedules for task in schedule]
        dues = [self.families[name].due for name in self.rows] if self.by == "family" else []
        first = min([0, *(task.start for task in tasks)])
        last = max([SECONDS_PER_DAY, *(task.end for task in tasks), *dues])
        pad = (last - first) // 80
        return first - pad, last + pad

    def row_labels(self) -> list[str]:
        """Return the names of the rows as Plotly is to print them."""
        return [plain(name) for name in self.rows]

    def row(self, task: ScheduledTask) -> str:
        """Return the row that a task's bar is in."""
        return task.machine if self.by == "machine" else task.family_id

    def visible(self, schedule: Schedule, window: tuple[int, int]) -> list[ScheduledTask]:
        """Return the tasks of known families in the rows and the stretch of time shown."""
        rows = set(self.rows)
        return [
            task
            for task in schedule
            if self.row(task) in rows
            and task.family_id in self.families
            and task.start <= window[1]
            and task.end >= window[0]
        ]

    def bars(
        self, panel: int, status: DueStatus, tasks: Sequence[ScheduledTask], labelled: bool
    ) -> go.Bar:
        """Return the bars of one status in one panel.

        Where there are none it has a single empty bar, without which the legend would leave the
        status out.
        """
        look = self.looks[status]
        chosen = [i for i, task in enumerate(tasks) if task.family_id in self.highlight]
        return go.Bar(
            orientation="h",
            name=status.value,
            legendgroup=status.value,
            showlegend=panel == 0,
            xaxis=axis_name("x", panel),
            yaxis=axis_name("y", panel),
            base=[self.at(task.start) for task in tasks] or _EMPTY,
            x=[self.length(task.end - task.start) for task in tasks] or _EMPTY,
            y=[plain(self.row(task)) for task in tasks] or _EMPTY,
            width=0.86,
            customdata=[self._facts(task, panel) for task in tasks],
            hovertemplate=_HOVER,
            text=[self._label(task) for task in tasks] if labelled else None,
            textposition="inside" if labelled else "none",
            textangle=0,
            insidetextanchor="middle",
            insidetextfont={"color": look.text, "size": 10},
            marker=_marker(look),
            selectedpoints=chosen if self.highlight else None,
            # Plotly fails on the one without the other while a stretch of time is marked.
            selected={"textfont": {"color": look.text}},
            unselected={"marker": {"opacity": 0.13}, "textfont": {"color": "rgba(0,0,0,0)"}},
        )

    def trail(self, panel: int, trail: Trail, statuses: Mapping[str, DueStatus]) -> go.Bar | None:
        """Return the outlined tasks of a panel over its other bars; None if none is in a row."""
        rows = set(self.rows)
        shown = [
            task
            for task in trail.tasks()
            if self.row(task) in rows and task.family_id in self.families
        ]
        if not shown:
            return None
        looks = [self.looks[statuses[task.family_id]] for task in shown]
        widths = [3 if task == trail.picked else 1.2 for task in shown]
        return go.Bar(
            orientation="h",
            name="Picked, and what it waited for",
            legendgroup="trail",
            legendrank=_LAST,
            showlegend=False,
            xaxis=axis_name("x", panel),
            yaxis=axis_name("y", panel),
            base=[self.at(task.start) for task in shown],
            x=[self.length(task.end - task.start) for task in shown],
            y=[plain(self.row(task)) for task in shown],
            width=0.86,
            customdata=[self._facts(task, panel) for task in shown],
            hovertemplate=_HOVER.replace("%{fullData.name}", ""),
            marker={
                "color": [look.fill for look in looks],
                "line": {"color": TRAIL, "width": widths},
                "pattern": {
                    "shape": [look.hatch for look in looks],
                    "fillmode": "overlay",
                    "fgcolor": [look.hatch_colour for look in looks],
                    "fgopacity": 0.55,
                    "size": 6,
                    "solidity": 0.18,
                },
            },
        )

    def veil(self, panel: int, spans: Iterable[Standstill]) -> dict[str, Any]:
        """Return closed time over the bars of one panel, as one shape.

        Thousands of spans are one path, where thousands of bars would take as long to draw as the
        tasks. In a path a row is its number, and a date is without its T, which would be a curve.
        """
        row = {name: number for number, name in enumerate(self.rows)}
        boxes = []
        for span in spans:
            start, end = (str(self.at(t)).replace("T", "_") for t in (span.start, span.end))
            top, bottom = row[span.machine] - 0.5, row[span.machine] + 0.5
            boxes.append(f"M{start},{top}L{end},{top}L{end},{bottom}L{start},{bottom}Z")
        return {
            "type": "path",
            "path": "".join(boxes),
            "name": "Closed",
            "legendgroup": "closed",
            "legendrank": _LAST,
            "showlegend": panel == 0,
            "xref": axis_name("x", panel),
            "yref": axis_name("y", panel),
            "fillcolor": self.shade.closed,
            "line": {"width": 0},
        }

    def downtime(self, panel: int, spans: Sequence[Standstill]) -> go.Bar:
        """Return downtime in one panel as hatched bars over the others; they tell its reason."""
        return go.Bar(
            orientation="h",
            name="Down",
            legendgroup="down",
            legendrank=_LAST,
            showlegend=panel == 0,
            xaxis=axis_name("x", panel),
            yaxis=axis_name("y", panel),
            base=[self.at(span.start) for span in spans],
            x=[self.length(span.end - span.start) for span in spans],
            y=[plain(span.machine) for span in spans],
            width=1,
            customdata=[
                [_because(span.reason), self.clock(span.start), self.clock(span.end)]
                for span in spans
            ],
            hovertemplate=_DOWN_HOVER,
            marker={
                "color": self.shade.down,
                "line": {"color": self.shade.down, "width": 1},
                "pattern": {"shape": "\\", "fillmode": "replace", "size": 5, "solidity": 0.3},
            },
        )

    def due_marks(self, panel: int) -> go.Scatter:
        """Return a mark at each family's due time, for the family view."""
        return go.Scatter(
            mode="markers",
            name="Due date",
            legendgroup="due",
            showlegend=panel == 0,
            xaxis=axis_name("x", panel),
            yaxis=axis_name("y", panel),
            x=[self.at(self.families[name].due) for name in self.rows],
            y=self.row_labels(),
            customdata=[[name] for name in self.rows],
            text=[self.clock(self.families[name].due) for name in self.rows],
            hovertemplate="<b>%{y}</b><br>due %{text}<extra></extra>",
            marker={
                "symbol": "diamond-tall",
                "size": 9,
                "color": self.looks[DueStatus.FINE].text,
                "line": {"color": self.looks[DueStatus.FINE].fill, "width": 1},
            },
        )

    def _label(self, task: ScheduledTask) -> str:
        """Return the text in a bar, none in one that is dimmed."""
        if self.highlight and task.family_id not in self.highlight:
            return ""
        return plain(task.family_id if self.by == "machine" else task.machine)

    def _facts(self, task: ScheduledTask, panel: int) -> list[str | int]:
        """Return what a bar tells: its task's id, the texts of the hover label, its panel."""
        family = self.families[task.family_id]
        return [
            task.family_id,
            task.sequence,
            plain(f"{task.family_id}{' (urgent)' if family.is_urgent else ''}"),
            plain(task.process_name),
            plain(task.machine),
            self.clock(task.start),
            self.clock(task.end),
            self.clock(family.due),
            self._duration(task),
            panel,
        ]

    def _duration(self, task: ScheduledTask) -> str:
        """Return how long a task takes, and how much of that is pause."""
        elapsed = task.end - task.start
        working = self._working_time(task.machine)
        work = working.work_between(task.start, task.end) if working else elapsed
        if work == elapsed:
            return _hours(work)
        return f"{_hours(work)} of work, paused {_hours(elapsed - work)}"

    def _working_time(self, machine: str) -> WorkingTime | None:
        """Return when a machine works, None for one that the problem does not have."""
        if machine not in self._working:
            known = self._machines.get(machine)
            self._working[machine] = known.working_time if known else None
        return self._working[machine]


TRAIL = "#8e4ec6"
"""What belongs to a family that is followed: its due line, and outlines."""

_EMPTY: list[Any] = [None]
_LAST = 2_000
"""Rank in the legend behind the statuses, which have Plotly's default of 1,000."""

_HOVER = (
    "<b>%{customdata[2]}</b> · step %{customdata[1]}, %{customdata[3]}<br>"
    "on %{customdata[4]} for %{customdata[8]}<br>"
    "%{customdata[5]} → %{customdata[6]}<br>"
    "due %{customdata[7]}<extra>%{fullData.name}</extra>"
)


_DOWN_HOVER = (
    "<b>%{y}</b> is down%{customdata[0]}<br>%{customdata[1]} → %{customdata[2]}<extra></extra>"
)


def _because(reason: str) -> str:
    return f": {plain(reason)}" if reason else ""


def _hours(seconds: int) -> str:
    return f"{seconds / SECONDS_PER_HOUR:,.2f} h"


def plain(text: str) -> str:
    """Return a name from a file so that Plotly prints it and reads no markup in it."""
    return html.escape(text, quote=False)


def _marker(look: Look) -> dict[str, Any]:
    return {
        "color": look.fill,
        "line": {"color": look.edge, "width": 0.8},
        "pattern": {
            "shape": look.hatch,
            "fillmode": "overlay",
            "fgcolor": look.hatch_colour,
            "fgopacity": 0.55,
            "size": 6,
            "solidity": 0.18,
        },
    }


def axis_name(letter: Literal["x", "y"], panel: int) -> str:
    """Return the name of a panel's axis."""
    return letter if panel == 0 else f"{letter}{panel + 1}"
