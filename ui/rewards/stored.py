"""The schedules of a snapshot that are stored: of every method, and of every setting tried."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import streamlit as st

from scheduler_core.methods import METHODS, make_schedule
from scheduler_core.objective import RewardWeights
from scheduler_core.outcomes import Outcome, Outcomes
from scheduler_core.problem import Problem
from scheduler_core.rules import RULES
from scheduler_core.validation import validate
from ui import objective, plans, policies
from ui.bench import Bench
from ui.plans import Plan

MAX_TRIED = 50
"""Most settings that are kept of a snapshot; the oldest give way."""
_MAX_SNAPSHOTS = 4
_TRIED = "rewards_tried"
_WEIGHTED = ("atc", "covert")
"""The rules that know the urgent multiplier, the only weight that any rule knows."""
_FIXED = tuple(method for method in METHODS if method in RULES and method not in _WEIGHTED)


@dataclass(frozen=True, slots=True)
class Stored:
    """What a schedule came to, what made it, and under which weights."""

    method: str
    made_under: str
    """The weights that it was made under, in words."""
    outcome: Outcome
    is_valid: bool
    weights: RewardWeights | None = None
    """For the learned dispatcher: those that it was told."""
    model: Path | None = None

    @property
    def label(self) -> str:
        """What the schedule is called on the screen."""
        name = plans.label(self.method)
        return name if self.weights is None else f"{name}, {self.made_under}"


@dataclass(frozen=True, slots=True)
class Shelf:
    """All that is stored of a snapshot."""

    every: tuple[Stored, ...]
    """The schedule for the weights in force, those for the weights before, the rules'."""
    before: int | None
    """Place in `every` of the schedule for the weights that were in force before."""
    outcomes: Outcomes
    """Of all, in the order of `every`."""


def shelf(bench: Bench, plan: Plan) -> Shelf:
    """Return what is stored of the snapshot, with the plan for the weights in force put there."""
    now = Stored(
        plan.method, objective.short_text(bench.weights),
        Outcome.of(bench.problem, plan.schedule), not plan.violations,
        _that_count(bench.weights), bench.model if plan.method == "ppo" else None,
    )  # fmt: skip
    tried = _tried(bench.snapshot.sha256)
    # A setting that was tried before moves to the end.
    tried[:] = [old for old in tried if (old.weights, old.model) != (now.weights, now.model)]
    tried[:] = [*tried[1 - MAX_TRIED :], now]
    latest_first = [_renamed(each, bench) for each in reversed(tried)]
    every = (*latest_first, *_rules(bench, plan.method))
    outcomes = Outcomes(bench.problem, [each.outcome for each in every])
    return Shelf(every, 1 if len(tried) > 1 else None, outcomes)


def _tried(sha256: str) -> list[Stored]:
    """Return the list of what was tried in this session on a snapshot, the latest at the end."""
    kept: dict[str, list[Stored]] = st.session_state.setdefault(_TRIED, {})
    tried = kept.pop(sha256, [])
    kept[sha256] = tried
    for old in list(kept)[:-_MAX_SNAPSHOTS]:
        del kept[old]
    return tried


def _that_count(weights: RewardWeights) -> RewardWeights:
    """Return weights with those of training at their default: no schedule knows them."""
    usual = RewardWeights()
    return replace(
        weights,
        sequence_violation=usual.sequence_violation,
        action_taken_bonus=usual.action_taken_bonus,
    )


def _renamed(stored: Stored, bench: Bench) -> Stored:
    """Return a setting by the name that it has now, and its model where it is another one."""
    assert stored.weights is not None, "what was tried has weights"
    name = objective.short_text(stored.weights)
    if stored.model is not None and stored.model != bench.model:
        name += f", model {policies.model_name(stored.model)}"
    return replace(stored, made_under=name)


def _rules(bench: Bench, leader: str) -> Sequence[Stored]:
    """Return what the rules come to; they are made anew only for weights that they know."""
    sha256, problem, weights = bench.snapshot.sha256, bench.problem, bench.weights
    urgency = RewardWeights(urgent_multiplier=weights.urgent_multiplier)
    under = f"urgent x{weights.urgent_multiplier:g}"
    best = () if leader == plans.STAND_IN else ((plans.STAND_IN, "these weights"),)
    return (
        *_make(sha256, best, _that_count(weights), problem),
        *_make(sha256, tuple((rule, "any weights") for rule in _FIXED), RewardWeights(), problem),
        *_make(sha256, tuple((rule, under) for rule in _WEIGHTED), urgency, problem),
    )


# Keyed by the contents of the snapshot, which determine the problem.
@st.cache_data(max_entries=128, show_spinner=False)
def _make(
    sha256: str,  # noqa: ARG001
    methods: tuple[tuple[str, str], ...],
    weights: RewardWeights,
    _problem: Problem,
) -> tuple[Stored, ...]:
    stored = []
    for method, under in methods:
        schedule = make_schedule(_problem, method, weights)
        valid = not validate(_problem, schedule)
        stored.append(Stored(method, under, Outcome.of(_problem, schedule), valid))
    return tuple(stored)
