"""Environments side by side go their own ways, in any number of threads."""

from __future__ import annotations

import numpy as np
import pytest

from scheduler_core.objective import RewardWeights, score
from scheduler_core.problem import Problem
from scheduler_core.simulator import (
    Batch,
    Simulator,
    bound_score,
    empty_state,
    join,
    make_objective,
    schedule_from,
    to_arrays,
)
from tests.builders import can_place
from tests.properties.strategies import mixed_problem

SETTINGS = [RewardWeights(), RewardWeights(0, 0, -5), RewardWeights(makespan_penalty_per_day=-9)]
DELTAS = [0.0, 0.3, 1.0, 0.5]


@pytest.fixture(scope="module")
def shops() -> list[Problem]:
    """Return forty problems over the full mix of features."""
    rng, found = np.random.default_rng(1), []
    while len(found) < 40:
        problem = mixed_problem(rng)
        if can_place(problem):
            found.append(problem)
    return found


def make_batch(shops: list[Problem], threads: int) -> Batch:
    """Return the shops side by side, with weights and delta taken in turn."""
    arrays = join([to_arrays(problem) for problem in shops])
    weights = [SETTINGS[e % 3] for e in range(len(shops))]
    deltas = [DELTAS[e % 4] for e in range(len(shops))]
    state = empty_state(arrays, deltas, choose_machines=True, track=True)
    return Batch(arrays, make_objective(arrays, weights), state, threads)


def run_at_random(batch: Batch, seed: int) -> list[list[float]]:
    """Take random candidates to the end and return what the steps of each environment changed."""
    rngs = [np.random.default_rng([seed, e]) for e in range(batch.arrays.num_envs)]
    changes: list[list[float]] = [[] for _ in rngs]
    batch.reset()
    while len(envs := batch.deciding()):
        counts = batch.state.num_candidates[envs]
        choices = np.array([rngs[e].integers(c) for e, c in zip(envs, counts, strict=True)])
        for e, change in zip(envs, batch.step(envs, choices), strict=True):
            changes[e].append(float(change))
    return changes


@pytest.mark.parametrize("threads", [1, 4])
def test_batch_of_shops_takes_each_where_a_simulator_takes_it(
    shops: list[Problem], threads: int
) -> None:
    """Each with its own problem, weights and delta, to the same tasks at the same times."""
    batch = make_batch(shops, threads)
    run_at_random(batch, 7)
    for e, problem in enumerate(shops):
        rng = np.random.default_rng([7, e])
        alone = Simulator(problem, SETTINGS[e % 3], DELTAS[e % 4], choose_machines=True)
        while not alone.done:
            alone.step(int(rng.integers(len(alone.candidates))))
        together = schedule_from(problem, batch.arrays, batch.state, "batch", env=e)
        assert together.tasks == alone.schedule("alone").tasks


def test_changes_of_a_batch_are_the_same_in_any_number_of_threads(shops: list[Problem]) -> None:
    """To the last bit, twice over the same batch."""
    one, many = make_batch(shops, 1), make_batch(shops, 3)
    assert run_at_random(one, 3) == run_at_random(many, 3) == run_at_random(many, 3)


def test_bound_kept_up_to_date_equals_the_bound_computed_anew(shops: list[Problem]) -> None:
    """After every step, and at the end it is the score."""
    batch, rng = make_batch(shops, 1), np.random.default_rng(5)
    at_start = batch.reset()
    total = np.zeros(len(shops))
    while len(envs := batch.deciding()):
        choices = rng.integers(batch.state.num_candidates[envs])
        total[envs] += batch.step(envs, choices)
        anew = [bound_score(*batch.parts, e) for e in range(len(shops))]
        assert batch.state.envs["bound"] == pytest.approx(anew, rel=1e-9, abs=1e-6)
    for e, problem in enumerate(shops):
        schedule = schedule_from(problem, batch.arrays, batch.state, "batch", env=e)
        assert at_start[e] + total[e] == pytest.approx(
            score(problem, schedule, SETTINGS[e % 3]), rel=1e-9, abs=1e-6
        )
