"""Working time, the simulator and its rules against their slow twin.

The environment variable ``TWIN_FACTOR`` multiplies the number of seeded problems: with 1, as in
CI, the rules are compared on 2,100; ``TWIN_FACTOR=10`` compares them on 21,000.
"""

from __future__ import annotations

import os
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from scheduler_core.objective import RewardWeights
from scheduler_core.problem import SECONDS_PER_DAY, Family, Machine, Problem, Task
from scheduler_core.rules import RULES, dispatch
from scheduler_core.simulator import Simulator, to_arrays
from tests.naive import (
    NaiveShop,
    finish,
    naive_dispatch,
    next_working,
    nominal_from,
    week_work,
    works,
)
from tests.properties.checkers import completion_of, placed_by
from tests.properties.strategies import (
    Mix,
    deltas,
    map_tasks,
    mixed_problem,
    problems,
    random_problem,
    seeds,
)

FACTOR = int(os.environ.get("TWIN_FACTOR", "1"))
PROBLEMS_PER_RULE = 140 * FACTOR  # 15 rules: 2,100 comparisons with the twin
WALKS = 600 * FACTOR

rules = st.sampled_from(RULES)


@pytest.mark.parametrize("rule", RULES)
def test_rule_on_many_problems_equals_naive_twin(rule: str) -> None:
    """The compiled rule decides as its definition does, ties and rounding included."""
    rng = np.random.default_rng([20251, RULES.index(rule)])
    for number in range(PROBLEMS_PER_RULE):
        problem = mixed_problem(rng)
        delta = float(rng.choice([0.0, 1.0, 0.5, rng.random()]))
        weights = RewardWeights(urgent_multiplier=float(rng.choice([1.0, 3.0])))
        schedule = dispatch(problem, rule, delta=delta, weights=weights, seed=number)
        twin = naive_dispatch(problem, rule, delta=delta, weights=weights, seed=number)
        assert placed_by(problem, schedule) == sorted(twin), f"problem {number}, delta {delta}"


@given(problem=problems(), rule=rules, delta=deltas, seed=seeds)
def test_rule_on_any_problem_equals_naive_twin(
    problem: Problem, rule: str, delta: float, seed: int
) -> None:
    """The same over problems that Hypothesis finds, and shrinks if they differ."""
    schedule = dispatch(problem, rule, delta=delta, seed=seed)
    twin = naive_dispatch(problem, rule, delta=delta, seed=seed)
    assert placed_by(problem, schedule) == sorted(twin)


@pytest.mark.parametrize("rule", ["spt", "lpt", "edd", "atc", "random"])
def test_rule_where_most_tasks_suit_any_machine_equals_naive_twin(rule: str) -> None:
    """Crowds that move from machine to machine, which the kernel keeps in a pool."""
    rng = np.random.default_rng([20258, RULES.index(rule)])
    mix = Mix(min_families=6, max_families=14, max_machines=4, calendars=False, downtime=False,
              locks=False)  # fmt: skip
    for number in range(30 * FACTOR):
        problem = random_problem(rng, mix)
        names = tuple(machine.name for machine in problem.machines)

        def suited(task: Task, names: tuple[str, ...] = names) -> Task:
            durations = task.durations[:1] * len(names)
            is_any = rng.random() < 0.7
            return replace(task, machines=names, durations=durations) if is_any else task

        problem = map_tasks(problem, suited)
        delta = float(rng.choice([0.0, 0.5, 1.0]))
        schedule = dispatch(problem, rule, delta=delta, seed=number)
        twin = naive_dispatch(problem, rule, delta=delta, seed=number)
        assert placed_by(problem, schedule) == sorted(twin), f"problem {number}, delta {delta}"


@pytest.mark.parametrize("delta", [0.0, 0.5])
def test_crowd_that_stays_on_its_machine_asks_everybody(delta: float) -> None:
    """C stays on M1 and A, fixed there, takes its place; B behind it must be asked all the same.

    When P leaves M1, B has a tie between both machines, and M0 has less to do.
    """
    both = ("M0", "M1")

    def single(name: str, machines: tuple[str, ...], duration: int, release: int = 0) -> Family:
        task = Task(1, "turn", machines, (duration,) * len(machines))
        return Family(name, (task,), due=0, release=release)

    families = (
        single("X2", both[:1], 100),
        single("X", both[:1], 9),
        single("P", both[1:], 10),
        single("C", both, 20, 5),
        single("A", both[1:], 30, 6),
        single("B", both, 5, 200),
    )
    problem = Problem(families, (Machine("M0"), Machine("M1")))
    twin = naive_dispatch(problem, "lpt", delta=delta)
    assert placed_by(problem, dispatch(problem, "lpt", delta=delta)) == sorted(twin)
    assert ("B", 1, "M0", 200, 205) in twin


def test_nominal_work_of_many_problems_equals_naive_twin() -> None:
    """What lies behind a task, to the last bit: rules compare it, and ties depend on it."""
    rng = np.random.default_rng(20257)
    for _ in range(2 * WALKS):
        problem = mixed_problem(rng)
        shop, arrays = NaiveShop(problem, 1.0), to_arrays(problem)
        families = problem.families
        assert arrays.families["work"].tolist() == [
            nominal_from(shop, family, 0) for family in families
        ]
        assert arrays.tasks["after"].tolist() == [
            nominal_from(shop, family, i + 1)
            for family in families
            for i in range(len(family.tasks))
        ]


def assert_same_walk(problem: Problem, delta: float, choose: bool, seed: int) -> None:
    """Check every decision on the way of random choices, and where it leads."""
    rng = np.random.default_rng(seed)
    simulator = Simulator(problem, RewardWeights(), delta, choose_machines=choose)
    shop = NaiveShop(problem, delta, choose)
    while (decision := shop.decision()) is not None:
        position = int(rng.integers(len(decision.candidates)))
        last = sum(shop.position) == problem.num_tasks - 1
        if len(decision.candidates) > 1 or last:  # all others the simulator takes by itself
            families = [one.family for one in decision.candidates]
            machines = [one.machine for one in decision.candidates]
            assert simulator.candidates.tolist() == families
            assert simulator.candidate_machines.tolist() == machines
            simulator.step(position)
        shop.take(decision.candidates[position])
    assert simulator.done
    assert placed_by(problem, simulator.schedule("any")) == sorted(shop.placed)


@pytest.mark.parametrize("choose", [False, True], ids=["tasks", "tasks and machines"])
def test_simulator_on_many_problems_offers_what_the_definition_offers(choose: bool) -> None:
    """Also where no rule would go, the candidates are those of the definition."""
    rng = np.random.default_rng([20254, choose])
    for number in range(WALKS):
        delta = float(rng.choice([0.0, 1.0, 1.0, 0.5, rng.random()]))
        assert_same_walk(mixed_problem(rng), delta, choose, number)


@given(problem=problems(own_times=90), delta=deltas, choose=st.booleans(), seed=seeds)
def test_simulator_under_any_choices_offers_what_the_definition_offers(
    problem: Problem, delta: float, choose: bool, seed: int
) -> None:
    """The same over problems that Hypothesis finds, and shrinks if they differ."""
    assert_same_walk(problem, delta, choose, seed)


def assert_same_working_time(machine: Machine, time: int, work: int) -> None:
    """Check when a machine works next from a time on, and when work begun there ends."""
    working = machine.working_time
    assert working.week_work == week_work(machine.calendar)
    if working.week_work == 0:
        return
    start, end = next_working(machine, time), finish(machine, time, work)
    assert works(machine, start)
    assert working.next_working(time) == start
    assert working.finish(time, work) == end
    assert working.work_between(time, end) == work
    assert working.work_between(time, end - 1) == work - 1


def test_working_time_of_many_machines_equals_the_definition() -> None:
    """Long before time zero, around the days that differ, and long after them."""
    rng = np.random.default_rng(20255)
    for _ in range(WALKS):
        for machine in random_problem(rng).machines:
            time = int(rng.integers(-30, 60) * SECONDS_PER_DAY + rng.integers(SECONDS_PER_DAY))
            assert_same_working_time(machine, time, int(rng.integers(1, 3 * SECONDS_PER_DAY)))


@given(
    problem=problems(max_families=1, max_tasks=1),
    time=st.integers(-20 * SECONDS_PER_DAY, 20 * SECONDS_PER_DAY) | st.integers(-12, 40),
    work=st.integers(1, SECONDS_PER_DAY),
)
def test_working_time_of_any_machine_equals_the_definition(
    problem: Problem, time: int, work: int
) -> None:
    """The same over machines that Hypothesis finds, and shrinks if they differ."""
    for machine in problem.machines:
        assert_same_working_time(machine, time, work)


@given(problem=problems(own_times=90))
def test_unhindered_completions_are_those_of_a_shop_for_each_family_alone(
    problem: Problem,
) -> None:
    """Each of its tasks on the machine where it ends first, and nobody in its way."""
    expected = {}
    for family in problem.families:
        placed = naive_dispatch(replace(problem, families=(family,)), "edd", delta=1.0)
        expected[family.id] = completion_of(problem, family, placed[-1][-1] if placed else 0)
    assert problem.unhindered_completions() == expected


@given(problem=problems(), delta=deltas)
def test_naive_twin_reports_every_decision(problem: Problem, delta: float) -> None:
    """One decision for each free task, and each is among the families still unfinished."""
    decisions: list[list[int]] = []
    placed = naive_dispatch(problem, "edd", delta=delta, on_decision=decisions.append)
    index = {family.id: f for f, family in enumerate(problem.families)}
    assert len(decisions) == len(placed)
    for candidates, (family_id, *_) in zip(decisions, placed, strict=True):
        assert candidates == sorted(set(candidates))
        assert index[family_id] in candidates
