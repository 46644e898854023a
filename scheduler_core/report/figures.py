"""The plots of reports, from numbers by name."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import plotly.graph_objects as go

from scheduler_core.charts.sheet import plain
from scheduler_core.evaluation import Floats, Trial

TEXT, GRID, QUIET = "#1d2b36", "#e6ecf0", "#7d8c99"
# Hues that stay apart for the common colour vision deficiencies (after Okabe and Ito).
PALETTE = ("#1f6f8b", "#c8452c", "#d39a2d", "#5b4b8a", "#1c7c54", "#4f9fd0", "#8a6d5b", "#7d8c99")
_SYMBOLS = ("circle", "diamond", "square", "triangle-up", "cross", "star", "hexagon", "x")
ROW_PIXELS, FRAME_PIXELS = 36, 90
LOG_FROM = 10.0
"""Ratio of the largest to the smallest value from which an axis is logarithmic."""


@dataclass(frozen=True, slots=True)
class Paint:
    """How a contender looks in all plots of a page."""

    colour: str
    symbol: str


def paints(names: Sequence[str]) -> dict[str, Paint]:
    """Return a colour and a symbol for each name."""
    return {
        name: Paint(PALETTE[i % len(PALETTE)], _SYMBOLS[i % len(_SYMBOLS)])
        for i, name in enumerate(names)
    }


def ratio_figure(
    ratios: Mapping[str, Floats], snapshots: Sequence[str], looks: Mapping[str, Paint]
) -> go.Figure:
    """Return a method's ratios to each rival, (snapshots,), in order of those to the first one.

    Ratios of a snapshot stand over each other; below 1 the method costs less than the rival.
    """
    order = np.argsort(next(iter(ratios.values())), kind="stable")
    figure = go.Figure(layout=_layout(360))
    names = [plain(snapshots[i]) for i in order]
    places = np.arange(1.0, len(order) + 1)
    table = np.array([values[order] for values in ratios.values()])
    if len(ratios) > 1:
        figure.add_trace(_sticks(places, table))
    for rival, values in zip(ratios, table, strict=True):
        figure.add_trace(
            go.Scatter(
                x=places,
                y=_finite(values),
                mode="markers",
                name=f"to {plain(rival)}",
                text=names,
                hovertemplate="%{text}<br>%{y:.3f}<extra>%{fullData.name}</extra>",
                marker=_marker(looks[rival], 8 if len(order) <= 100 else 5),
            )
        )
    figure.add_hline(y=1, line={"color": QUIET, "width": 1, "dash": "dot"})
    figure.update_xaxes(
        title_text="snapshots, in order of the ratio to " + plain(next(iter(ratios))),
        showgrid=False,
        tickformat="d",
        dtick=1 if len(order) <= 20 else None,
        range=[0.3, len(order) + 0.7],
    )
    figure.update_yaxes(title_text="delay cost, as a ratio", **_scale(table))
    return figure


def _sticks(places: Floats, table: Floats) -> go.Scatter:
    """Return a line for each snapshot from its lowest to its highest ratio."""
    gaps = np.full(len(places), np.nan)
    ends = np.stack([table.min(axis=0), table.max(axis=0), gaps], axis=1).ravel()
    return go.Scatter(
        x=np.repeat(places, 3),
        y=_finite(ends),
        mode="lines",
        line={"color": "#cfd9e0", "width": 1.5},
        hoverinfo="skip",
        showlegend=False,
    )


def strip_figure(
    values: Mapping[str, Floats],
    dots: Mapping[str, Sequence[str]],
    looks: Mapping[str, Paint],
    title: str,
    *,
    percent: bool = False,
) -> go.Figure:
    """Return a row for each method: a dot for each of its values, and their mean.

    ``dots`` has what each dot is called, such as the names of the snapshots.
    """
    figure = go.Figure(layout=_layout(FRAME_PIXELS + ROW_PIXELS * len(values)))
    rng = np.random.default_rng(0)  # of the heights only, so that dots do not hide each other
    form = ".1%" if percent else ".3f"
    for row, (name, numbers) in enumerate(values.items()):
        heights = row + rng.uniform(-0.22, 0.22, len(numbers)) * (len(numbers) > 1)
        look, mean = looks[name], [float(numbers.mean())]
        figure.add_trace(
            go.Scatter(
                x=_finite(numbers), y=heights, mode="markers",
                text=[plain(each) for each in dots[name]],
                marker={"color": look.colour, "size": 7, "opacity": 0.45},
                hovertemplate=f"%{{text}}<br>%{{x:{form}}}<extra>{plain(name)}</extra>",
                showlegend=False,
            )
        )  # fmt: skip
        figure.add_trace(
            go.Scatter(
                x=_finite(np.array(mean)), y=[row], mode="markers", showlegend=False,
                marker={"color": look.colour, "symbol": "line-ns", "size": 22,
                        "line": {"color": look.colour, "width": 3}},
                hovertemplate=f"mean %{{x:{form}}}<extra>{plain(name)}</extra>",
            )
        )  # fmt: skip
    labels = [plain(name) for name in values]
    figure.update_yaxes(
        tickvals=list(range(len(values))), ticktext=labels, showgrid=False,
        range=[len(values) - 0.5, -0.5],
    )  # fmt: skip
    scale = {"tickformat": ".0%"} if percent else _scale(np.concatenate(list(values.values())))
    scale.pop("rangemode", None)  # nothing is lower than the lowest, so 0 says nothing here
    figure.update_xaxes(title_text=title, **scale)
    return figure


def runtime_figure(
    trials: Sequence[Trial], looks: Mapping[str, Paint], limit: float | None = None
) -> go.Figure:
    """Return the seconds that each schedule took over its number of tasks, and the limit.

    Where all snapshots have as many tasks, there is a row for each method instead.
    """
    if len({trial.case.problem.num_tasks for trial in trials}) == 1:
        return _runtime_strips(trials, looks)
    figure = go.Figure(layout=_layout(340))
    for name, look in looks.items():
        own = [trial for trial in trials if trial.contender.name == name]
        figure.add_trace(
            go.Scatter(
                x=[trial.case.problem.num_tasks for trial in own],
                y=[trial.metrics.runtime_seconds for trial in own],
                mode="markers",
                name=plain(name),
                text=[plain(trial.case.name) for trial in own],
                hovertemplate="%{text}<br>%{x:,} tasks, %{y:.3g} s<extra>%{fullData.name}</extra>",
                marker=_marker(look, 8) | {"opacity": 0.7},
            )
        )
    if limit is not None and limit > 0:
        figure.add_hline(y=limit, line={"color": QUIET, "width": 1, "dash": "dot"})
        figure.add_annotation(
            text=f"limit {limit:g} s",
            font={"color": QUIET, "size": 12},
            showarrow=False,
            x=1,
            xref="paper",
            xanchor="right",
            y=math.log10(limit),
            yanchor="bottom",
        )
    sizes = np.array([trial.case.problem.num_tasks for trial in trials])
    figure.update_xaxes(title_text="tasks", **_scale(sizes))
    figure.update_yaxes(title_text="seconds for a schedule", type="log", dtick=1, tickformat="~g")
    return figure


def _runtime_strips(trials: Sequence[Trial], looks: Mapping[str, Paint]) -> go.Figure:
    own = {name: [t for t in trials if t.contender.name == name] for name in looks}
    values = {
        name: np.array([t.metrics.runtime_seconds for t in some]) for name, some in own.items()
    }
    names = {name: [t.case.name for t in some] for name, some in own.items()}
    return strip_figure(values, names, looks, "seconds for a schedule")


def _marker(look: Paint, size: int) -> dict[str, object]:
    return {"color": look.colour, "symbol": look.symbol, "size": size}


def _finite(values: Floats) -> list[float | None]:
    """Return values as Plotly draws them: a gap where there is none or no end."""
    return [float(value) if np.isfinite(value) else None for value in values]


def _scale(values: Floats) -> dict[str, object]:
    """Return the kind of an axis: logarithmic for positive values that are far apart."""
    known = values[np.isfinite(values)]
    if len(known) == 0 or known.min() <= 0 or known.max() < LOG_FROM * known.min():
        return {"type": "linear", "rangemode": "tozero"}
    return {"type": "log", "dtick": "D2", "tickformat": "~g"}


def _layout(height: int) -> dict[str, object]:
    axis = {
        "gridcolor": GRID,
        "zeroline": False,
        "linecolor": GRID,
        "automargin": True,
        "title": {"font": {"size": 13, "color": QUIET}, "standoff": 10},
    }
    return {
        "template": "none",
        "height": height,
        "margin": {"l": 10, "r": 20, "t": 40, "b": 10},
        "font": {"family": "system-ui, sans-serif", "size": 13, "color": TEXT},
        "paper_bgcolor": "rgba(0,0,0,0)",
        "plot_bgcolor": "rgba(0,0,0,0)",
        "legend": {"orientation": "h", "y": 1.02, "yanchor": "bottom", "x": 0},
        "hoverlabel": {"font": {"family": "system-ui, sans-serif"}},
        "xaxis": axis,
        "yaxis": axis,
    }
