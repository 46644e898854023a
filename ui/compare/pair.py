"""The two plans that page Compare sets against each other, and the pickers for them."""

from __future__ import annotations

from dataclasses import dataclass

import streamlit as st

from scheduler_core.comparison import (
    Difference,
    MovedTask,
    ScoreChange,
    differing_decisions,
    moved_tasks,
    score_by_family,
)
from scheduler_core.objective import RewardWeights, measure
from scheduler_core.problem import Problem
from scheduler_core.schedule import Schedule, ScheduledTask
from scheduler_core.validation import validate
from ui import plans
from ui.bench import Bench
from ui.compare import upload
from ui.part import in_place
from ui.plans import Comparison, Plan

AGAINST = "against"
UPLOADED = "uploaded"
"""Stands for the uploaded schedule among the methods."""


@dataclass(frozen=True, slots=True)
class Pair:
    """A plan, the one that it is compared with, and how the two differ."""

    problem: Problem
    """In hours, without dates, where a plan leaves the calendar."""
    new: Plan
    """The leading plan."""
    old: Plan
    """The plan it is compared with."""
    change: ScoreChange
    moves: list[MovedTask]
    differences: list[Difference]

    @property
    def name(self) -> str:
        """What was compared with what, to tell one pair from another."""
        return f"{self.new.method} {self.old.method}"

    def old_place(self, task: ScheduledTask) -> ScheduledTask | None:
        """Return where the older plan puts a task."""
        key = (task.family_id, task.sequence)
        same = (each for each in self.old.schedule if (each.family_id, each.sequence) == key)
        return next(same, None)


@in_place
def choose_pair(bench: Bench, comparison: Comparison) -> Pair | None:
    """Draw the pickers above the page and return the pair, None where there is but one plan."""
    uploaded = upload.uploaded()
    options = _options(comparison, with_upload=uploaded is not None)
    if st.session_state.get(AGAINST) not in options:
        st.session_state.pop(AGAINST, None)
    with st.container(horizontal=True, vertical_alignment="bottom", key="compare_pickers"):
        method = st.selectbox(
            f"Compare {comparison.leader.label} with",
            options,
            index=options.index(_default(comparison)) if _default(comparison) in options else 0,
            format_func=plans.label,
            key=AGAINST,
            bind="query-params",
            placeholder="Nothing to compare with",
            width=260,
            help="What the first method on the left is compared with. More methods are picked "
            "there; the plan that the shop uses today comes from a schedule file.",
        )
        upload.show_uploader(_use_upload)
    upload.show_rejection()
    if method is None:
        return None
    if method == UPLOADED and uploaded is not None:
        upload.warn_of_other_snapshot(bench.snapshot.sha256, uploaded)
        old = _uploaded_plan(
            bench.snapshot.sha256, uploaded.sha256, bench.weights, bench.problem, uploaded.schedule
        )
    else:
        old = plans.plan_of(bench, method)
    return _pair(bench, comparison.leader, old)


def _options(comparison: Comparison, *, with_upload: bool) -> list[str]:
    """Return what the leader may be compared with: the other plans, EDD, the upload."""
    others = [plan.method for plan in comparison.plans[1:]]
    if comparison.reference is not None:
        others.append(comparison.reference.method)
    return list(dict.fromkeys([*others, *([UPLOADED] if with_upload else [])]))


def _default(comparison: Comparison) -> str:
    shown = [plan.method for plan in comparison.plans[1:]]
    return plans.REFERENCE if plans.REFERENCE in shown or not shown else shown[0]


def _use_upload() -> None:
    st.session_state[AGAINST] = UPLOADED


def _pair(bench: Bench, new: Plan, old: Plan) -> Pair:
    problem = bench.problem
    schedules = (old.schedule, new.schedule)
    return Pair(
        plans.datable(problem, schedules),
        new,
        old,
        score_by_family(problem, *schedules, bench.weights),
        moved_tasks(problem, *schedules),
        differing_decisions(problem, *schedules),
    )


@st.cache_data(max_entries=8, show_spinner=False)
def _uploaded_plan(
    snapshot_sha256: str,  # noqa: ARG001 - determines the problem
    file_sha256: str,  # noqa: ARG001 - determines the schedule
    weights: RewardWeights,
    _problem: Problem,
    _schedule: Schedule,
) -> Plan:
    metrics = measure(_problem, _schedule, weights)
    return Plan(UPLOADED, _schedule, metrics, tuple(validate(_problem, _schedule)))
