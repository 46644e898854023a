"""What does not move in a synthetic shop: tasks that run at time zero, and those planners fixed."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from scheduler_core.generator.config import GeneratorConfig
from scheduler_core.problem import (
    SECONDS_PER_DAY,
    SECONDS_PER_HOUR,
    Family,
    Lock,
    Machine,
    Task,
    TaskStatus,
)

_BEGIN_STEP = 36
"""What runs began a multiple of 0.01 h ago, or with its machine's shift."""
_PLAN_STEP = SECONDS_PER_HOUR // 4
"""Planners fix starts at a quarter of an hour, or when a machine begins to work again."""


def fix_some(
    families: Sequence[Family],
    machines: Sequence[Machine],
    config: GeneratorConfig,
    rng: np.random.Generator,
) -> tuple[Family, ...]:
    """Return the families with the shares of running and of locked tasks that are asked for."""
    running_rng, locked_rng = rng.spawn(2)
    floor = _Floor(machines)
    fixed = list(families)
    _start(fixed, floor, round(config.running_fraction * len(fixed)), running_rng)
    total = sum(len(family.tasks) for family in fixed)
    horizon = config.due_range_days * SECONDS_PER_DAY
    _lock(fixed, floor, round(config.locked_fraction * total), horizon, locked_rng)
    return tuple(fixed)


class _Floor:
    """The machines, and until when each is held by what is fixed so far."""

    def __init__(self, machines: Sequence[Machine]) -> None:
        self._machines = {machine.name: machine for machine in machines}
        self.held: dict[str, int] = {}

    def next_working(self, machine: str, time: int) -> int:
        """Return the earliest second at or after a time at which a machine works."""
        return self._machines[machine].working_time.next_working(time)

    def end(self, task: Task, lock: Lock) -> int:
        """Return when a task ends that is fixed so."""
        working = self._machines[lock.machine].working_time
        return working.finish(lock.start, task.duration_on(lock.machine))

    def fix(self, task: Task, lock: Lock, status: TaskStatus) -> Task:
        """Return the task with its machine and start fixed; it holds the machine until its end."""
        self.held[lock.machine] = self.end(task, lock)
        return replace(task, status=status, lock=lock)


def _start(families: list[Family], floor: _Floor, wanted: int, rng: np.random.Generator) -> None:
    """Let first tasks run, at most one on a machine; the material of these families is there."""
    for index in rng.permutation(len(families)).tolist():
        if len(floor.held) == wanted:
            return
        task, *others = families[index].tasks
        machine = _one_of(task.machines, rng)
        if machine in floor.held:
            continue
        # Less than its own time ago, so that it still runs whatever the hours of its machine.
        begun = -int(rng.random() * task.duration_on(machine) / _BEGIN_STEP) * _BEGIN_STEP
        start = min(0, floor.next_working(machine, begun))
        running = floor.fix(task, Lock(machine, start), TaskStatus.IN_PROGRESS)
        families[index] = replace(families[index], tasks=(running, *others), release=0)


def _lock(
    families: list[Family], floor: _Floor, wanted: int, horizon: int, rng: np.random.Generator
) -> None:
    """Lock tasks that are next in their families, as far as these start within the horizon."""
    waiting = [len(family.tasks) - family.num_locked for family in families]
    owners = np.repeat(np.arange(len(families)), waiting)
    counts = np.bincount(rng.permutation(owners)[:wanted], minlength=len(families))
    for index in rng.permutation(np.flatnonzero(counts)).tolist():
        family = families[index]
        tasks = list(family.tasks)
        first = family.num_locked
        running = tasks[0].lock
        ready = family.release if running is None else floor.end(tasks[0], running)
        for place in range(first, first + int(counts[index])):
            machine = _one_of(tasks[place].machines, rng)
            # After all that is fixed on the machine so far: no two meet there.
            start = _planned_start(floor, machine, ready, rng)
            if start > horizon:
                break
            tasks[place] = floor.fix(tasks[place], Lock(machine, start), TaskStatus.PENDING)
            ready = floor.held[machine]
        families[index] = replace(family, tasks=tuple(tasks))


def _planned_start(floor: _Floor, machine: str, ready: int, rng: np.random.Generator) -> int:
    """Return a start within a day of the first that is possible, while the machine works."""
    earliest = max(ready, floor.held.get(machine, 0))
    wait = int(rng.integers(SECONDS_PER_DAY // _PLAN_STEP))
    rounded = (-(-earliest // _PLAN_STEP) + wait) * _PLAN_STEP
    return floor.next_working(machine, rounded)


def _one_of(machines: Sequence[str], rng: np.random.Generator) -> str:
    return machines[int(rng.integers(len(machines)))]
