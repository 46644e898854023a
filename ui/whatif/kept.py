"""Kept scenarios side by side: their figures in a table, two of them as charts."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import pandas as pd
import streamlit as st

from scheduler_core.charts import before_after, row_names
from scheduler_core.errors import ConfigError, ProblemError
from scheduler_core.moments import moment_text
from scheduler_core.objective import Metrics
from scheduler_core.problem import Problem
from scheduler_core.replanning import Scenario, describe, moves
from scheduler_core.schedule import Schedule
from ui import gantt
from ui.bench import Bench
from ui.glossary import FIGURES, Figure
from ui.part import part
from ui.plans import Plan, datable
from ui.whatif import memory
from ui.whatif.outcomes import outcome_of

BASE = "Old plan"
_NUM_ROWS = 12
_LEFT_OUT = {"runtime_seconds", "utilization"}  # for the width of the table


@dataclass(frozen=True, slots=True)
class _Side:
    """A plan to stand beside others."""

    problem: Problem
    schedule: Schedule
    metrics: Metrics
    now: int = 0
    events: str = ""
    num_moves: int = 0


def show_kept(bench: Bench, base: Plan) -> None:
    """Draw the list of kept scenarios, and two of them side by side."""
    scenarios, faults = memory.kept(bench.snapshot.sha256)
    st.subheader("Scenarios side by side", anchor=False)
    for fault in faults:
        with st.container(border=True):
            st.markdown(":material/report: **A kept scenario cannot be read**, so it is left out.")
            st.text(str(fault))
    if not scenarios:
        st.caption("None is kept for this snapshot yet. Apply an event above, then press Keep.")
        return
    sides, refused = _sides(bench, base, scenarios)
    for name, reason in refused.items():
        with st.container(border=True):
            st.markdown(":material/report: **A kept scenario does not fit this plan**")
            st.text(f"{name}: {reason}")
    _show_table(sides)
    _show_choices(bench, scenarios)
    _show_pair(sides)


def _sides(
    bench: Bench, base: Plan, scenarios: list[Scenario]
) -> tuple[dict[str, _Side], dict[str, str]]:
    """Return the old plan and all scenarios by name, and why some cannot be planned."""
    sides = {BASE: _Side(bench.problem, base.schedule, base.metrics)}
    refused: dict[str, str] = {}
    for scenario in scenarios:
        try:
            outcome = outcome_of(bench, base, scenario.events, scenario.now)
        except (ConfigError, ProblemError) as error:
            refused[scenario.name] = str(error)
            continue
        schedule = outcome.plan.schedule
        events = "; ".join(describe(event, bench.problem.created_at) for event in scenario.events)
        num_moves = sum(move.has_moved for move in moves(base.schedule, schedule))
        sides[scenario.name] = _Side(
            outcome.plan.changed, schedule, outcome.metrics, scenario.now, events, num_moves
        )
    return sides, refused


def _show_table(sides: Mapping[str, _Side]) -> None:
    frame = pd.DataFrame({"Scenario": list(sides)})
    for figure in FIGURES:
        if figure.name not in _LEFT_OUT:
            frame[figure.short] = _with_changes(figure, sides)
    frame["Tasks moved"] = [side.num_moves for side in sides.values()]
    frame["Re-planned from"] = [
        moment_text(side.problem.created_at, side.now) if name != BASE else ""
        for name, side in sides.items()
    ]
    frame["Events"] = [side.events for side in sides.values()]
    st.dataframe(
        frame, hide_index=True, height="content" if len(frame) < 12 else 400,
        alt="Figures of the old plan and of every kept scenario, side by side",
    )  # fmt: skip


def _with_changes(figure: Figure, sides: Mapping[str, _Side]) -> list[str]:
    """Return a figure of every plan, with its difference to the old one."""
    old = figure.value(sides[BASE].metrics)
    values = {name: figure.value(side.metrics) for name, side in sides.items()}
    return [
        figure.text(value) + (f" ({figure.change(value - old)})" if name != BASE else "")
        for name, value in values.items()
    ]


def _show_choices(bench: Bench, scenarios: list[Scenario]) -> None:
    """Draw the buttons that open and delete a kept scenario."""
    sha256 = bench.snapshot.sha256
    by_name = {scenario.name: scenario for scenario in scenarios}
    with st.container(horizontal=True, vertical_alignment="bottom", key="whatif_kept_actions"):
        name = st.selectbox(
            "Kept scenario", list(by_name), key=f"whatif_kept_{len(by_name)}", width=280,
            help="The one that Open and Delete are about.",
        )  # fmt: skip
        chosen = by_name[name]
        opened = memory.Draft(chosen.events, chosen.now, chosen.name)
        st.button(
            "Open", icon=":material/edit:", key="whatif_open", on_click=memory.change,
            args=(sha256, f"open {name}", opened),
            help="Puts its events above, to look at them or change them.",
        )  # fmt: skip
        st.button(
            "Delete", icon=":material/delete:", key="whatif_delete", on_click=memory.delete,
            args=(sha256, name), help="Undo brings it back.",
        )  # fmt: skip


@part
def _show_pair(sides: Mapping[str, _Side]) -> None:
    """Draw two plans beside each other, with the same rows and the same stretch of time.

    A fragment: another choice draws these two charts anew and nothing else.
    """
    names = list(sides)
    left, right = st.columns(2)
    with left:
        chosen = [_choose_side("left", names, len(names) - 2)]
    with right:
        chosen.append(_choose_side("right", names, len(names) - 1))
    schedules = [sides[name].schedule for name in chosen]
    rows = row_names(sides[chosen[0]].problem, schedules, "machine")[:_NUM_ROWS]
    last = max(schedule.makespan for schedule in schedules)
    first = min([0, *(task.start for schedule in schedules for task in schedule)])
    pad = max(1, (last - first) // 80)
    for place, (column, name) in enumerate(zip((left, right), chosen, strict=True)):
        side = sides[name]
        figure = before_after(
            datable(side.problem, schedules),
            {f"{name} · {side.metrics.late_families:,} late": side.schedule},
            now=side.now,
            rows=rows,
            window=(first - pad, last + pad),
            dark=st.context.theme.type == "dark",
        )
        figure.update_layout(showlegend=False)  # its lines would push one chart below the other
        with column:
            gantt.draw(figure, f"whatif_pair_{place}", f"Gantt chart of {name}, by machine")
            st.text(side.events)
    st.caption(_COLOURS)


def _choose_side(side: str, names: list[str], index: int) -> str:
    return st.selectbox(
        f"On the {side}", names, index=index, key=f"whatif_{side}_{len(names)}",
        help="The old plan, or a kept scenario.",
    )  # fmt: skip


_COLOURS = (
    "Late families are red and hatched, those with under 24 h to spare yellow and crossed, under "
    "72 h blue and dotted, all others plain. Hatching over the bars is downtime."
)
