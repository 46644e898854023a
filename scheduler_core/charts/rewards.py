"""What reward weights do, as figures: the score by its terms, and the trade-off between figures."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Any, Literal

import plotly.graph_objects as go

from scheduler_core.charts.sheet import plain

Better = Literal["high", "low"]

_GRID = "rgba(128,140,152,0.22)"
_ROW_PIXELS = 25
_HEAD_PIXELS = 58
_FOOT_PIXELS = 36
_NAME_GAP = 0.05
"""Names on the front are this part of the axis apart, or they would cover each other."""


class Kind(StrEnum):
    """What made a schedule. Its value is the text in the legend."""

    RULE = "Rules"
    TRIED = "PPO, other settings tried"
    NOW = "These weights"


@dataclass(frozen=True, slots=True)
class Mark:
    """One schedule in the trade-off: its name, its two figures, and what made it."""

    name: str
    across: float
    up: float
    kind: Kind


@dataclass(frozen=True, slots=True)
class Axis:
    """A figure on an axis: its name, its unit, which way it is better."""

    title: str
    unit: str
    better: Better

    @property
    def text(self) -> str:
        """Title of the axis."""
        return f"{self.title}, {self.unit} · {_WAY[self.better]}"


_WAY = {"high": "higher is better", "low": "lower is better"}


@dataclass(frozen=True, slots=True)
class _Ink:
    now: str
    tried: str
    rule: str
    front: str
    text: str
    edge: str
    terms: tuple[str, str, str, str]


_LIGHT = _Ink(
    "#c8452c", "#1f6f8b", "#8797a5", "#5d6b78", "#1d2b36", "#ffffff",
    ("#2b7fb3", "#7fbf9e", "#c8452c", "#b58a2e"),
)  # fmt: skip
_DARK = _Ink(
    "#ee8a74", "#4fb3cf", "#8ea0b0", "#a9b6c1", "#e3eaef", "#12181d",
    ("#5fb0e0", "#3f8f6c", "#e0664c", "#e9b44c"),
)  # fmt: skip
_LOOKS: dict[Kind, dict[str, Any]] = {
    Kind.RULE: {"symbol": "circle", "size": 9},
    Kind.TRIED: {"symbol": "square-open", "size": 9},
    Kind.NOW: {"symbol": "star", "size": 15},
}
_TERM_NAMES = {
    "on_time_reward": ("On-time reward", ""),
    "early_bonus_per_day": ("Early bonus", "."),
    "late_penalty_per_day": ("Late penalty", "/"),
    "makespan_penalty_per_day": ("Makespan penalty", "x"),
}
"""Name and hatch of each term of the score."""


def trade_off(
    marks: Sequence[Mark], front: Sequence[int], across: Axis, up: Axis, *, dark: bool = False
) -> go.Figure:
    """Draw schedules by two figures, and the line of those that no other one beats.

    Parameters
    ----------
    marks
        The schedules.
    front
        Indices of those that no other one beats, from left to right.
    across, up
        What the axes show.
    dark
        Whether the page behind the figure is dark.
    """
    ink = _DARK if dark else _LIGHT
    figure = go.Figure()
    figure.add_trace(
        go.Scatter(
            x=[marks[i].across for i in front],
            y=[marks[i].up for i in front],
            mode="lines",
            name="Not beaten in both",
            # What can be had between two points is the worse of them: a stair, not a slope.
            line={
                "color": ink.front, "width": 1.5, "dash": "dot",
                "shape": "hv" if across.better == "low" else "vh",
            },
            hoverinfo="skip",
        )
    )  # fmt: skip
    named = _named(marks, front)
    outside = "left" if across.better == "low" else "right"
    # On the side of the worse: the stair leaves a point at its height, and rises to the better.
    away = "bottom" if up.better == "high" else "top"
    ends = _room_for_names(marks, named, across.better)
    for kind, colour in zip(Kind, (ink.rule, ink.tried, ink.now), strict=True):
        shown = [i for i, mark in enumerate(marks) if mark.kind is kind]
        figure.add_trace(
            go.Scatter(
                x=[marks[i].across for i in shown],
                y=[marks[i].up for i in shown],
                text=[
                    f"  {plain(marks[i].name)}  " if i in named or kind is Kind.NOW else ""
                    for i in shown
                ],
                customdata=[plain(marks[i].name) for i in shown],
                mode="markers+text",
                textposition=f"{away} {_side_with_room(marks, shown, ends)}"
                if kind is Kind.NOW
                else f"middle {outside}",
                textfont={"size": 11, "color": ink.text},
                cliponaxis=False,
                name=kind.value,
                marker=_LOOKS[kind] | {"color": colour, "line": {"color": colour, "width": 1.5}},
                hovertemplate=(
                    f"<b>%{{customdata}}</b><br>{across.title} %{{x:,.1f}} {across.unit}"
                    f"<br>{up.title} %{{y:,.1f}} {up.unit}<extra></extra>"
                ),
            )
        )
    figure.update_layout(
        height=400,
        margin={"l": 0, "r": 20, "t": 30, "b": 8},
        hovermode="closest",
        dragmode=False,
        legend=_LEGEND,
        xaxis=_axis(across.text) | {"range": ends},
        yaxis=_axis(up.text) | (_WITHIN_PERCENT if up.unit == "%" else {}),
    )
    return figure


def _named(marks: Sequence[Mark], front: Sequence[int]) -> set[int]:
    """Return the points on the front whose names there is room for."""
    height = max(mark.up for mark in marks) - min(mark.up for mark in marks)
    named: list[int] = []
    for i in front:
        if marks[i].kind is Kind.NOW:
            continue  # it is named in any case, on the other side
        if not named or abs(marks[i].up - marks[named[-1]].up) > _NAME_GAP * height:
            named.append(i)
    return set(named)


def _side_with_room(marks: Sequence[Mark], shown: Sequence[int], ends: Sequence[float]) -> str:
    """Return the side towards the middle of the axis: at the edge a long name would be cut off."""
    return "right" if all(2 * marks[i].across <= sum(ends) for i in shown) else "left"


def _room_for_names(
    marks: Sequence[Mark], named: Collection[int], better: Better
) -> tuple[float, float]:
    """Return the ends of the axis across, with room for the longest name where the front is."""
    low, high = min(mark.across for mark in marks), max(mark.across for mark in marks)
    width = (high - low) or 1.0
    longest = max((len(marks[i].name) for i in named), default=0)
    share = min(0.45, max(0.2, longest * _LETTER))
    wide, narrow = share / (1 - share) * width, 0.05 * width
    return (low - wide, high + narrow) if better == "low" else (low - narrow, high + wide)


_LETTER = 0.0115
"""Width of a letter of a name, as a share of the chart at its narrowest on a usual screen."""

_WITHIN_PERCENT = {"autorangeoptions": {"clipmin": 0, "clipmax": 100}}


_LEGEND = {
    "orientation": "h", "x": 0, "xanchor": "left", "y": 1.01, "yanchor": "bottom",
    "title": {"text": ""}, "traceorder": "normal", "itemsizing": "constant",
}  # fmt: skip


def _axis(title: str) -> dict[str, Any]:
    return {
        "title": {"text": title, "font": {"size": 12}},
        "gridcolor": _GRID,
        "zeroline": False,
        "automargin": True,
        "tickfont": {"size": 11},
        "nticks": 8,
        "fixedrange": True,
    }


def terms_of_scores(
    rows: Mapping[str, Mapping[str, float]], *, bold: str = "", dark: bool = False
) -> go.Figure:
    """Draw the score of each schedule as a stack: points earned to the right, lost to the left.

    Parameters
    ----------
    rows
        Points by the name of the weight (see `score_terms`), by the name of the schedule, from
        top to bottom.
    bold
        The name of the row that stands out.
    dark
        Whether the page behind the figure is dark.
    """
    ink = _DARK if dark else _LIGHT
    labels = [f"<b>{plain(name)}</b>" if name == bold else plain(name) for name in rows]
    figure = go.Figure()
    for (term, (title, hatch)), colour in zip(_TERM_NAMES.items(), ink.terms, strict=True):
        points = [terms[term] for terms in rows.values()]
        if not any(points):
            continue  # a weight of 0 is no entry in the legend
        figure.add_trace(
            go.Bar(
                orientation="h",
                name=title,
                y=labels,
                x=points,
                marker={
                    "color": colour,
                    "line": {"color": ink.edge, "width": 0.8},
                    "pattern": {
                        "shape": hatch,
                        "fillmode": "overlay",
                        "fgcolor": ink.edge,
                        "fgopacity": 0.6,
                        "size": 6,
                        "solidity": 0.2,
                    },
                },
                hovertemplate=f"<b>%{{y}}</b><br>{title} %{{x:,.0f}} points<extra></extra>",
            )
        )
    figure.add_trace(
        go.Scatter(
            x=[sum(terms.values()) for terms in rows.values()],
            y=labels,
            mode="markers",
            name="Score",
            marker={
                "symbol": "diamond", "size": 10, "color": ink.text,
                "line": {"color": ink.edge, "width": 1.5},
            },
            hovertemplate="<b>%{y}</b><br>Score %{x:,.0f} points<extra></extra>",
        )
    )  # fmt: skip
    figure.update_layout(
        height=_HEAD_PIXELS + len(rows) * _ROW_PIXELS + _FOOT_PIXELS,
        margin={"l": 0, "r": 20, "t": 30, "b": 8},
        barmode="relative",
        bargap=0.25,
        dragmode=False,
        legend=_LEGEND,
        xaxis=_axis("Points · lost to the left, earned to the right")
        | {"zeroline": True, "zerolinecolor": ink.front, "zerolinewidth": 1},
        yaxis={
            "autorange": "reversed", "categoryorder": "array", "categoryarray": labels,
            "tickmode": "linear", "automargin": True, "tickfont": {"size": 11},
            "showgrid": False, "fixedrange": True, "title": {"text": ""},
        },
    )  # fmt: skip
    return figure
