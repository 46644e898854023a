"""The checkpoint that ships keeps its promise: better than EDD, on snapshots it has never seen."""

from __future__ import annotations

from pathlib import Path

import pytest

from scheduler_core.generator import TEST_SEEDS, generate_problem, problem_stream
from scheduler_core.methods import make_schedule
from scheduler_core.objective import RewardWeights, measure
from scheduler_core.problem import Problem
from scheduler_core.snapshot import read_snapshot

DATA = Path(__file__).parents[1] / "data"
WEIGHTS = {"default": RewardWeights(), "late_only": RewardWeights(early_bonus_per_day=0.0)}


def assert_better_than_edd(problem: Problem, weights: RewardWeights) -> None:
    """Both schedules are complete and valid, and PPO's has the lower delay cost."""
    ppo, edd = (
        measure(problem, make_schedule(problem, method, weights), weights)
        for method in ("ppo", "edd")
    )
    for metrics in (ppo, edd):
        assert (metrics.completion_rate, metrics.constraint_violations) == (1.0, 0)
    assert ppo.delay_cost < edd.delay_cost


@pytest.mark.parametrize("weights", WEIGHTS.values(), ids=WEIGHTS)
@pytest.mark.parametrize("families", [40, 100, 200])
def test_ppo_on_a_sample_is_better_than_edd(families: int, weights: RewardWeights) -> None:
    """The samples come from their own stream of seeds."""
    snapshot = read_snapshot(DATA / f"{families}_jobs.json")
    assert_better_than_edd(snapshot.problem, weights)


@pytest.mark.parametrize("weights", WEIGHTS.values(), ids=WEIGHTS)
@pytest.mark.parametrize("families", [40, 100, 200])
def test_ppo_on_unseen_snapshots_is_better_than_edd(families: int, weights: RewardWeights) -> None:
    """On each of twenty, not on average."""
    for seed in TEST_SEEDS[:20]:
        problem = generate_problem(families, problem_stream("test", seed))
        assert_better_than_edd(problem, weights)
