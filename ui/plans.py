"""Schedules of the methods that the planner compares, made once per snapshot and method."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime

import streamlit as st

from scheduler_core.errors import CheckpointError
from scheduler_core.methods import METHODS, make_schedule, need_compiling, shipped_model
from scheduler_core.objective import Metrics, RewardWeights, measure
from scheduler_core.problem import Problem
from scheduler_core.schedule import Schedule
from scheduler_core.snapshot import Snapshot
from scheduler_core.validation import Violation, validate
from ui import state

DEFAULT_METHODS = ("ppo", "edd")
REFERENCE = "edd"
STAND_IN = "best_rule"
MAX_METHODS = 4

_LABELS = {
    "ppo": "PPO",
    "best_rule": "Best rule",
    "random": "Random",
    "feasible_edd": "Feasible EDD",
    "slack": "Slack",
    "pt_winq_slack": "PT+WINQ+slack",
}


@dataclass(frozen=True, slots=True)
class Plan:
    """A method's schedule with its figures and the validator's verdict."""

    method: str
    schedule: Schedule
    metrics: Metrics
    violations: tuple[Violation, ...]

    @property
    def label(self) -> str:
        """What the method is called on the screen."""
        return label(self.method)


@dataclass(frozen=True, slots=True)
class Comparison:
    """The plans on the screen, the leading one first, and what the leader is measured against."""

    plans: tuple[Plan, ...]
    reference: Plan | None
    unavailable: dict[str, str]
    """Why a method that was asked for is not among the plans."""

    @property
    def leader(self) -> Plan:
        """The plan that the tiles are about."""
        return self.plans[0]

    def schedules(self) -> dict[str, Schedule]:
        """Return the schedules by label, in order."""
        return {plan.label: plan.schedule for plan in self.plans}


def label(method: str) -> str:
    """Return what a method is called on the screen."""
    return _LABELS.get(method, method.upper().replace("_", " "))


def choose_methods() -> list[str]:
    """Draw the picker of methods and return at least one, the leading one first."""
    chosen = st.multiselect(
        "Methods, the leading one first",
        list(METHODS),
        default=[method for method in DEFAULT_METHODS if method in METHODS],
        format_func=label,
        max_selections=MAX_METHODS,
        key=state.METHODS,
        bind="query-params",
        help="The tiles show the first method and its difference to EDD. "
        "Each method has a chart of its own, all on one time axis.",
    )
    for method in chosen:
        st.caption(f"**{label(method)}**: {METHODS[method]}")
    return chosen or [REFERENCE]


def waiting_text(problem: Problem, methods: Sequence[str]) -> str:
    """Return what to say while schedules are made, and why it takes long the very first time."""
    names = " and ".join(label(method) for method in methods)
    text = f"Scheduling {problem.num_tasks:,} tasks with {names} …"
    if need_compiling(methods):
        text += " First the simulator is compiled, once; this takes about a minute."
    return text


def compare(snapshot: Snapshot, methods: Sequence[str], weights: RewardWeights) -> Comparison:
    """Return the plans of the methods; the best rule stands in for one that lacks its model."""
    plans: dict[str, Plan] = {}
    unavailable: dict[str, str] = {}
    for method in methods:
        try:
            plans[method] = _plan_of(snapshot, method, weights)
        except CheckpointError as error:
            unavailable[method] = str(error)
            plans.setdefault(STAND_IN, _plan_of(snapshot, STAND_IN, weights))
    leader = next(iter(plans.values()))
    reference = _reference(snapshot, leader, list(plans.values()), weights)
    return Comparison(tuple(plans.values()), reference, unavailable)


def datable(problem: Problem, comparison: Comparison) -> Problem:
    """Return the problem as dates can show its plans: in hours where they leave the calendar.

    On a machine that works an hour a week, a few of the longest tasks take until the year 9999.
    """
    if problem.created_at is None:
        return problem
    left = datetime.max - problem.created_at.replace(tzinfo=None)
    last = max(plan.schedule.makespan for plan in comparison.plans)
    # Twice as far, for the margin of the time axis.
    return problem if 2 * last < left.total_seconds() else replace(problem, created_at=None)


def _reference(
    snapshot: Snapshot, leader: Plan, plans: Sequence[Plan], weights: RewardWeights
) -> Plan | None:
    """Return EDD's plan, shown or not; where EDD leads, the second plan."""
    if leader.method != REFERENCE:
        return _plan_of(snapshot, REFERENCE, weights)
    return plans[1] if len(plans) > 1 else None


def _plan_of(snapshot: Snapshot, method: str, weights: RewardWeights) -> Plan:
    return _plan(snapshot.sha256, method, weights, _model_stamp(method, weights), snapshot.problem)


# Keyed by the contents of the snapshot and the model: the problem is determined by the former. A
# failure is not cached, so a checkpoint that is put in place is used by the next rerun.
@st.cache_data(max_entries=64, show_spinner=False)
def _plan(
    sha256: str,  # noqa: ARG001
    method: str,
    weights: RewardWeights,
    model_stamp: int,  # noqa: ARG001
    _problem: Problem,
) -> Plan:
    schedule = make_schedule(_problem, method, weights)
    metrics = measure(_problem, schedule, weights)
    # The figures come from the validator too; it runs again only where there is something to name.
    violations = validate(_problem, schedule) if metrics.constraint_violations else []
    return Plan(method, schedule, metrics, tuple(violations))


def _model_stamp(method: str, weights: RewardWeights) -> int:
    """Return when the checkpoint behind a method was changed last, 0 where there is none."""
    if method != "ppo":
        return 0
    model = shipped_model(weights)
    return model.stat().st_mtime_ns if model.exists() else 0


def show_unavailable(comparison: Comparison) -> None:
    """Say which methods could not be used here, why, and the way out."""
    for method, reason in comparison.unavailable.items():
        with st.container(border=True, key=f"unavailable_{method}"):
            st.markdown(
                f":material/model_training: **{label(method)} is not available here**, so the "
                f"{label(STAND_IN).lower()} stands in for it. Train a model with "
                "`scheduler train`, then reload this page.",
                help=f"`{reason.replace('`', ' ')}`",
            )
