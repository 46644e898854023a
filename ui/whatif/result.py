"""The plan as it stands, and what a scenario makes of it: sentence, tiles, before and after."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

import streamlit as st

from scheduler_core.charts import View, before_after, row_names
from scheduler_core.problem import SECONDS_PER_DAY, Problem
from scheduler_core.replanning import Move, Scenario, summary
from scheduler_core.schedule import Schedule
from ui import gantt, kpis
from ui.escaping import escaped
from ui.glossary import FIGURES
from ui.part import in_place, part
from ui.plans import Plan, datable
from ui.whatif.outcomes import Outcome

_VIEWS: dict[str, View] = {"By machine": "machine", "By family": "family"}
_ROWS = {"10": 10, "25": 25, "50": 50, "All": None}
_DAYS = {"All": None, "2 weeks": 14, "1 week": 7, "3 days": 3, "1 day": 1}


@part
def show_plan(base: Plan, problem: Problem, now: int) -> None:
    """Draw the plan as it stands, for as long as nothing happens to it."""
    choice = _toolbar(with_moves=False)
    names = row_names(problem, [base.schedule], choice.by)
    late = base.metrics.late_families
    figure = before_after(
        datable(problem, [base.schedule]),
        {f"The plan as it stands · {late:,} late": base.schedule},
        now=now,
        rows=names[: choice.limit],
        by=choice.by,
        window=window(choice.days, now),
        dark=st.context.theme.type == "dark",
    )
    gantt.draw(figure, "whatif_plan", f"Gantt chart of the plan as it stands, by {choice.by}")
    _show_left_out(choice, len(names), "busiest" if choice.by == "machine" else "earliest due")


@in_place
def show_summary(base: Plan, outcome: Outcome, scenario: Scenario) -> None:
    """Say in a sentence what happens, whether the plan keeps all rules, and what it could not."""
    plan = outcome.plan
    sentence = summary(scenario.events, plan, base.schedule, scenario.now)
    st.markdown(f"##### {escaped(sentence)}")
    if outcome.violations:
        st.error(f"The new plan breaks {len(outcome.violations):,} constraints.")
        st.dataframe(
            {
                "Place": [violation.place for violation in outcome.violations],
                "What is wrong": [violation.message for violation in outcome.violations],
            },
            alt="Constraints that the new plan breaks",
        )
    else:
        st.markdown(
            ":green[:material/verified: **All constraints satisfied**], and everything that had "
            f"started stays. :gray[{base.label} re-planned {_num_free(plan.remaining):,} tasks in "
            f"{plan.schedule.runtime_seconds:.3f} s. The tiles show the new plan, and what "
            "changes.]"
        )
    if plan.lifted:
        names = ", ".join(f"{family} step {sequence}" for family, sequence in plan.lifted[:8])
        more = f" and {len(plan.lifted) - 8:,} more" if len(plan.lifted) > 8 else ""
        with st.container(border=True, key="whatif_lifted"):
            st.markdown(
                ":material/lock_open: **Locks that could not be kept**: their machine does not "
                "work then, or is still busy, so these tasks are planned anew like all others."
            )
            st.text(names + more)


def _num_free(problem: Problem) -> int:
    """Return the number of tasks that may move: neither running nor with a fixed start."""
    return sum(len(family.tasks) - family.num_locked for family in problem.families)


def show_tiles(base: Plan, outcome: Outcome) -> None:
    """Draw one tile a figure: the value under the new plan, and what it was."""
    with st.container(horizontal=True, gap="xsmall", key="whatif_tiles"):
        for figure in FIGURES:
            if figure.unit == "s":
                continue
            before, after = figure.value(base.metrics), figure.value(outcome.metrics)
            # 730 h, +0.5 from 730 h would look like a sum that is wrong.
            reads_otherwise = figure.text(before) != figure.text(after)
            beside = f"from {figure.text(before)}" if reads_otherwise else None
            kpis.show_tile(figure, after, before, beside=beside)


@dataclass(frozen=True, slots=True)
class _Choice:
    """What the toolbar above the charts says."""

    by: View
    limit: int | None
    days: int | None
    only_moves: bool


@part
def show_charts(base: Plan, outcome: Outcome, scenario: Scenario, changes: Sequence[Move]) -> None:
    """Draw the plan before and after on one axis, with the tasks that move at full strength.

    A fragment: another view draws these charts anew and nothing else.
    """
    choice, plan = _toolbar(), outcome.plan
    late = {"Before": base.metrics.late_families, "After": outcome.metrics.late_families}
    pair = zip(late, (base.schedule, plan.schedule), strict=True)
    schedules = {f"{name} · {late[name]:,} late": schedule for name, schedule in pair}
    names = _rows(plan.changed, list(schedules.values()), choice.by, scenario, changes)
    shown = names[: choice.limit]
    moved = {(move.after.family_id, move.after.sequence) for move in changes}
    figure = before_after(
        datable(plan.changed, list(schedules.values())),
        schedules,
        now=scenario.now,
        rows=shown,
        by=choice.by,
        moved=moved if choice.only_moves else None,
        window=window(choice.days, scenario.now),
        dark=st.context.theme.type == "dark",
    )
    gantt.draw(figure, "whatif_gantt", f"Gantt charts before and after, by {choice.by}")
    _show_left_out(choice, len(names), "most moved")


def _show_left_out(choice: _Choice, count: int, order: str) -> None:
    """Say how many rows are not shown, and which are."""
    if choice.limit is not None and choice.limit < count:
        kind = "machines" if choice.by == "machine" else "families"
        st.caption(f"The {order} {choice.limit} of {count:,} {kind}.")


def _toolbar(*, with_moves: bool = True) -> _Choice:
    with st.container(horizontal=True, vertical_alignment="top", key="whatif_toolbar"):
        view = st.segmented_control(
            "Rows", list(_VIEWS), default="By machine", required=True,
            key="whatif_view", persist_state="session",
            help="Whether a row of the charts is a machine or a family.",
        )  # fmt: skip
        limit = st.segmented_control(
            "How many", list(_ROWS), default="10", required=True,
            key="whatif_rows", persist_state="session",
            help="Rows with an event come first, then those where most tasks move.",
        )  # fmt: skip
        days = st.segmented_control(
            "Time window", list(_DAYS), default="All", required=True,
            key="whatif_window", persist_state="session",
            help="Counted from the moment of re-planning.",
        )  # fmt: skip
        only = with_moves and st.toggle(
            "Only what moves", value=True, key="whatif_only", persist_state="session",
            help="Dims every task that stays where it was.",
        )  # fmt: skip
    return _Choice(_VIEWS[view or "By machine"], _ROWS[limit or "10"], _DAYS[days or "All"], only)


def window(days: int | None, now: int) -> tuple[int, int] | None:
    """Return a stretch of time from a little before a moment on, None for everything."""
    return (
        None if days is None else (now - days * SECONDS_PER_DAY // 20, now + days * SECONDS_PER_DAY)
    )


def _rows(
    problem: Problem,
    schedules: Sequence[Schedule],
    by: View,
    scenario: Scenario,
    changes: Sequence[Move],
) -> list[str]:
    """Return the rows: those that events name, then those where most moves, then the busiest."""
    fields = ("machine", "family", "id")
    touched = {getattr(event, field, None) for event in scenario.events for field in fields}
    places = (
        (task.machine if by == "machine" else task.family_id)
        for move in changes
        for task in (move.before, move.after)
        if task is not None
    )
    count = Counter(places)
    names = row_names(problem, schedules, by)
    # Stable: where as much moves, the order of the names decides.
    return sorted(names, key=lambda name: (name not in touched, -count[name]))
