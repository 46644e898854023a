"""Schedules of the methods that the planner compares, made once per snapshot and method."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from pathlib import Path

import streamlit as st

from scheduler_core.errors import CheckpointError
from scheduler_core.methods import METHODS, make_schedule, need_compiling
from scheduler_core.objective import Metrics, RewardWeights, measure
from scheduler_core.problem import Problem
from scheduler_core.schedule import Schedule
from scheduler_core.validation import Violation, validate
from ui import state
from ui.bench import Bench
from ui.part import in_place

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
    "uploaded": "Uploaded plan",
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
    state.bring_along(state.METHODS)
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
    state.take_along(state.METHODS)
    for method in chosen:
        st.caption(f"**{label(method)}**: {METHODS[method]}")
    if not chosen:
        st.caption(f"No method is picked, so {label(REFERENCE)} is shown.")
    return chosen or [REFERENCE]


def waiting_text(problem: Problem, methods: Sequence[str]) -> str:
    """Return what to say while schedules are made, and why it takes long the very first time."""
    names = " and ".join(label(method) for method in methods)
    text = f"Scheduling {problem.num_tasks:,} tasks with {names} …"
    if need_compiling(methods):
        text += " First the simulator is compiled, once; this takes about a minute."
    return text


def compare(bench: Bench, methods: Sequence[str]) -> Comparison:
    """Return the plans of the methods; the best rule stands in for one that lacks its model."""
    plans: dict[str, Plan] = {}
    unavailable: dict[str, str] = {}
    for method in methods:
        try:
            plans[method] = plan_of(bench, method)
        except CheckpointError as error:
            unavailable[method] = str(error)
            plans.setdefault(STAND_IN, plan_of(bench, STAND_IN))
    leader = next(iter(plans.values()))
    reference = _reference(bench, leader, list(plans.values()))
    return Comparison(tuple(plans.values()), reference, unavailable)


def datable(problem: Problem, schedules: Iterable[Schedule]) -> Problem:
    """Return the problem as dates can show its plans: in hours where they leave the calendar.

    On a machine that works an hour a week, a few of the longest tasks take until the year 9999, and
    a schedule from a file may begin long before the snapshot.
    """
    if problem.created_at is None:
        return problem
    zero = problem.created_at.replace(tzinfo=None)
    times = [time for plan in schedules for task in plan for time in (task.start, task.end)]
    # Twice as far, for the margin of the time axis.
    within = (
        2 * max(times, default=0) < (datetime.max - zero).total_seconds()
        and -2 * min(times, default=0) < (zero - datetime.min).total_seconds()
    )
    return problem if within else replace(problem, created_at=None)


def _reference(bench: Bench, leader: Plan, plans: Sequence[Plan]) -> Plan | None:
    """Return EDD's plan, shown or not; where EDD leads, the second plan."""
    if leader.method != REFERENCE:
        return plan_of(bench, REFERENCE)
    return plans[1] if len(plans) > 1 else None


def plan_of(bench: Bench, method: str) -> Plan:
    """Return the plan of a method, made once for a snapshot, weights and, for PPO, a model.

    Raises
    ------
    CheckpointError
        If the method is PPO and its checkpoint is missing, damaged or of another version.
    """
    model = bench.model if method == "ppo" else None
    return _plan(bench.snapshot.sha256, method, bench.weights, model, stamp(model), bench.problem)


# Keyed by the contents of the snapshot and the model: the problem is determined by the former. A
# failure is not cached, so a checkpoint that is put in place is used by the next rerun.
@st.cache_data(max_entries=64, show_spinner=False)
def _plan(
    sha256: str,  # noqa: ARG001
    method: str,
    weights: RewardWeights,
    model: Path | None,
    model_stamp: int,  # noqa: ARG001
    _problem: Problem,
) -> Plan:
    schedule = make_schedule(_problem, method, weights, model=model)
    metrics = measure(_problem, schedule, weights)
    # The figures come from the validator too; it runs again only where there is something to name.
    violations = validate(_problem, schedule) if metrics.constraint_violations else []
    return Plan(method, schedule, metrics, tuple(violations))


def stamp(model: Path | None) -> int:
    """Return when a checkpoint was changed last, 0 where there is none."""
    return model.stat().st_mtime_ns if model is not None and model.exists() else 0


@in_place
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
