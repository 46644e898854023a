"""Annealed schedules are valid, worth what they say, and good."""

from __future__ import annotations

import numpy as np
import pytest

from scheduler_core.instances import MAKESPAN_WEIGHTS
from scheduler_core.objective import RewardWeights, score
from scheduler_core.problem import Problem
from scheduler_core.rules import try_rules
from scheduler_core.schedule import Schedule
from scheduler_core.search import Annealed, anneal
from scheduler_core.simulator import make_objective, schedule_from, to_arrays
from scheduler_core.training.tasks import DEFAULT, LATE_ONLY, ON_TIME_ONLY
from scheduler_core.validation import validate
from tests.properties.strategies import mixed_problem

WEIGHTS = (
    DEFAULT,
    LATE_ONLY,
    ON_TIME_ONLY,
    MAKESPAN_WEIGHTS,
    RewardWeights(urgent_multiplier=3.0, makespan_penalty_per_day=-500.0),
    RewardWeights(on_time_reward=0.0, early_bonus_per_day=0.0, late_penalty_per_day=0.0),
)


def annealed(
    problem: Problem, weights: RewardWeights, *, swaps: int, seed: int = 0, rule: str = "atc"
) -> tuple[Annealed, Schedule, float]:
    """Return what is found from a rule's schedule, as a schedule too, and the rule's score."""
    arrays = to_arrays(problem)
    objective = make_objective(arrays, [weights])
    (start,) = try_rules(arrays, objective, (rule,), (0.5,))
    found = anneal(arrays, objective, start.state, swaps=swaps, seed=seed)
    state = start.state._replace(placed=found.placed)
    return found, schedule_from(problem, arrays, state, "annealing"), start.score


def test_annealed_schedules_of_the_full_mix_are_valid_and_worth_their_score() -> None:
    """Calendars, downtime, locks, releases, several modes: no violation, and never a loss."""
    rng = np.random.default_rng(5)
    gained = 0
    for number in range(600):
        problem, weights = mixed_problem(rng), WEIGHTS[number % len(WEIGHTS)]
        rule = ("lpt", "edd", "fifo")[number % 3]
        found, schedule, start = annealed(problem, weights, swaps=400, seed=number, rule=rule)
        assert validate(problem, schedule) == []
        assert found.score == pytest.approx(score(problem, schedule, weights), abs=1e-6)
        assert found.score >= start
        gained += found.score > start
    assert gained > 100
