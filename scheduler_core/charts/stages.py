"""How the schedule of one snapshot changed as a policy was trained."""

from __future__ import annotations

from collections.abc import Sequence

import plotly.graph_objects as go

_GRID = "rgba(128,140,152,0.22)"
_LINE, _PICKED, _LEVEL = "#1f6f8b", "#8e4ec6", "#7d8792"
_DARK_LINE, _DARK_PICKED = "#4fb3cf", "#b98be0"
_LINES = {0: "dash", 1: "dot"}


def cost_curve(
    labels: Sequence[str],
    costs: Sequence[float],
    levels: dict[str, float],
    picked: int,
    *,
    best: int | None = None,
    dark: bool = False,
) -> go.Figure:
    """Draw the delay cost of a snapshot's schedule by each checkpoint of a run.

    Parameters
    ----------
    labels
        What each checkpoint is called, in order.
    costs
        The delay cost under each, in points.
    levels
        Costs to compare with, such as EDD's, by name: a line each.
    picked
        Number of the checkpoint that is looked at, from 0: it gets a large diamond.
    best
        Number of the best one by its own validation: it gets a star.
    dark
        Whether the page behind the figure is dark.
    """
    line = _DARK_LINE if dark else _LINE
    figure = go.Figure(
        go.Scatter(
            x=list(range(len(costs))),
            y=list(costs),
            customdata=list(labels),
            mode="lines+markers",
            line={"color": line, "width": 2},
            marker={
                "size": [13 if number == picked else 8 for number in range(len(costs))],
                "symbol": [_symbol(number, picked, best) for number in range(len(costs))],
                "color": [
                    (_DARK_PICKED if dark else _PICKED) if number == picked else line
                    for number in range(len(costs))
                ],
            },
            hovertemplate="%{customdata}<br>delay cost %{y:,.0f} points<extra></extra>",
            showlegend=False,
        )
    )
    for number, (name, cost) in enumerate(levels.items()):
        figure.add_hline(
            cost,
            line={"color": _LEVEL, "width": 1.5, "dash": _LINES[number % 2]},
            annotation={
                "text": name, "font": {"size": 11, "color": _LEVEL},
                "xanchor": "right", "yanchor": "bottom",
            },
        )  # fmt: skip
    _lay_out(figure, labels, [*costs, *levels.values()])
    return figure


def _symbol(number: int, picked: int, best: int | None) -> str:
    if number == picked:
        return "diamond"
    return "star" if number == best else "circle"


def _lay_out(figure: go.Figure, labels: Sequence[str], values: Sequence[float]) -> None:
    every = max(1, -(-len(labels) // 6))  # labels that do not run into each other
    low, high = min(values), max(values)
    pad = 0.12 * (high - low) or 1.0
    figure.update_layout(
        height=230,
        margin={"l": 0, "r": 8, "t": 8, "b": 0},
        hovermode="closest",
        xaxis={
            "tickvals": list(range(0, len(labels), every)),
            "ticktext": list(labels[::every]),
            "range": [-0.4, len(labels) - 0.6],
            "showgrid": False, "zeroline": False, "automargin": True, "fixedrange": True,
            "tickfont": {"size": 11},
        },
        yaxis={
            "title": {"text": "Delay cost, points", "font": {"size": 11}},
            "range": [low - pad, high + pad],
            "gridcolor": _GRID, "zeroline": False, "automargin": True, "fixedrange": True,
            "tickfont": {"size": 11},
        },
    )  # fmt: skip
