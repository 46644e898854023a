"""Where the score is won and lost, and who is late under which plan."""

from __future__ import annotations

import plotly.graph_objects as go
import streamlit as st

from scheduler_core.charts.comparison import lateness, waterfall
from ui.compare import following
from ui.compare.pair import Pair

_WATERFALL = "compare_waterfall"
_LATENESS = "compare_lateness"
_CONFIG = {"displayModeBar": False}


def show_waterfall(pair: Pair) -> None:
    """Draw the way from the one score to the other, family by family."""
    if all(not each.points for each in pair.change.families):
        st.info("Every family earns the same points under both plans.")
        return
    figure = waterfall(pair.change, pair.old.label, pair.new.label, dark=_dark())
    _draw(
        figure,
        _WATERFALL,
        f"Waterfall from the score of {pair.old.label} to that of {pair.new.label}, by family",
    )


def show_lateness(pair: Pair) -> None:
    """Draw the hours late of the families that differ most."""
    figure = lateness(pair.change.families, pair.old.label, pair.new.label, dark=_dark())
    count, shown = figure.layout.meta["num_differing"], figure.layout.meta["num_shown"]
    if not count:
        st.success("Every family is as late under the one plan as under the other.")
        return
    rest = f" The {shown} that differ most are shown." if shown < count else ""
    st.caption(
        f"Hours late of the {count:,} families that differ; 0 is on time.{rest} "
        "Click a mark to follow the family."
    )
    _draw(
        figure,
        _LATENESS,
        f"Hours late under {pair.old.label} and {pair.new.label}, by family",
    )


def _draw(figure: go.Figure, key: str, alt: str) -> None:
    st.plotly_chart(
        figure,
        key=key,
        config=_CONFIG,
        alt=alt,
        on_select=lambda: _follow(key),
        selection_mode="points",
    )


def _follow(key: str) -> None:
    """Follow the family whose mark was clicked; one that stands for several is none."""
    points = st.session_state[key].selection.points
    names = [point["customdata"][0] for point in points if point.get("customdata")]
    if names and names[0]:
        following.follow(names[0])
        following.clear_row()


def _dark() -> bool:
    return st.context.theme.type == "dark"
