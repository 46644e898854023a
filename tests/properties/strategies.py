"""Small problems over the full mix of features, for Hypothesis and for bulk comparisons.

One builder makes both, from a source of choices: `problems` lets Hypothesis choose (and shrink),
`random_problem` lets a NumPy generator choose, fast enough for thousands of problems. Times are
small whole multiples of a unit, so that ties are common; the usual units are slots of the shop's
calendars too, so that tasks pause, end with a shift, or just fit between two pauses.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from typing import Any, Protocol

import numpy as np
from hypothesis import strategies as st

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
    TaskStatus,
)
from tests.naive import finish, next_working, week_work

WEIGHTS = (1.0, 2.0, 0.5, 3.0, 0.1)
UNITS = (1, 3600, 1800, 1717)
"""Seconds that all times of a problem are multiples of; the last is no divisor of an hour."""
SLOTS = (3600, 1800)
"""Units that shifts are multiples of as well."""


class Choices(Protocol):
    """Where a builder's choices come from. The first option should be the simplest."""

    def integer(self, low: int, high: int) -> int:
        """Return an integer from low to high, both included."""

    def chance(self, percent: int) -> bool:
        """Return True in about ``percent`` of 100 cases."""


@dataclass(frozen=True)
class DrawnChoices:
    """Choices that Hypothesis makes; integers shrink to ``low``, chances to False."""

    draw: Callable[[st.SearchStrategy[int]], int]

    def integer(self, low: int, high: int) -> int:
        """Return an integer from low to high, both included."""
        return self.draw(st.integers(low, high))

    def chance(self, percent: int) -> bool:
        """Return True in about ``percent`` of 100 cases."""
        return self.draw(st.integers(0, 99)) >= 100 - percent


@dataclass(frozen=True)
class RandomChoices:
    """Choices that a NumPy generator makes."""

    rng: np.random.Generator

    def integer(self, low: int, high: int) -> int:
        """Return an integer from low to high, both included."""
        return int(self.rng.integers(low, high + 1))

    def chance(self, percent: int) -> bool:
        """Return True in about ``percent`` of 100 cases."""
        return bool(self.rng.integers(100) < percent)


@dataclass(frozen=True)
class Mix:
    """Sizes of the problems, and which features they may have."""

    min_families: int = 1
    max_families: int = 5
    max_tasks: int = 4
    max_machines: int = 4
    longest: int = 12
    """Units of time that a task takes at most; the fewer, the more ties."""
    locks: bool = True
    """Whether tasks may be running or locked."""
    flexible: bool = True
    """Whether tasks may have several capable machines."""
    own_times: int = 30
    """Percent of tasks with several capable machines and a duration on each, if flexible."""
    releases: bool = True
    """Whether material may arrive after time zero."""
    calendars: bool = True
    """Whether machines may have shifts, or none in their week."""
    downtime: bool = True
    """Whether machines may stand still."""
    week_start: int | None = None
    """When the week of time zero began, for problems that get a date; None: at any hour."""


deltas = st.sampled_from([0.0, 0.5, 1.0]) | st.floats(0, 1)
seeds = st.integers(0, 2**32 - 1)


@st.composite
def problems(draw: Any, mix: Mix | None = None, **sizes: Any) -> Problem:
    """Return a strategy of problems: ``problems(max_families=3)`` or ``problems(mix)``."""
    return build_problem(DrawnChoices(draw), mix or Mix(**sizes))


def random_problem(rng: np.random.Generator, mix: Mix | None = None, **sizes: Any) -> Problem:
    """Return one random problem: ``random_problem(rng, locks=False)``."""
    return build_problem(RandomChoices(rng), mix or Mix(**sizes))


def mixed_problem(rng: np.random.Generator) -> Problem:
    """Return a small problem or a crowded one, at times with machines listed out of order."""
    mix = Mix(
        max_families=int(rng.choice([3, 5, 12])),
        max_machines=int(rng.choice([2, 4, 6])),
        longest=int(rng.choice([12, 12, 4])),
        own_times=int(rng.choice([30, 90])),
    )
    problem = random_problem(rng, mix)
    return shuffled(problem, rng) if rng.random() < 0.3 else problem


def shuffled(problem: Problem, rng: np.random.Generator) -> Problem:
    """Return the problem with the capable machines of every task listed in another order."""

    def change(task: Task) -> Task:
        order = rng.permutation(len(task.machines))
        return replace(
            task,
            machines=tuple(task.machines[i] for i in order),
            durations=tuple(task.durations[i] for i in order),
        )

    return map_tasks(problem, change)


def map_tasks(problem: Problem, change: Callable[[Task], Task]) -> Problem:
    """Return the problem with every task changed."""
    families = [
        replace(family, tasks=tuple(map(change, family.tasks))) for family in problem.families
    ]
    return replace(problem, families=tuple(families))


def map_machines(problem: Problem, change: Callable[[Machine], Machine]) -> Problem:
    """Return the problem with every machine changed."""
    return replace(problem, machines=tuple(map(change, problem.machines)))


@dataclass
class _Shop:
    """Machines of a problem under construction, and until when locked work holds each."""

    choices: Choices
    mix: Mix
    unit: int
    machines: dict[str, Machine]
    usable: tuple[str, ...]
    """Names of the machines with shifts in their week."""
    busy_until: dict[str, int] = field(default_factory=dict)


def build_problem(choices: Choices, mix: Mix) -> Problem:
    """Return a problem made of the given choices."""
    count = choices.integer(1, mix.max_machines)
    unit = UNITS[choices.integer(0, len(UNITS) - 1)]
    machines = _machines(choices, mix, unit, count)
    usable = tuple(machine.name for machine in machines if week_work(machine.calendar))
    shop = _Shop(choices, mix, unit, {machine.name: machine for machine in machines}, usable)
    count = choices.integer(mix.min_families, mix.max_families)
    families = tuple(_family(shop, index) for index in range(count))
    return Problem(families, machines)


def _machines(choices: Choices, mix: Mix, unit: int, count: int) -> tuple[Machine, ...]:
    """Return machines, some of which share their calendar; one at least has shifts."""
    calendars: list[Calendar | None] = [None]
    if mix.calendars and choices.chance(80 if unit in SLOTS else 40):
        monday = _week_start(choices, unit) if mix.week_start is None else mix.week_start
        calendars += [
            _calendar(choices, f"C{index}", monday, unit if unit in SLOTS else SLOTS[0])
            for index in range(choices.integer(2, 3))
        ]
    machines = [
        Machine(
            f"M{index}",
            calendars[choices.integer(0, len(calendars) - 1)],
            _downtime(choices, unit) if mix.downtime and choices.chance(30) else (),
        )
        for index in range(count)
    ]
    if not any(week_work(machine.calendar) for machine in machines):
        machines[-1] = replace(machines[-1], calendar=None)
    return tuple(machines)


def _week_start(choices: Choices, unit: int) -> int:
    """Return the Monday before time zero, such that a shift can begin or end soon after it."""
    hours = choices.integer(0, 167) * SECONDS_PER_HOUR
    until_the_hour = unit * choices.integer(0, 30) if choices.chance(50) else 0
    return -((hours - until_the_hour) % SECONDS_PER_WEEK)


def _calendar(choices: Choices, name: str, week_start: int, slot: int) -> Calendar:
    """Return shifts of any kind: none, all day, over midnight and the week's end, overlapping."""
    shifts: list[tuple[int, int]] = []
    whole_day = choices.chance(8)
    if not choices.chance(12):
        usual = [(0, SECONDS_PER_DAY)] if whole_day else _day(choices, slot)
        for midnight in range(0, SECONDS_PER_WEEK, SECONDS_PER_DAY):
            if not whole_day and choices.chance(20):
                continue
            if not whole_day and choices.chance(25):
                usual = _day(choices, slot)
            shifts += [(midnight + start, midnight + end) for start, end in usual]
    days: set[int] = set()
    if choices.chance(40):
        days = {choices.integer(-3, 6) for _ in range(choices.integer(1, 3))}
    today = week_start + -week_start // SECONDS_PER_DAY * SECONDS_PER_DAY
    special = tuple(
        SpecialDay(
            today + day * SECONDS_PER_DAY,
            tuple(_day(choices, slot)) if choices.chance(50) else (),
        )
        for day in sorted(days)
    )
    return Calendar(name, week_start, tuple(shifts), special)


def _day(choices: Choices, slot: int) -> list[tuple[int, int]]:
    """Return up to three shifts that begin on a day, counted from its midnight."""
    slots = SECONDS_PER_DAY // slot
    shifts: list[tuple[int, int]] = []
    start = choices.integer(0, slots - 1)
    for _ in range(choices.integer(1, 3)):
        if start >= slots:
            break
        end = start + choices.integer(2, 8)
        shifts.append((slot * start, slot * end))
        start = end + choices.integer(-1, 4)  # overlaps, touches, or comes after a pause
    return shifts


def _downtime(choices: Choices, unit: int) -> tuple[Downtime, ...]:
    """Return stretches in no order, overlapping or not, around the times of the tasks."""
    starts = [unit * choices.integer(-12, 40) for _ in range(choices.integer(1, 3))]
    return tuple(
        Downtime(start, start + unit * choices.integer(1, 12), "service") for start in starts
    )


def _family(shop: _Shop, index: int) -> Family:
    choices, unit = shop.choices, shop.unit
    sequence, tasks = 0, []
    for _ in range(choices.integer(1, shop.mix.max_tasks)):
        sequence += 1 if choices.chance(80) else choices.integer(2, 5)
        tasks.append(_task(shop, f"F{index}", sequence))
    if shop.mix.locks and choices.chance(30):
        tasks = _lock_prefix(shop, tasks)
    late, far = choices.chance(15), choices.chance(50)  # where machines pause, all takes longer
    release = choices.integer(0, 15) if shop.mix.releases and choices.chance(40) else 0
    return Family(
        id=f"F{index}",
        tasks=tuple(tasks),
        due=unit * (-choices.integer(1, 20) if late else choices.integer(0, 250 if far else 50)),
        release=unit * release,
        weight=WEIGHTS[choices.integer(0, len(WEIGHTS) - 1)],
        is_urgent=choices.chance(20),
    )


def _task(shop: _Shop, family: str, sequence: int) -> Task:
    choices, names = shop.choices, tuple(shop.machines)
    duration = shop.unit * choices.integer(1, shop.mix.longest)
    machines: tuple[str, ...] = (shop.usable[choices.integer(0, len(shop.usable) - 1)],)
    durations: tuple[int, ...] = (duration,)
    if shop.mix.flexible and choices.chance(15):  # null in a file: any machine, one time
        machines, durations = names, (duration,) * len(names)
    elif shop.mix.flexible and choices.chance(shop.mix.own_times):  # several, with own times
        some = tuple(name for name in names if choices.chance(60))
        machines = some if set(some).intersection(shop.usable) else machines
        durations = tuple(shop.unit * choices.integer(1, shop.mix.longest) for _ in machines)
    return Task(sequence, f"{family}-{sequence}", machines, durations)


def _lock_prefix(shop: _Shop, tasks: list[Task]) -> list[Task]:
    """Lock some leading tasks, the first perhaps running; planners may lock before the release.

    A running task may have started at any hour, a planned one starts while its machine works.
    """
    ready = 0
    for position in range(shop.choices.integer(1, len(tasks))):
        task = tasks[position]
        names = [name for name in task.machines if name in shop.usable]
        machine = shop.machines[names[shop.choices.integer(0, len(names) - 1)]]
        duration = task.duration_on(machine.name)
        free = shop.busy_until.get(machine.name, 0)
        if position == 0 and free == 0 and shop.choices.chance(50):
            status = TaskStatus.IN_PROGRESS
            start = _running_since(shop, machine, duration)
        else:
            status = TaskStatus.PENDING
            planned = max(free, ready) + shop.unit * shop.choices.integer(0, 6)
            start = next_working(machine, planned)
        ready = shop.busy_until[machine.name] = finish(machine, start, duration)
        lock = Lock(machine.name, start)
        tasks[position] = replace(task, status=status, lock=lock)
    return tasks


def _running_since(shop: _Shop, machine: Machine, duration: int) -> int:
    """Return a start of a task that ends after time zero; its machine may have paused since."""
    long_ago = -shop.unit * shop.choices.integer(0, 60)
    if finish(machine, long_ago, duration) > 0:
        return long_ago
    return -shop.choices.integer(0, duration - 1)
