"""Schedules by dispatching rules."""

from __future__ import annotations

from collections.abc import Iterable
from itertools import product
from time import perf_counter
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from scheduler_core.errors import ConfigError
from scheduler_core.objective import RewardWeights
from scheduler_core.problem import Problem
from scheduler_core.rules.priorities import Rule, run_rule
from scheduler_core.schedule import Schedule
from scheduler_core.simulator import (
    Objective,
    ProblemArrays,
    State,
    bound_score,
    check_delta,
    empty_state,
    make_objective,
    schedule_from,
    to_arrays,
)

RULES: tuple[str, ...] = tuple(rule.name.lower() for rule in Rule)
"""Names of the fourteen rules, and ``random``."""

ALL_RULES = RULES[:-1]
"""Every rule but the random one."""

RULE_DELTA = 0.5
"""Rules wait for a pressing task half as long as they could: on average that suits them best."""

BEST_RULE_DELTAS = (0.0, 0.5, 1.0)
"""Values of delta that `best_rule` tries with each rule."""


def dispatch(
    problem: Problem,
    rule: str,
    *,
    delta: float = RULE_DELTA,
    weights: RewardWeights | None = None,
    seed: int = 0,
) -> Schedule:
    """Return the schedule that a rule makes.

    Parameters
    ----------
    problem
        What is to be scheduled.
    rule
        One of `RULES`.
    delta
        Between 0 (non-delay schedules) and 1 (active schedules).
    weights
        Their urgent multiplier counts in the weighted rules (``atc``, ``covert``); default: the
        default weights.
    seed
        Seed of the ``random`` rule.

    Raises
    ------
    ConfigError
        If the rule is unknown, delta is outside [0, 1] or the seed is negative.
    """
    number = _number(rule)
    check_delta(delta)
    begin = perf_counter()
    arrays = to_arrays(problem)
    objective = make_objective(arrays, [weights or RewardWeights()])
    state = empty_state(arrays, delta)
    run_rule(arrays, objective, state, 0, number, _keys(arrays, seed))
    runtime = perf_counter() - begin
    return schedule_from(problem, arrays, state, rule, seed=seed, runtime_seconds=runtime)


class RuleRun(NamedTuple):
    """Where a rule has led."""

    score: float
    state: State


def try_rules(
    arrays: ProblemArrays,
    objective: Objective,
    rules: Iterable[str] = ALL_RULES,
    deltas: Iterable[float] = BEST_RULE_DELTAS,
) -> list[RuleRun]:
    """Run each rule with each delta on one problem, to its end, and return where each has led."""
    runs = []
    for rule, delta in product(rules, deltas):
        state = empty_state(arrays, delta)
        run_rule(arrays, objective, state, 0, _number(rule), np.zeros(0))
        runs.append(RuleRun(float(bound_score(arrays, objective, state, 0)), state))
    return runs


def best_rule(problem: Problem, weights: RewardWeights) -> Schedule:
    """Return the best schedule of all rules but ``random``, each with each of `BEST_RULE_DELTAS`.

    "Best" is judged with hindsight by the score under ``weights``.
    """
    begin = perf_counter()
    arrays = to_arrays(problem)
    objective = make_objective(arrays, [weights])
    best = max(try_rules(arrays, objective), key=lambda run: run.score)
    runtime = perf_counter() - begin
    return schedule_from(problem, arrays, best.state, "best_rule", runtime_seconds=runtime)


def _number(rule: str) -> int:
    if rule not in RULES:
        raise ConfigError(f"rule {rule!r} is unknown; the rules are {', '.join(RULES)}")
    return RULES.index(rule)


def _keys(arrays: ProblemArrays, seed: int) -> npt.NDArray[np.float64]:
    if seed < 0:
        raise ConfigError(f"seed: must be >= 0, got {seed}")
    return np.random.default_rng(seed).random(len(arrays.tasks))
