"""The simulator and its rules against their slow twin, the judge, and what must not matter."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from scheduler_core.objective import RewardWeights
from scheduler_core.problem import Family, Lock, Machine, Problem, Task
from scheduler_core.rules import RULES, dispatch
from scheduler_core.schedule import Schedule
from scheduler_core.simulator import Simulator
from scheduler_core.validation import validate
from tests.naive import NaiveShop, Placed, naive_dispatch, naive_outcomes
from tests.properties.checkers import all_completions, completion_of, is_active, is_non_delay
from tests.properties.strategies import Mix, problems, random_problem

rules = st.sampled_from(RULES)
deltas = st.sampled_from([0.0, 0.5, 1.0]) | st.floats(0, 1)
seeds = st.integers(0, 2**32 - 1)

PROBLEMS_PER_RULE = 140  # 15 rules: 2,100 comparisons with the twin
TINY = Mix(max_families=3, max_tasks=2, max_machines=2, flexible=False)
NO_LOCKS = Mix(flexible=False, locks=False)


def placed_by(problem: Problem, schedule: Schedule) -> list[Placed]:
    """Return what a schedule adds to the locked tasks, sorted."""
    locked = {
        (family.id, task.sequence)
        for family in problem.families
        for task in family.tasks
        if task.lock is not None
    }
    return sorted(
        (each.family_id, each.sequence, each.machine, each.start, each.end)
        for each in schedule
        if (each.family_id, each.sequence) not in locked
    )


def map_tasks(problem: Problem, change: Callable[[Task], Task]) -> tuple[Family, ...]:
    """Return the problem's families with every task changed."""
    return tuple(
        replace(family, tasks=tuple(map(change, family.tasks))) for family in problem.families
    )


def with_shuffled_machines(task: Task, rng: np.random.Generator) -> Task:
    """Return the task with its capable machines listed in another order."""
    order = rng.permutation(len(task.machines))
    return replace(
        task,
        machines=tuple(task.machines[i] for i in order),
        durations=tuple(task.durations[i] for i in order),
    )


def shuffled(problem: Problem, rng: np.random.Generator) -> Problem:
    """Return the problem with the capable machines of every task listed in another order."""
    families = map_tasks(problem, lambda task: with_shuffled_machines(task, rng))
    return replace(problem, families=families)


def mixed_problem(rng: np.random.Generator) -> Problem:
    """Return a small problem or a crowded one, at times with machines listed out of order."""
    mix = Mix(max_families=int(rng.choice([3, 5, 12])), max_machines=int(rng.choice([2, 4])))
    problem = random_problem(rng, mix)
    if rng.random() < 0.3:
        return shuffled(problem, rng)
    return problem


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


@given(problem=problems(), delta=deltas, seed=seeds)
def test_simulator_under_any_choices_offers_what_the_definition_offers(
    problem: Problem, delta: float, seed: int
) -> None:
    """Also where no rule would go, the candidates are those of the definition."""
    rng = np.random.default_rng(seed)
    simulator = Simulator(problem, RewardWeights(), delta)
    shop = NaiveShop(problem, delta)
    while (decision := shop.decision()) is not None:
        chosen = decision.candidates[int(rng.integers(len(decision.candidates)))]
        last = sum(shop.position) == problem.num_tasks - 1
        if len(decision.candidates) > 1 or last:  # all others the simulator takes by itself
            offered = [one.family for one in decision.candidates]
            assert simulator.candidates.tolist() == offered
            simulator.step(chosen.family)
        shop.place(chosen)
    assert simulator.done
    assert placed_by(problem, simulator.schedule("any")) == sorted(shop.placed)


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


@given(problem=problems(), rule=rules, delta=deltas, seed=seeds)
def test_rule_schedule_is_always_valid(
    problem: Problem, rule: str, delta: float, seed: int
) -> None:
    """The independent judge finds nothing, whatever the rule and the problem."""
    assert validate(problem, dispatch(problem, rule, delta=delta, seed=seed)) == []


@given(problem=problems(), rule=rules, delta=deltas, seed=seeds)
def test_renaming_changes_only_the_names(
    problem: Problem, rule: str, delta: float, seed: int
) -> None:
    """Names carry no meaning: even reversing their alphabetical order moves no task."""

    def renamed(task: Task) -> Task:
        lock = task.lock and Lock(new(task.lock.machine), task.lock.start)
        return replace(task, machines=tuple(map(new, task.machines)), lock=lock)

    def new(name: str) -> str:
        return f"other {999 - int(name[1:])}"

    other = Problem(
        tuple(replace(family, id=new(family.id)) for family in map_tasks(problem, renamed)),
        tuple(Machine(new(machine.name)) for machine in problem.machines),
    )
    before = placed_by(problem, dispatch(problem, rule, delta=delta, seed=seed))
    after = placed_by(other, dispatch(other, rule, delta=delta, seed=seed))
    assert after == sorted((new(f), i, new(m), start, end) for f, i, m, start, end in before)


@given(problem=problems(), rule=rules, delta=deltas, seed=seeds, power=st.integers(1, 10))
def test_scaling_all_times_scales_the_schedule(
    problem: Problem, rule: str, delta: float, seed: int, power: int
) -> None:
    """A unit of time means nothing; powers of two keep every float comparison exact."""
    factor = 2**power

    def longer(task: Task) -> Task:
        lock = task.lock and Lock(task.lock.machine, factor * task.lock.start)
        return replace(task, durations=tuple(factor * d for d in task.durations), lock=lock)

    families = [
        replace(family, due=factor * family.due, release=factor * family.release)
        for family in map_tasks(problem, longer)
    ]
    scaled = replace(problem, families=tuple(families))
    before = placed_by(problem, dispatch(problem, rule, delta=delta, seed=seed))
    after = placed_by(scaled, dispatch(scaled, rule, delta=delta, seed=seed))
    assert after == [(f, i, m, factor * start, factor * end) for f, i, m, start, end in before]


def without_ties(problem: Problem, rng: np.random.Generator) -> Problem:
    """Return the problem with large random times, so that no two quantities are equal by chance.

    Due times stay tight, or the cost over time of all families would be equal: zero.
    """

    def timed(task: Task) -> Task:
        return replace(
            task, durations=tuple(rng.integers(10**9, 10**10, len(task.machines)).tolist())
        )

    families = [
        replace(
            family,
            due=int(rng.integers(-(10**10), 3 * 10**9)),
            release=int(rng.integers(1, 10**9)),
        )
        for family in map_tasks(problem, timed)
    ]
    return replace(problem, families=tuple(families))


@pytest.mark.parametrize("rule", [rule for rule in RULES if rule != "random"])
def test_permuting_families_and_machines_changes_no_completion(rule: str) -> None:
    """Order in the file decides ties only: without ties it decides nothing.

    The random rule is left out: its keys belong to positions.
    """
    rng = np.random.default_rng([20252, RULES.index(rule)])
    for _ in range(40):
        problem = without_ties(random_problem(rng, locks=False, min_families=2), rng)
        delta = float(rng.choice([0.0, 0.5, 1.0]))
        other = Problem(
            tuple(problem.families[i] for i in rng.permutation(len(problem.families))),
            tuple(problem.machines[i] for i in rng.permutation(len(problem.machines))),
        )
        other = shuffled(other, rng)
        before = dispatch(problem, rule, delta=delta).completions(problem)
        assert dispatch(other, rule, delta=delta).completions(other) == before


@given(problem=problems(NO_LOCKS), rule=rules, seed=seeds)
def test_delta_zero_gives_non_delay_schedules(problem: Problem, rule: str, seed: int) -> None:
    """No machine waits while a task that needs it could start."""
    assert is_non_delay(problem, dispatch(problem, rule, delta=0.0, seed=seed))


@given(problem=problems(), rule=rules, seed=seeds)
def test_delta_one_gives_active_schedules(problem: Problem, rule: str, seed: int) -> None:
    """No task can start earlier on its machine without delaying another, locked ones included."""
    assert is_active(problem, dispatch(problem, rule, delta=1.0, seed=seed))


def test_delta_one_reaches_schedules_that_delta_zero_cannot() -> None:
    """Waiting an hour for the urgent order is active, but not non-delay."""
    problem = Problem(
        (
            Family("long", (Task(1, "a", ("M1",), (10,)),), due=100),
            Family("soon", (Task(1, "b", ("M1",), (5,)),), due=6, release=1),
        ),
        (Machine("M1"),),
    )
    waiting = dispatch(problem, "edd", delta=1.0)
    eager = dispatch(problem, "edd", delta=0.0)
    assert waiting.completions(problem) == {"soon": 6, "long": 16}
    assert eager.completions(problem) == {"long": 10, "soon": 15}
    assert (is_active(problem, waiting), is_non_delay(problem, waiting)) == (True, False)
    assert (is_active(problem, eager), is_non_delay(problem, eager)) == (True, True)


def test_checkers_on_a_late_start_see_it() -> None:
    """A task that starts a second later than it could is neither active nor non-delay."""
    problem = Problem((Family("A", (Task(1, "a", ("M1",), (10,)),), due=100),), (Machine("M1"),))
    schedule = dispatch(problem, "edd")
    late = tuple(replace(task, start=task.start + 1, end=task.end + 1) for task in schedule)
    assert not is_active(problem, replace(schedule, tasks=late))
    assert not is_non_delay(problem, replace(schedule, tasks=late))


def test_active_decisions_contain_an_optimal_schedule() -> None:
    """Over all sequences of decisions at delta = 1 the best is the best over all orders of tasks.

    That is Giffler and Thompson's theorem, for the makespan and for the total tardiness.
    """
    rng = np.random.default_rng(20253)
    for _ in range(150):
        problem = random_problem(rng, TINY)
        reached = [
            _completions(problem, placed) for placed in naive_outcomes(NaiveShop(problem, 1.0))
        ]
        possible = list(all_completions(problem))
        assert min(map(max, reached)) == min(map(max, possible))
        assert min(_tardiness(problem, c) for c in reached) == min(
            _tardiness(problem, c) for c in possible
        )


def _completions(problem: Problem, placed: list[Placed]) -> tuple[int, ...]:
    last = {family_id: end for family_id, _, _, _, end in placed}
    return tuple(completion_of(family, last.get(family.id, 0)) for family in problem.families)


def _tardiness(problem: Problem, completions: tuple[int, ...]) -> int:
    pairs = zip(problem.families, completions, strict=True)
    return sum(max(0, completion - family.due) for family, completion in pairs)
