"""Small problems over the full mix of features, for Hypothesis and for bulk comparisons.

One builder makes both, from a source of choices: `problems` lets Hypothesis choose (and shrink),
`random_problem` lets a NumPy generator choose, fast enough for thousands of problems. Times are
small whole multiples of a unit, so that ties are common.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, Protocol

import numpy as np
from hypothesis import strategies as st

from scheduler_core.problem import Family, Lock, Machine, Problem, Task, TaskStatus

WEIGHTS = (1.0, 2.0, 0.5, 3.0, 0.1)
UNITS = (1, 3600, 1717)
"""Seconds that all times of a problem are multiples of; the last is no divisor of an hour."""


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
    locks: bool = True
    """Whether tasks may be running or locked."""
    flexible: bool = True
    """Whether tasks may have several capable machines."""
    releases: bool = True
    """Whether material may arrive after time zero."""


@st.composite
def problems(draw: Any, mix: Mix | None = None, **sizes: Any) -> Problem:
    """Return a strategy of problems: ``problems(max_families=3)`` or ``problems(mix)``."""
    return build_problem(DrawnChoices(draw), mix or Mix(**sizes))


def random_problem(rng: np.random.Generator, mix: Mix | None = None, **sizes: Any) -> Problem:
    """Return one random problem: ``random_problem(rng, locks=False)``."""
    return build_problem(RandomChoices(rng), mix or Mix(**sizes))


@dataclass
class _Shop:
    """Machines of a problem under construction, and until when locked work holds each."""

    choices: Choices
    mix: Mix
    unit: int
    names: tuple[str, ...]
    busy_until: dict[str, int] = field(default_factory=dict)


def build_problem(choices: Choices, mix: Mix) -> Problem:
    """Return a problem made of the given choices."""
    names = tuple(f"M{index}" for index in range(choices.integer(1, mix.max_machines)))
    unit = UNITS[choices.integer(0, len(UNITS) - 1)]
    shop = _Shop(choices, mix, unit, names)
    count = choices.integer(mix.min_families, mix.max_families)
    families = tuple(_family(shop, index) for index in range(count))
    return Problem(families, tuple(Machine(name) for name in names))


def _family(shop: _Shop, index: int) -> Family:
    choices, unit = shop.choices, shop.unit
    sequence, tasks = 0, []
    for _ in range(choices.integer(1, shop.mix.max_tasks)):
        sequence += 1 if choices.chance(80) else choices.integer(2, 5)
        tasks.append(_task(shop, f"F{index}", sequence))
    if shop.mix.locks and choices.chance(30):
        tasks = _lock_prefix(shop, tasks)
    late = choices.chance(15)
    release = choices.integer(0, 15) if shop.mix.releases and choices.chance(40) else 0
    return Family(
        id=f"F{index}",
        tasks=tuple(tasks),
        due=unit * (-choices.integer(1, 20) if late else choices.integer(0, 50)),
        release=unit * release,
        weight=WEIGHTS[choices.integer(0, len(WEIGHTS) - 1)],
        is_urgent=choices.chance(20),
    )


def _task(shop: _Shop, family: str, sequence: int) -> Task:
    choices = shop.choices
    duration = shop.unit * choices.integer(1, 12)
    machines: tuple[str, ...] = (shop.names[choices.integer(0, len(shop.names) - 1)],)
    durations: tuple[int, ...] = (duration,)
    if shop.mix.flexible and choices.chance(15):  # null in a file: any machine, one time
        machines, durations = shop.names, (duration,) * len(shop.names)
    elif shop.mix.flexible and choices.chance(30):  # several, each with its own time
        machines = tuple(name for name in shop.names if choices.chance(60)) or machines
        durations = tuple(shop.unit * choices.integer(1, 12) for _ in machines)
    return Task(sequence, f"{family}-{sequence}", machines, durations)


def _lock_prefix(shop: _Shop, tasks: list[Task]) -> list[Task]:
    """Lock some leading tasks, the first perhaps running; planners may lock before the release."""
    ready = 0
    for position in range(shop.choices.integer(1, len(tasks))):
        task = tasks[position]
        option = shop.choices.integer(0, len(task.machines) - 1)
        machine, duration = task.machines[option], task.durations[option]
        free = shop.busy_until.get(machine, 0)
        if position == 0 and free == 0 and shop.choices.chance(50):
            status = TaskStatus.IN_PROGRESS
            start = -shop.choices.integer(0, duration - 1)  # it ends after time zero
        else:
            status = TaskStatus.PENDING
            start = max(free, ready) + shop.unit * shop.choices.integer(0, 6)
        ready = shop.busy_until[machine] = start + duration
        tasks[position] = Task(
            task.sequence,
            task.process_name,
            task.machines,
            task.durations,
            status,
            Lock(machine, start),
        )
    return tasks
