"""Every figure of every plan, with the differences to the one that is compared with."""

from __future__ import annotations

import pandas as pd
import streamlit as st

from ui import kpis
from ui.compare import score, words
from ui.compare.pair import Pair
from ui.glossary import FIGURES, MORE_FIGURES, Figure
from ui.part import in_place
from ui.plans import Comparison, Plan

_INK = {
    "light": {"better": "color: #1c7c54", "worse": "color: #c8452c"},
    "dark": {"better": "color: #63c99a", "worse": "color: #ee8a74"},
}


@in_place
def show_verdict(pair: Pair, comparison: Comparison) -> None:
    """Say which plan is better and who pays for it; list the rules that a plan breaks."""
    st.markdown(words.verdict(pair))
    shown = {plan.method: plan for plan in (pair.new, pair.old, *comparison.plans)}
    broken = tuple(plan for plan in shown.values() if plan.violations)
    if broken:
        kpis.show_verdict(Comparison(broken, None, {}))


def show_figures(pair: Pair, comparison: Comparison) -> None:
    """Draw the table of figures and the waterfall of the score, side by side where both fit."""
    others = [
        plan for plan in comparison.plans if plan.method not in (pair.new.method, pair.old.method)
    ]
    places = [st.container(), st.container()] if others else st.columns(2)
    with places[0]:
        st.subheader("Figures", anchor=False)
        _show_table(pair, others)
    with places[1]:
        st.subheader(f"Score by family, from {pair.old.label} to {pair.new.label}", anchor=False)
        score.show_waterfall(pair)


def _show_table(pair: Pair, others: list[Plan]) -> None:
    frame = table(pair.new, pair.old, others)
    changes = [name for name in frame.columns if " vs " in name]
    ink = _INK["dark" if st.context.theme.type == "dark" else "light"]
    st.dataframe(
        frame.style.map(lambda text: ink.get(text.rpartition(" ")[2], ""), subset=changes),
        hide_index=True,
        height="content",
        row_height=32,
        column_config={"Figure": st.column_config.TextColumn(pinned=True)},
        key="compare_figures",
        alt=f"Every figure of {', '.join(plan.label for plan in (pair.new, pair.old, *others))}, "
        f"and the differences to {pair.old.label}",
    )


def table(new: Plan, old: Plan, others: list[Plan]) -> pd.DataFrame:
    """Return the figures of plans as text, and how each of them differs from the older one."""
    figures = (*FIGURES, *MORE_FIGURES)
    frame = pd.DataFrame({"Figure": [figure.label for figure in figures]})

    def add_figures(plan: Plan) -> None:
        frame[plan.label] = [figure.text(figure.value(plan.metrics)) for figure in figures]

    def add_changes(plan: Plan) -> None:
        frame[f"{plan.label} vs {old.label}"] = [change(figure, plan, old) for figure in figures]

    add_figures(new)
    add_figures(old)
    add_changes(new)
    for plan in others:
        add_figures(plan)
        add_changes(plan)
    return frame


def change(figure: Figure, plan: Plan, reference: Plan) -> str:
    """Return a difference with its sign, and by arrow and word whether it is for the better."""
    difference = figure.value(plan.metrics) - figure.value(reference.metrics)
    text = figure.change(difference)
    if text == "±0":
        return "same"
    judged = figure.judge(difference)
    return f"{text} {'▲' if difference > 0 else '▼'} {judged}" if judged else text
