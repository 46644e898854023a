"""Known optima of published instances are reached by replay, and beaten by nobody."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from typing import Any

import pytest

from scheduler_core.instances import MAKESPAN_WEIGHTS
from scheduler_core.objective import measure, score
from scheduler_core.problem import SECONDS_PER_HOUR, Problem
from scheduler_core.rules import RULES, dispatch
from scheduler_core.schedule import Schedule
from scheduler_core.simulator import Simulator
from scheduler_core.validation import validate
from tests.test_instances import FILES, KNOWN, known, units

Starts = Sequence[Sequence[int]]

# Starts of each job's operations, so that what follows from them is tested without OR-Tools too.
# CP-SAT of OR-Tools 9.15 found and proved them: ft06 by `optimal_starts` below, which runs in
#     pytest tests/test_instance_optima.py -k cp_sat
# and la01 by the same model with the makespan alone as its aim; both aims take too long there.
OPTIMAL_STARTS: dict[str, Starts] = {
    "ft06": (
        (0, 1, 16, 30, 38, 42),
        (0, 8, 13, 28, 38, 48),
        (1, 6, 10, 18, 27, 48),
        (8, 13, 22, 27, 30, 45),
        (13, 22, 25, 41, 48, 52),
        (13, 16, 19, 28, 38, 42),
    ),
    "la01": (
        (54, 83, 435, 534, 589),
        (260, 281, 530, 546, 572),
        (17, 77, 175, 217, 248),
        (217, 294, 356, 476, 589),
        (0, 83, 117, 505, 546),
        (0, 54, 277, 356, 448),
        (117, 200, 294, 389, 476),
        (0, 136, 464, 510, 583),
        (0, 75, 175, 200, 248),
        (0, 186, 346, 389, 569),
    ),
}


def machine_loads(problem: Problem) -> Counter[str]:
    """Return the work that only this machine can do, in seconds, by machine."""
    loads: Counter[str] = Counter()
    for family in problem.families:
        for task in family.tasks:
            if len(task.machines) == 1:
                loads[task.machines[0]] += task.shortest
    return loads


def replayed(problem: Problem, starts: Starts) -> Schedule:
    """Return what the simulator makes of a schedule: who starts first there goes first here."""
    in_order = [start for job in starts for start in job]
    simulator = Simulator(problem, MAKESPAN_WEIGHTS)
    while not simulator.done:
        wanted = [in_order[task] for task in simulator.candidate_tasks]
        simulator.step(wanted.index(min(wanted)))
    return simulator.schedule("replay")


def assert_reaches(problem: Problem, schedule: Schedule, makespan: int) -> None:
    """Check that a schedule is valid and exactly so long, in every figure that says it."""
    assert validate(problem, schedule) == []
    assert schedule.makespan == makespan * SECONDS_PER_HOUR
    assert score(problem, schedule, MAKESPAN_WEIGHTS) == pytest.approx(-makespan, rel=1e-12)
    assert measure(problem, schedule, MAKESPAN_WEIGHTS).makespan_hours == makespan


@pytest.mark.parametrize("name", OPTIMAL_STARTS)
def test_optimal_order_replayed_reaches_the_optimum(name: str) -> None:
    """Every start comes out as in the optimal schedule: the simulator adds nothing to it."""
    problem, starts = known(name), OPTIMAL_STARTS[name]
    schedule = replayed(problem, starts)
    assert_reaches(problem, schedule, KNOWN[name]["optimum"])
    ours = {(task.family_id, task.sequence): task.start for task in schedule}
    assert ours == {
        (f"J{job}", sequence): start * SECONDS_PER_HOUR
        for job, row in enumerate(starts, 1)
        for sequence, start in enumerate(row, 1)
    }


def test_la01_optimum_is_proven_by_a_machine_that_never_rests() -> None:
    """No schedule can be shorter than the work of one machine, and one is as long: 666."""
    problem = known("la01")
    assert max(machine_loads(problem).values()) == 666 * SECONDS_PER_HOUR
    assert replayed(problem, OPTIMAL_STARTS["la01"]).makespan == 666 * SECONDS_PER_HOUR


def optimal_starts(problem: Problem, horizon: int) -> tuple[Starts, float]:
    """Return optimal starts of a job shop in units, and the proven bound on its makespan.

    Of all the shortest schedules it is the one with the least sum of starts: in that one nothing
    can start earlier by itself, and those are the schedules that the simulator makes.
    """
    cp_model = pytest.importorskip("ortools.sat.python.cp_model", exc_type=ImportError)
    model = cp_model.CpModel()
    on_machine: dict[int, list[Any]] = {}
    starts: list[list[Any]] = []
    makespan = model.new_int_var(0, horizon, "makespan")
    for job in units(problem):
        starts.append([model.new_int_var(0, horizon, "start") for _ in job])
        ends = [start + time for start, (_, time) in zip(starts[-1], job, strict=True)]
        for start, (machine, time) in zip(starts[-1], job, strict=True):
            interval = model.new_fixed_size_interval_var(start, time, "operation")
            on_machine.setdefault(machine, []).append(interval)
        for end, start in zip(ends, starts[-1][1:], strict=False):
            model.add(end <= start)
        model.add(makespan >= ends[-1])
    for intervals in on_machine.values():
        model.add_no_overlap(intervals)
    weight = horizon * problem.num_tasks  # more than all the starts together
    model.minimize(weight * makespan + sum(start for row in starts for start in row))
    solver = cp_model.CpSolver()
    solver.parameters.num_workers = 1
    solver.parameters.random_seed = 0
    solver.parameters.max_deterministic_time = 10.0
    assert solver.solve(model) == cp_model.OPTIMAL
    values = [[solver.value(start) for start in row] for row in starts]
    return values, solver.best_objective_bound // weight


def test_ft06_optimum_is_proven_by_cp_sat_and_its_order_reaches_it() -> None:
    """An exact solver that shares nothing with the simulator agrees on 55."""
    problem = known("ft06")
    starts, bound = optimal_starts(problem, horizon=197)
    assert bound == KNOWN["ft06"]["optimum"] == 55
    assert_reaches(problem, replayed(problem, starts), 55)


@pytest.mark.parametrize("rule", RULES)
@pytest.mark.parametrize("name", FILES)
def test_schedule_by_any_rule_is_valid_and_no_shorter_than_the_bound(name: str, rule: str) -> None:
    """No rule beats what is proven, with machines to choose or without."""
    problem = known(name)
    schedule = dispatch(problem, rule, weights=MAKESPAN_WEIGHTS)
    assert validate(problem, schedule) == []
    assert schedule.makespan >= KNOWN[name]["bounds"]["lower"] * SECONDS_PER_HOUR
