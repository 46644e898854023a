"""Instances of the kinds of the literature: what Taillard and Brandimarte draw."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest

from scheduler_core.generator import generate_flexible_job_shop, generate_job_shop
from scheduler_core.problem import SECONDS_PER_HOUR, Problem, Task
from scheduler_core.rules import dispatch
from scheduler_core.validation import validate

Generate = Callable[[int, int, np.random.Generator], Problem]
GENERATORS: list[Generate] = [generate_job_shop, generate_flexible_job_shop]


def made(generate: Generate, seed: int, num_jobs: int = 10, num_machines: int = 6) -> Problem:
    """Return an instance of a seed."""
    return generate(num_jobs, num_machines, np.random.default_rng(seed))


def tasks_of(problem: Problem) -> list[Task]:
    """Return all tasks."""
    return [task for family in problem.families for task in family.tasks]


def hours(problem: Problem) -> list[tuple[int, ...]]:
    """Return the times of every task in units, which are whole hours."""
    rows = [task.durations for task in tasks_of(problem)]
    assert all(time % SECONDS_PER_HOUR == 0 for row in rows for time in row)
    return [tuple(time // SECONDS_PER_HOUR for time in row) for row in rows]


@pytest.mark.parametrize("shape", [(1, 1), (15, 15), (30, 20)])
def test_every_job_visits_every_machine_once(shape: tuple[int, int]) -> None:
    """One machine an operation, and no two jobs in the same order."""
    problem = made(generate_job_shop, 0, *shape)
    machines = sorted(machine.name for machine in problem.machines)
    routes = [tuple(task.machines for task in family.tasks) for family in problem.families]
    assert (len(problem.families), len(machines)) == shape
    assert all(sorted(name for (name,) in route) == machines for route in routes)
    assert len(set(routes)) == len(routes)


def test_times_of_a_job_shop_are_uniform_from_1_to_99() -> None:
    """Each value comes about as often as any other: 20,000 draws, 202 of each expected."""
    times = np.ravel(hours(made(generate_job_shop, 1, 1000, 20)))
    counts = np.bincount(times, minlength=100)
    assert (times.min(), times.max()) == (1, 99)
    assert 140 < counts[1:].min() <= counts[1:].max() < 270  # four and a half standard deviations


def test_every_machine_is_as_likely_at_every_place_of_a_route() -> None:
    """Of 2,000 jobs a fifth begins on each of 5 machines."""
    problem = made(generate_job_shop, 2, 2000, 5)
    first = [family.tasks[0].machines[0] for family in problem.families]
    assert all(310 < first.count(machine.name) < 490 for machine in problem.machines)


def test_flexible_job_shops_cover_the_ranges_of_brandimarte() -> None:
    """Every instance is within them, and 200 instances reach their ends."""
    counts, options, times = set(), set(), set()
    for seed in range(200):
        problem = made(generate_flexible_job_shop, seed)
        counts |= {len(family.tasks) for family in problem.families}
        options |= {len(task.machines) for task in tasks_of(problem)}
        times |= {time for row in hours(problem) for time in row}
    assert counts == set(range(3, 16))
    assert options == set(range(1, 7))
    assert times == set(range(1, 31))


def test_jobs_of_a_flexible_job_shop_share_kinds_of_operations() -> None:
    """As Brandimarte's do: 30 kinds at most, however many jobs, and one no more than once a job."""
    problem = made(generate_flexible_job_shop, 7, num_jobs=100)
    kinds = [
        [(task.machines, task.durations) for task in family.tasks] for family in problem.families
    ]
    assert 15 <= len({kind for row in kinds for kind in row}) <= 30
    assert all(len(set(row)) == len(row) for row in kinds)


def test_times_of_an_operation_are_equal_similar_or_unrelated() -> None:
    """One of the three in an instance: ratios of longest to shortest tell which."""
    ratios = [
        max(max(row) / min(row) for row in hours(made(generate_flexible_job_shop, seed)))
        for seed in range(60)
    ]
    equal = sum(ratio == 1 for ratio in ratios)
    similar = sum(1 < ratio <= 2 for ratio in ratios)
    assert min(equal, similar, len(ratios) - equal - similar) >= 10


@pytest.mark.parametrize("generate", GENERATORS)
def test_instance_follows_from_its_seed(generate: Generate) -> None:
    """The same seed gives the same instance, another one another."""
    assert made(generate, 3) == made(generate, 3)
    assert made(generate, 3) != made(generate, 4)


@pytest.mark.parametrize("generate", GENERATORS)
def test_family_is_due_when_it_would_be_done_alone(generate: Generate) -> None:
    """As published instances are read."""
    problem = made(generate, 5)
    alone = problem.unhindered_completions()
    assert {family.id: family.due for family in problem.families} == alone


@pytest.mark.parametrize("generate", GENERATORS)
@pytest.mark.parametrize("shape", [(1, 1), (30, 15)])
def test_rule_makes_a_valid_schedule(generate: Generate, shape: tuple[int, int]) -> None:
    """From the smallest shape to the largest of Brandimarte."""
    problem = made(generate, 6, *shape)
    assert validate(problem, dispatch(problem, "mwkr")) == []
