"""The figures of the leading plan as tiles, and the validator's verdict on every plan."""

from __future__ import annotations

import streamlit as st

from ui import state
from ui.glossary import FIGURES, Figure
from ui.part import in_place
from ui.plans import Comparison, Plan


def show_tiles(comparison: Comparison) -> None:
    """Draw one tile per figure of the leading plan, with the difference to the reference."""
    leader, reference = comparison.leader, comparison.reference
    # A row that wraps where the page is narrow; columns would cut the figures off.
    with st.container(horizontal=True, gap="xsmall", key="tiles"):
        for figure in FIGURES:
            show_plan_tile(figure, leader, reference)


def show_plan_tile(figure: Figure, plan: Plan, reference: Plan | None) -> None:
    """Draw a figure of a plan, with the difference to the reference where there is one."""
    before = figure.value(reference.metrics) if reference is not None else None
    show_tile(figure, figure.value(plan.metrics), before)


def show_tile(
    figure: Figure, value: float, before: float | None, *, note: str = "", beside: str | None = None
) -> None:
    """Draw the tile of a figure.

    Parameters
    ----------
    figure
        What the value is of.
    value, before
        In the figure's unit; before is what the difference is to, None for no difference.
    note
        Said after the meaning of the figure, on asking.
    beside
        Said beside the difference.
    """
    change = None if before is None else figure.change(value - before)
    judged = before is not None and figure.judge(value - before)
    st.metric(
        figure.short,
        figure.text(value),
        delta=change,
        delta_description=beside,
        delta_color="off" if not judged else "normal" if figure.better == "high" else "inverse",
        delta_arrow="off",
        help=" ".join([f"**{figure.label}.** {figure.meaning}", note]).strip(),
        border=True,
    )


@in_place
def show_verdict(comparison: Comparison) -> None:
    """Say in one line that all plans keep all rules, or list what each breaks."""
    broken = [plan for plan in comparison.plans if plan.violations]
    if not broken:
        with st.container(horizontal=True, vertical_alignment="center", key="verdict"):
            st.markdown(
                ":green[:material/verified: **All constraints satisfied**], "
                f"checked by the independent validator. {_what_the_tiles_show(comparison)}",
                width="content",
                help="Methods are compared by delay cost: what the families lose by waiting for "
                "each other.",
            )
            _way_to_the_late(comparison)
        return
    for plan in broken:
        count = len(plan.violations)
        with st.expander(
            f":red[:material/error: **{plan.label} breaks {count} "
            f"constraint{'s' if count != 1 else ''}**]",
            expanded=True,
        ):
            st.dataframe(
                {
                    "Place": [violation.place for violation in plan.violations],
                    "What is wrong": [violation.message for violation in plan.violations],
                },
                height="content" if count < 7 else 260,
                alt=f"Constraints that the schedule of {plan.label} breaks",
            )


def _way_to_the_late(comparison: Comparison) -> None:
    """Draw the way from the tile Late to the tasks that make it up."""
    count = comparison.leader.metrics.late_families
    if count and not state.late_only():
        st.button(
            f"Show the {count:,} late",
            icon=":material/filter_alt:",
            type="tertiary",
            on_click=state.show_late_only,
            key="show_late",
            help="Leaves only late families in the charts and in the table of all tasks. "
            "Show All, above the charts, brings back the others.",
        )


def _what_the_tiles_show(comparison: Comparison) -> str:
    tiles = f":gray[The tiles show {comparison.leader.label}"
    if comparison.reference is not None:
        tiles += f", and the difference to {comparison.reference.label}"
    return tiles + ".]"
