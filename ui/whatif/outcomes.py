"""What scenarios lead to, worked out once for a snapshot, method, weights and model."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import streamlit as st

from scheduler_core.methods import make_schedule
from scheduler_core.objective import Metrics, RewardWeights, measure
from scheduler_core.problem import Problem
from scheduler_core.replanning import Event, Replan, Scenario, replan, scenario_bytes
from scheduler_core.schedule import Schedule
from scheduler_core.validation import Violation, validate
from ui.bench import Bench
from ui.plans import Plan, stamp


@dataclass(frozen=True, slots=True)
class Outcome:
    """The plan that answers a scenario, with its figures and the validator's verdict."""

    plan: Replan
    metrics: Metrics
    violations: tuple[Violation, ...]


def outcome_of(bench: Bench, base: Plan, events: Sequence[Event], now: int) -> Outcome:
    """Return what events lead to when the method of the base plan plans the rest anew.

    Raises
    ------
    ConfigError, ProblemError
        As `replan`.
    """
    model = bench.model if base.method == "ppo" else None
    events = tuple(events)
    # The text of the file tells kinds of events apart, which hashing their fields would not.
    text = scenario_bytes(Scenario("key", events, now))
    return _outcome(
        bench.snapshot.sha256, text, base.method, bench.weights, model, stamp(model),
        bench.problem, base.schedule, events, now,
    )  # fmt: skip


@st.cache_data(max_entries=64, show_spinner=False)
def _outcome(
    sha256: str,  # noqa: ARG001
    scenario: bytes,  # noqa: ARG001
    method: str,
    weights: RewardWeights,
    model: Path | None,
    model_stamp: int,  # noqa: ARG001
    _problem: Problem,
    _base: Schedule,
    _events: tuple[Event, ...],
    _now: int,
) -> Outcome:
    def planner(rest: Problem) -> Schedule:
        return make_schedule(rest, method, weights, model=model)

    plan = replan(_problem, _base, _events, planner, _now)
    metrics = measure(plan.changed, plan.schedule, weights)
    return Outcome(plan, metrics, tuple(validate(plan.problem, plan.schedule)))
