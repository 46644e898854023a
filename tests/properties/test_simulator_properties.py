"""What holds for every schedule of the simulator and its rules, and what must not matter."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from scheduler_core.objective import RewardWeights
from scheduler_core.problem import (
    SECONDS_PER_DAY,
    SECONDS_PER_HOUR,
    SECONDS_PER_WEEK,
    Calendar,
    Downtime,
    Family,
    Lock,
    Machine,
    Problem,
    SpecialDay,
    Task,
)
from scheduler_core.rules import RULES, dispatch
from scheduler_core.simulator import Simulator
from scheduler_core.validation import validate
from tests.builders import scaled
from tests.naive import NaiveShop, Placed, naive_outcomes, next_change, works
from tests.properties.checkers import (
    all_completions,
    completion_of,
    is_active,
    is_non_delay,
    placed_by,
)
from tests.properties.strategies import (
    Mix,
    deltas,
    map_machines,
    map_tasks,
    problems,
    random_problem,
    seeds,
    shuffled,
)

rules = st.sampled_from(RULES)

TINY = Mix(max_families=3, max_tasks=2, max_machines=2, flexible=False)
TINY_FLEXIBLE = Mix(min_families=3, max_families=3, max_tasks=2, max_machines=3, own_times=90)
NO_LOCKS = Mix(flexible=False, locks=False)


@given(problem=problems(), rule=rules, delta=deltas, seed=seeds)
def test_rule_schedule_is_always_valid(
    problem: Problem, rule: str, delta: float, seed: int
) -> None:
    """The independent judge finds nothing, whatever the rule and the problem."""
    assert validate(problem, dispatch(problem, rule, delta=delta, seed=seed)) == []


@given(problem=problems(own_times=90), delta=deltas, choose=st.booleans(), seed=seeds)
def test_schedule_of_any_choices_is_always_valid(
    problem: Problem, delta: float, choose: bool, seed: int
) -> None:
    """Every task is placed, in time, whichever candidates and machines are taken; and actively."""
    rng = np.random.default_rng(seed)
    simulator = Simulator(problem, RewardWeights(), delta, choose_machines=choose)
    while not simulator.done:
        simulator.step(int(rng.integers(len(simulator.candidates))))
    schedule = simulator.schedule("any")
    assert validate(problem, schedule) == []
    assert len(schedule) == problem.num_tasks
    assert delta < 1 or is_active(problem, schedule)


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
        tuple(
            replace(family, id=new(family.id), tasks=tuple(map(renamed, family.tasks)))
            for family in problem.families
        ),
        tuple(replace(machine, name=new(machine.name)) for machine in problem.machines),
    )
    before = placed_by(problem, dispatch(problem, rule, delta=delta, seed=seed))
    after = placed_by(other, dispatch(other, rule, delta=delta, seed=seed))
    assert after == sorted((new(f), i, new(m), start, end) for f, i, m, start, end in before)


@given(
    problem=problems(calendars=False),
    rule=rules,
    delta=deltas,
    seed=seeds,
    power=st.integers(1, 10),
)
def test_scaling_all_times_scales_the_schedule(
    problem: Problem, rule: str, delta: float, seed: int, power: int
) -> None:
    """A unit of time means nothing; powers of two keep every float comparison exact."""
    factor = 2**power
    other = scaled(problem, factor)
    before = placed_by(problem, dispatch(problem, rule, delta=delta, seed=seed))
    after = placed_by(other, dispatch(other, rule, delta=delta, seed=seed))
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
        for family in map_tasks(problem, timed).families
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


def with_idle_downtime(problem: Problem, rng: np.random.Generator) -> Problem:
    """Return the problem with downtime before anything runs, and while a machine is closed."""
    starts = [task.lock.start for family in problem.families for task in family.tasks if task.lock]
    begin = min([0, *starts]) - int(rng.integers(10**6))

    def change(machine: Machine) -> Machine:
        times = rng.integers(-2 * SECONDS_PER_DAY, 10 * SECONDS_PER_DAY, 5).tolist()
        closed = [
            Downtime(time, next_change(machine, time)) for time in times if not works(machine, time)
        ]
        past = Downtime(begin - int(rng.integers(1, 10**6)), begin)
        return replace(machine, downtime=(past, *machine.downtime, *closed))

    return map_machines(problem, change)


def with_open_calendars(problem: Problem, rng: np.random.Generator) -> Problem:
    """Return the problem with shifts all around the clock in place of no calendar."""

    def change(machine: Machine) -> Machine:
        length = int(rng.choice([8, 12, 24])) * SECONDS_PER_HOUR
        first = int(rng.integers(length))
        shifts = [(start, start + length) for start in range(first, SECONDS_PER_WEEK, length)]
        calendar = Calendar("open", -int(rng.integers(SECONDS_PER_WEEK)), tuple(shifts))
        return replace(machine, calendar=machine.calendar or calendar)

    return map_machines(problem, change)


def with_cut_shifts(problem: Problem, rng: np.random.Generator) -> Problem:
    """Return the problem with each shift cut in two that touch, on the day on which it begins."""

    def cut(shifts: tuple[tuple[int, int], ...]) -> tuple[tuple[int, int], ...]:
        pieces = []
        for start, end in shifts:
            midnight = (start // SECONDS_PER_DAY + 1) * SECONDS_PER_DAY
            boundary = int(rng.integers(start + 1, min(end, midnight)))
            pieces += [(start, boundary), (boundary, end)]
        return tuple(pieces)

    def change(machine: Machine) -> Machine:
        calendar = machine.calendar
        if calendar is None:
            return machine
        special = tuple(replace(day, shifts=cut(day.shifts)) for day in calendar.special_days)
        calendar = replace(calendar, shifts=cut(calendar.shifts), special_days=special)
        return replace(machine, calendar=calendar)

    return map_machines(problem, change)


def with_unneeded_machine(problem: Problem, rng: np.random.Generator) -> Problem:
    """Return the problem with one machine more, somewhere among the others, for no task."""
    machines = list(problem.machines)
    calendar = Calendar("day", 0, ((0, SECONDS_PER_HOUR),))
    machine = Machine("more", calendar, (Downtime(-5, 5),))
    machines.insert(int(rng.integers(len(machines) + 1)), machine)
    return replace(problem, machines=tuple(machines))


def with_machine_without_shifts(problem: Problem, rng: np.random.Generator) -> Problem:
    """Return the problem with a fast machine for all tasks that works on a special day only."""
    calendar = Calendar("extra", 0, (), (SpecialDay(0, ((0, SECONDS_PER_DAY),)),))

    def change(task: Task) -> Task:
        at = int(rng.integers(len(task.machines) + 1))
        machines, durations = list(task.machines), list(task.durations)
        machines.insert(at, "extra")
        durations.insert(at, 1)
        return replace(task, machines=tuple(machines), durations=tuple(durations))

    machines = (*problem.machines, Machine("extra", calendar))
    return map_tasks(replace(problem, machines=machines), change)


CHANGES = [
    with_idle_downtime,
    with_open_calendars,
    with_cut_shifts,
    with_unneeded_machine,
    with_machine_without_shifts,
]


@pytest.mark.parametrize("change", CHANGES, ids=lambda change: change.__name__)
@given(problem=problems(), rule=rules, delta=deltas, seed=seeds)
def test_change_that_means_nothing_moves_no_task(
    change: Callable[[Problem, np.random.Generator], Problem],
    problem: Problem,
    rule: str,
    delta: float,
    seed: int,
) -> None:
    """Other words for the same shop give the same schedule."""
    other = change(problem, np.random.default_rng(seed))
    before = dispatch(problem, rule, delta=delta, seed=seed)
    assert dispatch(other, rule, delta=delta, seed=seed).tasks == before.tasks


@given(problem=problems(NO_LOCKS), rule=rules, seed=seeds)
def test_delta_zero_gives_non_delay_schedules(problem: Problem, rule: str, seed: int) -> None:
    """No machine waits while it works and a task that needs it could start."""
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
    return tuple(
        completion_of(problem, family, last.get(family.id, 0)) for family in problem.families
    )


def _tardiness(problem: Problem, completions: tuple[int, ...]) -> int:
    pairs = zip(problem.families, completions, strict=True)
    return sum(max(0, completion - family.due) for family, completion in pairs)


def best_makespan(problem: Problem, choose_machines: bool) -> int:
    """Return the least makespan over all sequences of decisions."""
    outcomes = naive_outcomes(NaiveShop(problem, 1.0, choose_machines))
    return min(max(_completions(problem, placed)) for placed in outcomes)


def test_machine_choice_is_never_worse_than_none() -> None:
    """Whoever may choose machines may also leave every task where it is."""
    rng = np.random.default_rng(20256)
    for _ in range(100):
        problem = random_problem(rng, TINY_FLEXIBLE)
        assert best_makespan(problem, True) <= best_makespan(problem, False)


def test_machine_choice_reaches_what_earliest_completion_cannot() -> None:
    """A ends first on M1, at 4, and would hold up B, which is at its best there from 2 to 12.

    B itself would end on M3 at 11 and so keeps out of that decision; but D needs M3, from 0 to 12.
    Only where A may go to M2 instead, which stands still until 3, do all of them end by 12.
    """
    problem = Problem(
        (
            Family("A", (Task(1, "a", ("M1", "M2"), (4, 2)),), due=0),
            Family("B", (Task(1, "b", ("M1", "M3"), (10, 9)),), due=0, release=2),
            Family("D", (Task(1, "d", ("M3",), (12,)),), due=0),
        ),
        (Machine("M1"), Machine("M2", downtime=(Downtime(0, 3),)), Machine("M3")),
    )
    assert (best_makespan(problem, False), best_makespan(problem, True)) == (14, 12)
