"""Curves of training runs as small charts side by side on one axis."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import plotly.graph_objects as go

from scheduler_core.charts.sheet import plain

# Hues that stay apart for the common colour vision deficiencies (after Okabe and Ito); each run
# has a dash of its own too.
_LIGHT = ("#1f6f8b", "#c8452c", "#b57a0c", "#7a4fb0", "#1c7c54", "#55616d")
_DARK = ("#4fb3cf", "#ee8a74", "#e9b44c", "#b493e0", "#63c99a", "#a9b6c2")
_DASHES = ("solid", "dash", "dot", "dashdot", "longdash", "longdashdot")

_PANEL_PIXELS = 190
_HEAD_PIXELS = 34
_FOOT_PIXELS = 44
_TOP_PIXELS = 22  # for the buttons that Plotly shows at the mouse
_GRID = "rgba(128,140,152,0.22)"
_QUIET = "#7d8792"


@dataclass(frozen=True, slots=True)
class Curve:
    """A figure of a run as it goes."""

    run: int
    """Number of the run on the chart, from 0: its colour and its dash."""
    label: str
    """What the legend calls the run."""
    x: Sequence[float]
    y: Sequence[float]
    smooth: Sequence[float] = ()
    """The same smoothed, drawn thick over it; empty: the figure alone, drawn thick."""
    mark: tuple[float, float, str] | None = None
    """A point to mark, and what it is."""


@dataclass(frozen=True, slots=True)
class Panel:
    """A small chart."""

    title: str
    curves: Sequence[Curve]
    format: str = ",.4~g"
    """Of the values, as d3 has it."""
    goal: tuple[float, str] | None = None
    """A level to draw a line at, and what it is."""


@dataclass(frozen=True, slots=True)
class Band:
    """A stretch of the axis with a name."""

    begin: float
    end: float
    name: str
    is_named: bool = True
    """Whether there is room for its name."""


def training_curves(
    panels: Sequence[Panel],
    x_title: str,
    *,
    columns: int = 2,
    bands: Sequence[Band] = (),
    dark: bool = False,
) -> go.Figure:
    """Draw panels in rows, all on one axis.

    Parameters
    ----------
    panels
        From left to right, then from top to bottom.
    x_title
        What the axis counts.
    columns
        Panels in a row.
    bands
        Stretches to shade, in every panel; the first panel names them.
    dark
        Whether the page behind the figure is dark.
    """
    rows = -(-len(panels) // columns)
    figure = go.Figure()
    for number, panel in enumerate(panels):
        _place(figure, number, panel, rows, columns, x_title)
        for curve in panel.curves:
            figure.add_traces(_traces(number, panel, curve, dark))
            if curve.mark is not None:
                _mark(figure, number, curve, dark)
        if panel.goal is not None:
            _draw_goal(figure, number, panel)
        for i, band in enumerate(bands):
            _shade(figure, number, band, odd=bool(i % 2))
    figure.update_layout(
        height=_TOP_PIXELS + rows * (_PANEL_PIXELS + _HEAD_PIXELS + _FOOT_PIXELS),
        margin={"l": 0, "r": 8, "t": _TOP_PIXELS, "b": 0},
        hovermode="closest",
        dragmode="zoom",
        showlegend=len({curve.run for panel in panels for curve in panel.curves}) > 1,
        legend={"orientation": "h", "x": 0, "y": -0.02, "yanchor": "top", "title": {"text": ""}},
    )
    return figure


def _axes(number: int) -> tuple[str, str]:
    """Return what the axes of a panel are called."""
    suffix = str(number + 1) if number else ""
    return f"x{suffix}", f"y{suffix}"


def _place(
    figure: go.Figure, number: int, panel: Panel, rows: int, columns: int, x_title: str
) -> None:
    """Lay out the axes and the title of a panel."""
    row, column = divmod(number, columns)
    height, gap = 1 / rows, 0.07
    whole = _PANEL_PIXELS + _HEAD_PIXELS + _FOOT_PIXELS
    top = 1 - row * height - height * _HEAD_PIXELS / whole
    bottom = 1 - (row + 1) * height + height * _FOOT_PIXELS / whole
    width = (1 - gap * (columns - 1)) / columns
    left = column * (width + gap)
    x, y = (f"{name[0]}axis{name[1:]}" for name in _axes(number))
    common: dict[str, Any] = {
        "gridcolor": _GRID, "zeroline": False, "tickfont": {"size": 11}, "ticks": "",
    }  # fmt: skip
    figure.update_layout(
        {
            x: common | {
                "domain": [left, left + width], "anchor": _axes(number)[1], "showgrid": False,
                "title": {"text": x_title, "font": {"size": 11, "color": _QUIET}, "standoff": 4},
            } | ({"matches": "x"} if number else {}),
            y: common | {
                "domain": [bottom, top], "anchor": _axes(number)[0], "tickformat": panel.format,
                "automargin": True, "title": {"text": ""}, "nticks": 5,
            },
        }
    )  # fmt: skip
    figure.add_annotation(
        text=f"<b>{plain(panel.title)}</b>", showarrow=False, font={"size": 13},
        xref="paper", x=left, xanchor="left", yref="paper", y=top, yanchor="bottom", yshift=6,
    )  # fmt: skip


def _traces(number: int, panel: Panel, curve: Curve, dark: bool) -> list[go.Scatter]:
    x, y = _axes(number)
    colours = _DARK if dark else _LIGHT
    colour, dash = colours[curve.run % len(colours)], _DASHES[curve.run % len(_DASHES)]
    hover = f"%{{y:{panel.format}}} at %{{x:,.4~g}}<extra>{plain(curve.label)}</extra>"
    common: dict[str, Any] = {
        "x": list(curve.x), "xaxis": x, "yaxis": y, "hovertemplate": hover,
        "mode": "lines" if len(curve.x) > 1 else "markers", "legendgroup": str(curve.run),
    }  # fmt: skip
    thick = go.Scatter(
        y=list(curve.smooth or curve.y), name=plain(curve.label), showlegend=number == 0,
        line={"color": colour, "width": 2.4, "dash": dash}, marker={"color": colour}, **common,
    )  # fmt: skip
    if not curve.smooth:
        return [thick]
    thin = go.Scatter(
        y=list(curve.y), name=f"{plain(curve.label)}, as measured", showlegend=False, opacity=0.4,
        line={"color": colour, "width": 1}, marker={"color": colour}, **common,
    )  # fmt: skip
    return [thin, thick]


def _mark(figure: go.Figure, number: int, curve: Curve, dark: bool) -> None:
    """Draw a star at a point, with its text beside it."""
    assert curve.mark is not None
    x, y, text = curve.mark
    colours = _DARK if dark else _LIGHT
    axes = _axes(number)
    figure.add_trace(
        go.Scatter(
            x=[x], y=[y], xaxis=axes[0], yaxis=axes[1], mode="markers", name=plain(text),
            marker={"symbol": "star", "size": 13, "color": colours[curve.run % len(colours)],
                    "line": {"width": 1, "color": "#12181d" if dark else "#ffffff"}},
            hovertemplate=f"{plain(text)}<extra></extra>", showlegend=False,
        )
    )  # fmt: skip
    if curve.run:
        return  # texts of several runs would lie over each other; the label at the mouse says it
    left = x <= (curve.x[0] + curve.x[-1]) / 2
    crosses = x > curve.x[0]  # then the text stands above the line of the goal and its name
    figure.add_annotation(
        xref=axes[0], yref=axes[1], x=x, y=y, text=plain(text), showarrow=False,
        xanchor="left" if left else "right", yshift=32 if crosses else 16, font={"size": 11},
    )  # fmt: skip


def _draw_goal(figure: go.Figure, number: int, panel: Panel) -> None:
    """Draw the line of a level across a panel."""
    assert panel.goal is not None
    level, text = panel.goal
    x, y = _axes(number)
    figure.add_shape(
        type="line", xref=f"{x} domain", x0=0, x1=1, yref=y, y0=level, y1=level,
        line={"color": _QUIET, "width": 1.5, "dash": "dash"}, name=plain(text),
    )  # fmt: skip
    figure.add_annotation(
        xref=f"{x} domain", x=1, xanchor="right", yref=y, y=level, yanchor="bottom",
        text=plain(text), showarrow=False, font={"size": 11, "color": _QUIET},
    )  # fmt: skip


def _shade(figure: go.Figure, number: int, band: Band, *, odd: bool) -> None:
    """Shade a stretch of a panel, and name it in the first panel."""
    x, y = _axes(number)
    figure.add_shape(
        type="rect", xref=x, x0=band.begin, x1=band.end, yref=f"{y} domain", y0=0, y1=1,
        fillcolor=f"rgba(128,140,152,{0.06 if odd else 0.12})", line={"width": 0}, layer="below",
        name=plain(band.name),
    )  # fmt: skip
    if number == 0 and band.is_named:
        figure.add_annotation(
            xref=x, x=band.begin, xanchor="left", yref=f"{y} domain", y=1, yanchor="top",
            text=plain(band.name), showarrow=False, font={"size": 10, "color": _QUIET},
        )  # fmt: skip
