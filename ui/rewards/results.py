"""What the weights make of the snapshot: figures, what changed, what else is stored."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd
import streamlit as st

from scheduler_core.charts import Axis, Kind, Mark, terms_of_scores, trade_off
from scheduler_core.outcomes import BETTER, TERMS, Floats, Outcomes, trade_off_front
from ui import kpis, plans
from ui.bench import Bench
from ui.escaping import escaped
from ui.glossary import FIGURES, MORE_FIGURES, Figure
from ui.part import part
from ui.rewards.stored import Shelf, Stored

_VIEW, _ACROSS, _UP = "rewards_view", "rewards_across", "rewards_up"
_VIEWS = ("Trade-off", "Points by weight", "Stored schedules")
_TILES = (
    "on_time_rate", "late_families", "total_tardiness_hours", "mean_flow_time_hours", "delay_cost"
)  # fmt: skip
_MOST_ROWS = 16
_SAME = 1 + 1e-9
"""Costs as near to each other as this are the same, but for rounding."""
_TABLE_PIXELS = 420
_URGENT = Figure(
    "urgent_tardiness_hours", "Tardiness of urgent families", "Urgent tardiness", "h", "low",
    "Hours late, added up over the urgent families.", r"\sum_{f\text{ urgent}} \max(0, C_f - D_f)",
)  # fmt: skip
_BY_NAME = {figure.name: figure for figure in (*FIGURES, *MORE_FIGURES, _URGENT)}


@dataclass(frozen=True, slots=True)
class Board:
    """All stored schedules under the weights in force, in the order of `Shelf.every`."""

    shelf: Shelf
    figures: dict[str, Floats]
    """(S,) by the name of the figure, shares as percent."""
    terms: Floats
    """(S, 4) points by the weights of `TERMS`."""

    @property
    def costs(self) -> Floats:
        """(S,) delay costs."""
        return self.figures["delay_cost"]

    @property
    def order(self) -> list[int]:
        """The schedules from the best to the worst; invalid ones last."""
        valid = [each.is_valid for each in self.shelf.every]
        return sorted(range(len(valid)), key=lambda i: (not valid[i], round(self.costs[i], 6), i))


def judge(bench: Bench, shelf: Shelf) -> Board:
    """Return every stored schedule, scored under the weights in force."""
    return Board(shelf, _figures(bench, shelf.outcomes), shelf.outcomes.terms(bench.weights))


def _figures(bench: Bench, outcomes: Outcomes) -> dict[str, Floats]:
    figures = dict(outcomes.figures)
    figures["on_time_rate"] = 100 * figures["on_time_rate"]
    return figures | {"delay_cost": outcomes.delay_costs(bench.weights)}


def show_tiles(board: Board) -> None:
    """Draw the main figures of the schedule for these weights, and how they changed."""
    before = board.shelf.before
    with st.container(horizontal=True, gap="xsmall", key="rewards_tiles"):
        for name in _TILES:
            figure, values = _BY_NAME[name], board.figures[name]
            kpis.show_tile(
                figure,
                float(values[0]),
                None if before is None else float(values[before]),
                note="Small: the difference to the schedule for the weights before, both judged by "
                "these weights.",
            )


def show_change(bench: Bench, board: Board) -> None:
    """Say in a line what the last change of weights did, and which schedule is best under them."""
    st.markdown(f":material/compare_arrows: {_what_changed(bench, board)}")
    st.markdown(_which_is_best(board))


def _what_changed(bench: Bench, board: Board) -> str:
    place = board.shelf.before
    if place is None:
        return "Move a slider, or pick a preset: what changes is said here."
    now, before = board.shelf.every[0], board.shelf.every[place]
    since = f"ince **{escaped(before.made_under)}**"
    if not (moved := now.outcome.moved(before.outcome)):
        return f"No task moved s{since}: the schedule is the same."
    changes = {
        name: _BY_NAME[name].change(float(values[0] - values[place]))
        for name, values in board.figures.items()
    }
    return (
        f"S{since}: late families {changes['late_families']}, flow time "
        f"{changes['mean_flow_time_hours']} h, tardiness {changes['total_tardiness_hours']} h; "
        f"{moved:,} of {bench.problem.num_tasks:,} tasks moved."
    )


def _which_is_best(board: Board) -> str:
    every, costs = board.shelf.every, board.costs
    best = board.order[0]
    if costs[0] <= costs[best] * _SAME:
        worse = [i for i in board.order if costs[i] > costs[0] * _SAME]
        text = f":green[:material/verified: **Best of {len(every)} stored schedules**] "
        text += "under these weights"
        if worse and costs[0] > 0:
            more = 100 * (costs[worse[0]] / costs[0] - 1)
            text += f"; {escaped(every[worse[0]].label)} loses {more:.1f} % more to waiting"
        return text + "."
    less = 100 * (1 - costs[best] / costs[0])
    return (
        f":orange[:material/info: **{escaped(every[best].label)}** is better] under these "
        f"weights: it loses {less:.1f} % less to waiting than the one made for them."
    )


@part
def show_views(bench: Bench, board: Board) -> None:
    """Draw one of the views: to change it does not run the page again."""
    view = st.segmented_control(
        "View", _VIEWS, default=_VIEWS[0], required=True, key=_VIEW, persist_state="session",
        label_visibility="collapsed",
    )  # fmt: skip
    if view == "Stored schedules":
        _show_table(board)
    elif view == "Points by weight":
        _show_terms(board)
    else:
        _show_trade_off(bench, board)


def _show_trade_off(bench: Bench, board: Board) -> None:
    names = [name for name in BETTER if name != "urgent_tardiness_hours" or _has_urgent(bench)]
    with st.container(horizontal=True, key="rewards_axes"):
        across, up = (
            st.selectbox(
                label, names, index=names.index(usual), key=key, persist_state="session",
                format_func=lambda name: _BY_NAME[name].label, width=230,
            )
            for label, key, usual in (
                ("Across", _ACROSS, "mean_flow_time_hours"), ("Up", _UP, "on_time_rate"),
            )
        )  # fmt: skip
    every, figures = board.shelf.every, board.figures
    marks = [
        Mark(stored.label, float(x), float(y), _kind(place, stored))
        for place, (stored, x, y) in enumerate(
            zip(every, figures[across], figures[up], strict=True)
        )
    ]
    front = trade_off_front(figures[across], figures[up], (BETTER[across], BETTER[up]))
    figure = trade_off(marks, front, _axis(across), _axis(up), dark=st.context.theme.type == "dark")
    st.plotly_chart(
        figure,
        key="rewards_trade_off",
        config={"displayModeBar": False},
        alt=f"{_BY_NAME[up].label} against {_BY_NAME[across].label} of {len(marks)} schedules; "
        f"not beaten in both: {', '.join(marks[i].name for i in front)}",
    )


def _has_urgent(bench: Bench) -> bool:
    return any(family.is_urgent for family in bench.problem.families)


def _kind(place: int, stored: Stored) -> Kind:
    if place == 0:
        return Kind.NOW
    return Kind.RULE if stored.weights is None else Kind.TRIED


def _axis(name: str) -> Axis:
    figure = _BY_NAME[name]
    return Axis(figure.label, figure.unit or "families", BETTER[name])


def _show_terms(board: Board) -> None:
    every = board.shelf.every
    shown = board.order[:_MOST_ROWS]
    shown += [0] if 0 not in shown else []
    rows = {
        every[i].label: dict(zip(TERMS, map(float, board.terms[i]), strict=True)) for i in shown
    }
    figure = terms_of_scores(rows, bold=every[0].label, dark=st.context.theme.type == "dark")
    left_out = len(every) - len(rows)
    st.caption(
        "What each weight earns or loses in each schedule, the best on top; the bold one is made "
        "for these weights." + (f" The other {left_out} are in the table." if left_out else "")
    )
    st.plotly_chart(
        figure,
        key="rewards_terms",
        config={"displayModeBar": False},
        alt=f"Points by weight of {len(rows)} schedules, the best on top",
    )


def table(board: Board) -> pd.DataFrame:
    """Return all stored schedules, the best under the weights in force on top."""
    every, order = board.shelf.every, board.order
    best = board.costs[order[0]]
    ratios = [board.costs[i] / best if best > 0 else np.nan for i in order]
    return pd.DataFrame(
        {
            "": [_remark(board, i) for i in order],
            "Schedule": [plans.label(every[i].method) for i in order],
            "Made under": [every[i].made_under for i in order],
            "Delay cost": [round(float(board.costs[i])) for i in order],
            "To the best": ratios,
            "On time": [board.figures["on_time_rate"][i] for i in order],
            "Tardiness": [board.figures["total_tardiness_hours"][i] for i in order],
            "Flow time": [board.figures["mean_flow_time_hours"][i] for i in order],
        }
    )


def _remark(board: Board, place: int) -> str:
    if not board.shelf.every[place].is_valid:
        return "breaks rules"
    best = bool(board.costs[place] <= board.costs[board.order[0]] * _SAME)
    return " · ".join(["best"] * best + ["now"] * (place == 0))


def _show_table(board: Board) -> None:
    frame = table(board)
    number = st.column_config.NumberColumn
    st.dataframe(
        frame,
        hide_index=True,
        height=_TABLE_PIXELS,
        column_config={
            "": st.column_config.TextColumn(width="small"),
            "Delay cost": number(format="localized", help="Points, under the weights in force."),
            "To the best": number(format="%.3f", help="Delay cost / that of the best stored one."),
            "On time": number(format="%.1f %%"),
            "Tardiness": number(format="%.0f h"),
            "Flow time": number(format="%.1f h"),
        },
        alt="Stored schedules with the weights each was made under, its delay cost under the "
        "weights in force, and its main figures; the best on top",
    )
    st.caption(
        "All are scored under the weights in force. A setting without a name reads: on-time reward "
        "/ early bonus / late penalty."
    )
