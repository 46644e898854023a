"""Annealed schedules are valid, worth what they say, and the best where that is known."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from itertools import product
from pathlib import Path

import numpy as np
import pytest

from scheduler_core.errors import ConfigError
from scheduler_core.generator import generate_problem, problem_stream
from scheduler_core.instances import MAKESPAN_WEIGHTS, read_instance
from scheduler_core.objective import RewardWeights, ideal_score, measure
from scheduler_core.problem import Family, Lock, Machine, Problem, Task
from scheduler_core.rules import try_rules
from scheduler_core.schedule import Schedule
from scheduler_core.search import Annealed, anneal
from scheduler_core.simulator import make_objective, schedule_from, to_arrays
from tests.properties.checkers import all_completions
from tests.properties.strategies import Mix, mixed_problem, random_problem

ROOT = Path(__file__).parents[1]
LATE_ONLY = RewardWeights(early_bonus_per_day=0.0)
ON_TIME_ONLY = RewardWeights(early_bonus_per_day=0.0, late_penalty_per_day=-1.0)
WEIGHTS = (
    RewardWeights(),
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
        figures = measure(problem, schedule, weights)
        assert figures.constraint_violations == 0
        assert figures.completion_rate == 1.0
        assert found.score == pytest.approx(figures.score, abs=1e-6)
        assert found.score >= start
        gained += found.score > start
    assert gained > 100


def assignments(problem: Problem) -> Iterator[Problem]:
    """Yield the problem with one machine for each open task, in every way."""
    tasks = [task for family in problem.families for task in family.tasks]
    usable = {machine.name for machine in problem.machines if machine.working_time.week_work > 0}
    options = [[name for name in task.machines if name in usable] for task in tasks]
    for names in product(*options):
        left = iter(names)
        yield replace(
            problem,
            families=tuple(
                replace(family, tasks=tuple(_on(task, next(left)) for task in family.tasks))
                for family in problem.families
            ),
        )


def _on(task: Task, name: str) -> Task:
    name = task.lock.machine if task.lock else name
    return replace(task, machines=(name,), durations=(task.duration_on(name),))


def best_possible(problem: Problem, weights: RewardWeights) -> float:
    """Return the best score of all orders and assignments."""
    return max(
        sum(map(weights.family_score, problem.families, ends)) + weights.makespan_score(max(ends))
        for assigned in assignments(problem)
        for ends in all_completions(assigned)
    )


def test_annealing_small_problems_reaches_the_best_of_all_orders_and_machines() -> None:
    """Of three families with two tasks, enumerated, whatever constrains them."""
    rng = np.random.default_rng(3)
    mix = Mix(min_families=3, max_families=3, max_tasks=2, max_machines=2, own_times=60)
    for number in range(60):
        problem, weights = random_problem(rng, mix), WEIGHTS[number % len(WEIGHTS)]
        found, _, _ = annealed(problem, weights, swaps=2000, seed=number, rule="lpt")
        assert found.score == pytest.approx(best_possible(problem, weights), abs=1e-6), number


def test_annealing_ft06_reaches_the_optimum() -> None:
    """The makespan of 55 that Fisher and Thompson's six jobs need."""
    problem = read_instance(ROOT / "data" / "instances" / "ft06.jsp")
    found, schedule, start = annealed(problem, MAKESPAN_WEIGHTS, swaps=50_000)
    assert measure(problem, schedule, MAKESPAN_WEIGHTS).makespan_hours == 55
    assert found.score == -55 > start


@pytest.mark.parametrize("weights", [RewardWeights(), LATE_ONLY, ON_TIME_ONLY])
def test_annealing_forty_families_saves_a_tenth_of_the_rules_delay_cost(
    weights: RewardWeights,
) -> None:
    """Much less than it does save, so that no change of its settings breaks this by chance."""
    problem = generate_problem(40, problem_stream("validation", 3))
    found, _, start = annealed(problem, weights, swaps=50_000)
    ideal = ideal_score(problem, weights)
    assert ideal - found.score < 0.9 * (ideal - start)


def test_annealing_repeats_its_seed_in_any_number_of_threads() -> None:
    """Searches share nothing that they write to; another seed makes other moves."""
    problem = generate_problem(40, problem_stream("validation", 0))
    arrays = to_arrays(problem)
    objective = make_objective(arrays, [RewardWeights()])
    (start,) = try_rules(arrays, objective, ("atc",), (0.5,))
    before = start.state.placed.copy()

    def search(seed: int) -> Annealed:
        return anneal(arrays, objective, start.state, swaps=20_000, seed=seed)

    alone = [search(seed) for seed in range(4)]
    with ThreadPoolExecutor(4) as pool:
        together = list(pool.map(search, range(4)))
    for one, other in zip(alone, together, strict=True):
        assert one.score == other.score
        assert np.array_equal(one.placed, other.placed)
    assert len({one.score for one in alone}) > 1
    assert np.array_equal(start.state.placed, before)


def test_annealing_without_swaps_returns_the_start() -> None:
    """The decoded plan is the rule's schedule itself, to the second, whatever the constraints."""
    rng = np.random.default_rng(8)
    for _ in range(100):
        arrays = to_arrays(mixed_problem(rng))
        objective = make_objective(arrays, [RewardWeights()])
        for start in try_rules(arrays, objective, ("atc", "spt")):
            found = anneal(arrays, objective, start.state, swaps=0, seed=0)
            assert found.score == start.score
            assert np.array_equal(found.placed, start.state.placed)


def test_annealing_with_nothing_to_improve_ends_at_once() -> None:
    """No task, locked ones, one alone on its machine: to try all the swaps would take years."""
    locked = Task(1, "turn", ("A",), (3600,), lock=Lock("A", 7200))
    families = (
        Family("F1", (locked,), due=0),
        Family("F2", (Task(1, "mill", ("B",), (3600,)),), due=0),
    )
    for count, weights in product(range(3), WEIGHTS):
        problem = Problem(families[:count], (Machine("A"), Machine("B")))
        found, _, start = annealed(problem, weights, swaps=10**15)
        assert found.score == start


@pytest.mark.parametrize(("swaps", "seed"), [(-1, 0), (10, -1)])
def test_annealing_negative_arguments_are_refused(swaps: int, seed: int) -> None:
    """By name and with the values."""
    problem = generate_problem(2, problem_stream("sample", 0))
    with pytest.raises(ConfigError, match=f"swaps, seed: must be >= 0, got {swaps} and {seed}"):
        annealed(problem, RewardWeights(), swaps=swaps, seed=seed)


UNCOMPILED = """
import numpy as np

from scheduler_core.rules import try_rules
from scheduler_core.search import annealing
from scheduler_core.search.decoding import decode
from scheduler_core.simulator import make_objective, to_arrays
from tests.properties.strategies import mixed_problem
from tests.test_annealing import WEIGHTS

update = annealing.update


def checked_update(p, o, s, w):
    update(p, o, s, w)
    status = w.status[0]
    score = status.score + status.score_change
    guide = status.guide + status.guide_change
    kept = [array.copy() for array in (w.status, w.nodes, w.targets)]
    decode(p, o, s, w)
    assert np.array_equal(w.nodes, kept[1])
    assert np.allclose([status.score, status.guide], [score, guide], rtol=1e-9, atol=1e-6)
    assert not w.marked.any() and not w.due_bits.any()
    for array, old in zip((w.status, w.nodes, w.targets), kept):
        array[:] = old


annealing.update = checked_update
rng = np.random.default_rng(2)
for number in range(60):
    arrays = to_arrays(mixed_problem(rng))
    objective = make_objective(arrays, [WEIGHTS[number % len(WEIGHTS)]])
    (start,) = try_rules(arrays, objective, ("atc",), (0.5,))
    annealing.anneal(arrays, objective, start.state, swaps=60, seed=number)
"""


def test_update_uncompiled_equals_decoding_anew() -> None:
    """After every move, with every index checked, which compiled code does not do."""
    run = subprocess.run(
        [sys.executable, "-c", UNCOMPILED],
        env={**os.environ, "NUMBA_DISABLE_JIT": "1"},
        cwd=ROOT,
        capture_output=True,
        text=True,
        timeout=300,
        check=False,
    )
    assert run.returncode == 0, run.stderr[-2000:]
