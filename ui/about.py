"""The texts of the page About the figures."""

from __future__ import annotations

import streamlit as st

from scheduler_core.charts import DueStatus
from scheduler_core.objective import RewardWeights
from scheduler_core.validation import ViolationKind
from ui.glossary import FIGURES, MORE_FIGURES

_STATUS_MEANINGS = {
    DueStatus.LATE: "The family ends after its due time. Hatched with lines.",
    DueStatus.UNDER_24H: "It ends in time, with less than a day to spare. Hatched with crosses.",
    DueStatus.UNDER_72H: "It ends in time, with one to three days to spare. Dotted.",
    DueStatus.FINE: "It ends three days or more before its due time. Plain.",
}

_RULES = {
    "Every task is there once": (
        ViolationKind.MISSING_TASK, ViolationKind.DUPLICATE_TASK, ViolationKind.UNKNOWN_FAMILY,
        ViolationKind.UNKNOWN_TASK, ViolationKind.RENAMED_TASK, ViolationKind.NOT_A_TASK,
    ),
    "On a machine that can do it, for as long as it takes there, pauses not counted": (
        ViolationKind.UNKNOWN_MACHINE, ViolationKind.INCAPABLE_MACHINE,
        ViolationKind.WRONG_DURATION, ViolationKind.END_BEFORE_START, ViolationKind.INVALID_TIME,
    ),
    "A task starts while its machine works, not while it is closed or down": (
        ViolationKind.OUTSIDE_WORKING_TIME,
    ),
    "A machine does one task at a time": (ViolationKind.MACHINE_OVERLAP,),
    "A family's tasks follow each other in their order": (ViolationKind.FAMILY_ORDER,),
    "Nothing starts before its material is there, or in the past": (
        ViolationKind.BEFORE_RELEASE, ViolationKind.BEFORE_TIME_ZERO,
    ),
    "What runs already, or is locked, does not move": (ViolationKind.LOCK_MOVED,),
}  # fmt: skip


def show_colours() -> None:
    """Explain the colours and hatches of the charts."""
    st.subheader("The colours of the charts", anchor=False)
    st.write("All tasks of a family share the colour of the family, which says how it will end:")
    st.markdown(
        "\n".join(f"- **{status.value}**: {text}" for status, text in _STATUS_MEANINGS.items())
    )
    st.write("By machine, the charts also show when a machine does not work:")
    st.markdown(
        "- **Closed**: No shift is on: a night, a weekend, a holiday. A veil over the row.\n"
        "- **Down**: It stands still for a repair, say. Hatched in a frame; the reason is in the "
        "label at the mouse."
    )


def show_working_time() -> None:
    """Explain what shifts and downtime do to tasks."""
    st.subheader("When machines work", anchor=False)
    st.markdown(
        "A machine works round the clock unless the snapshot gives it a calendar of shifts, or "
        "downtime. A task starts while its machine works, **pauses** while it does not, and goes "
        "on after; until it ends, no other task gets the machine. In the charts the bar goes on "
        "over a pause, under the veil, and its label says how long it works and pauses. What runs "
        "already, or is locked by the planner, keeps its machine and its start, and pauses too."
    )


def show_definitions() -> None:
    """List every figure with its meaning and its formula."""
    st.subheader("What each figure means", anchor=False)
    st.write(
        "A family has a completion time $C$ (its last task ends), a due time $D$, a release $R$ "
        "(its material arrives) and a weight $w$. Time counts from the moment of the snapshot."
    )
    for figure in (*FIGURES, *MORE_FIGURES):
        text, formula = st.columns([3, 2], vertical_alignment="center")
        better = "Higher is better." if figure.better == "high" else "Lower is better."
        text.markdown(f"**{figure.label}**  \n{figure.meaning} :gray[{better}]")
        formula.latex(figure.formula)


def show_score() -> None:
    """Explain the points of a family under the reward weights."""
    weights = RewardWeights()
    st.subheader("Points: what the business wants", anchor=False)
    st.write("A family earns points, all times in days:")
    st.latex(
        r"\text{score}_f = w \cdot \begin{cases}"
        r"\text{on-time reward} + \text{early bonus} \cdot (D - C) & C \le D \\"
        r"\text{late penalty} \cdot (C - D) & C > D \end{cases}"
    )
    st.markdown(
        f"- On-time reward: **{weights.on_time_reward:g}** points for each family on time.\n"
        f"- Early bonus: **{weights.early_bonus_per_day:g}** points for each day before the due "
        "time.\n"
        f"- Late penalty: **{weights.late_penalty_per_day:g}** points for each day after it.\n"
        f"- Urgent multiplier: **{weights.urgent_multiplier:g}**, a factor on the weight of urgent "
        "families.\n"
        f"- Makespan penalty: **{weights.makespan_penalty_per_day:g}** points for each day until "
        "the last task of all ends."
    )
    st.markdown(
        "Two more weights matter in training only. **Sequence violation** "
        f"({weights.sequence_violation:g}) is paid by a learner that tries a task whose turn has "
        "not come: nothing happens in the shop, so no schedule on these pages ever paid it. "
        f"**Action taken** ({weights.action_taken_bonus:g}) is earned for every task placed: all "
        "complete schedules of a snapshot place the same tasks, so it adds the same to each. "
        "Neither can change which of two schedules is better, and so neither is in the score."
    )


def show_comparison() -> None:
    """Explain the delay cost and its ratio."""
    st.subheader("How methods are compared", anchor=False)
    st.markdown(
        "A score may be negative, and then a ratio of two scores means nothing. So we compare what "
        "a schedule *loses*: the **delay cost** is the score if each family had the shop to "
        "itself, less the score that was reached. It is never below zero, and zero means that "
        "nobody waited for anybody. Of two methods on the same snapshot and weights:"
    )
    st.latex(r"\text{ratio} = \frac{\text{delay cost of the one}}{\text{delay cost of the other}}")
    st.markdown(
        "A ratio of 0.90 says that the first method loses a tenth less to waiting than the second. "
        "EDD, earliest due date first, is the rule that most shops use, so the tiles show the "
        "difference to it. It is a weak rival in an overloaded shop: the fair bar is the **best "
        "rule**, which tries all rules on this very snapshot and keeps the best."
    )


def show_validator() -> None:
    """List what the validator checks."""
    st.subheader("What the validator checks", anchor=False)
    st.write(
        "The validator shares no code with anything that makes schedules, so a mistake there "
        "cannot hide here. It names every place where one of these rules is broken:"
    )
    st.markdown(
        "\n".join(
            f"- **{rule}** :gray[({', '.join(kind.value for kind in kinds)})]"
            for rule, kinds in _RULES.items()
        )
    )


def show_decision() -> None:
    """Explain how the methods build a schedule."""
    st.subheader("How a schedule is made", anchor=False)
    st.markdown(
        "Rules and the learned dispatcher play the same game. The simulator looks for the machine "
        "on which some waiting task could *finish* first; the tasks that could start there before "
        "that moment compete for it, and the method picks one. Where only one task competes there "
        "is nothing to decide. A rule picks by a formula; PPO picks by a policy that has seen many "
        "shops, and that is told the reward weights."
    )
