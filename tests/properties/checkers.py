"""Definitions of schedule classes and an exhaustive search, to hold the simulator against.

They know problems and finished schedules, and when machines work; nothing of how schedules are
built.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace

from scheduler_core.problem import Family, Machine, Problem, Task
from scheduler_core.schedule import Schedule, ScheduledTask
from tests.naive import Placed, finish, next_working


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


def is_non_delay(problem: Problem, schedule: Schedule) -> bool:
    """Return whether no machine ever idles while a task that needs it could start.

    For problems without alternative machines: whenever a machine works, from the moment a task is
    available until that task starts, it must be busy.
    """
    machines = {machine.name: machine for machine in problem.machines}
    for _, task, available in _free_tasks(problem, schedule):
        time = next_working(machines[task.machine], available)
        for other in sorted(_on_machine(schedule, task.machine), key=lambda each: each.start):
            if other.start <= time < other.end:
                time = next_working(machines[task.machine], other.end)
        if time < task.start:
            return False
    return True


def is_active(problem: Problem, schedule: Schedule) -> bool:
    """Return whether no task can start earlier on its machine without delaying another one."""
    machines = {machine.name: machine for machine in problem.machines}
    for task, placed, available in _free_tasks(problem, schedule):
        machine = machines[placed.machine]
        others = [each for each in _on_machine(schedule, placed.machine) if each != placed]
        for time in [available, *(other.end for other in others if other.end > available)]:
            start = next_working(machine, time)
            end = finish(machine, start, task.duration_on(machine.name))
            fits = all(end <= other.start or start >= other.end for other in others)
            if start < placed.start and fits:
                return False
    return True


def _on_machine(schedule: Schedule, machine: str) -> list[ScheduledTask]:
    return [task for task in schedule if task.machine == machine]


def _free_tasks(problem: Problem, schedule: Schedule) -> Iterator[tuple[Task, ScheduledTask, int]]:
    """Yield each task that is not locked, its place, and when its family could start it."""
    placed = {(task.family_id, task.sequence): task for task in schedule}
    for family in problem.families:
        available = max(0, family.release)
        for task in family.tasks:
            scheduled = placed[family.id, task.sequence]
            if task.lock is None:
                yield task, scheduled, available
            available = max(available, scheduled.end)


@dataclass(frozen=True)
class _Partial:
    """Tasks placed so far: how many of each family, until when families and machines are busy."""

    placed: tuple[int, ...]
    ready: tuple[int, ...]
    free: dict[str, int]


def all_completions(problem: Problem) -> Iterator[tuple[int, ...]]:
    """Yield the completion times of the families for every order of all tasks.

    Each task starts as early as the tasks before it in the order allow. For problems without
    alternative machines the best of these is an optimum of any objective that never rewards
    finishing later. Locked tasks stand where they are.
    """
    families = problem.families
    ready = []
    for family in families:
        ends = [_lock_span(problem, task)[1] for task in family.tasks[: family.num_locked]]
        ready.append(max([0, family.release, *ends]))
    locked = tuple(family.num_locked for family in families)
    yield from _orders(problem, _Partial(locked, tuple(ready), {}))


def completion_of(problem: Problem, family: Family, ready: int) -> int:
    """Return the completion of a finished family, which its locks alone may have fixed."""
    if family.num_locked < len(family.tasks):
        return ready
    return _lock_span(problem, family.tasks[-1])[1]


def _orders(problem: Problem, partial: _Partial) -> Iterator[tuple[int, ...]]:
    complete = True
    for f, family in enumerate(problem.families):
        if partial.placed[f] == len(family.tasks):
            continue
        complete = False
        task = family.tasks[partial.placed[f]]
        machine = task.machines[0]
        end = _earliest_end(problem, task, max(partial.ready[f], partial.free.get(machine, 0)))
        following = replace(
            partial,
            placed=_with(partial.placed, f, partial.placed[f] + 1),
            ready=_with(partial.ready, f, end),
            free={**partial.free, machine: end},
        )
        yield from _orders(problem, following)
    if complete:
        pairs = zip(problem.families, partial.ready, strict=True)
        yield tuple(completion_of(problem, family, ready) for family, ready in pairs)


def _earliest_end(problem: Problem, task: Task, time: int) -> int:
    """Return the end after the first start from ``time`` on at which a task meets no locked one."""
    machine = _machine(problem, task.machines[0])
    locks = [
        _lock_span(problem, other)
        for family in problem.families
        for other in family.tasks
        if other.lock is not None and other.lock.machine == machine.name
    ]
    end = finish(machine, time, task.durations[0])
    for begin, until in sorted(locks):
        if begin < end and next_working(machine, time) < until:
            time = until
            end = finish(machine, time, task.durations[0])
    return end


def _machine(problem: Problem, name: str) -> Machine:
    return next(machine for machine in problem.machines if machine.name == name)


def _lock_span(problem: Problem, task: Task) -> tuple[int, int]:
    assert task.lock is not None
    work = task.duration_on(task.lock.machine)
    machine = _machine(problem, task.lock.machine)
    return task.lock.start, finish(machine, task.lock.start, work)


def _with(values: tuple[int, ...], index: int, value: int) -> tuple[int, ...]:
    return (*values[:index], value, *values[index + 1 :])
