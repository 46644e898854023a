"""Definitions of schedule classes and an exhaustive search, to hold the simulator against.

They know problems and finished schedules only, nothing of how schedules are built.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace

from scheduler_core.problem import Family, Problem, Task
from scheduler_core.schedule import Schedule, ScheduledTask


def is_non_delay(problem: Problem, schedule: Schedule) -> bool:
    """Return whether no machine ever idles while a task that needs it could start.

    For problems without alternative machines: a machine must be busy from the moment a task is
    available until that task starts.
    """
    for task, available in _available_times(problem, schedule):
        time = available
        for other in sorted(_on_machine(schedule, task.machine), key=lambda each: each.start):
            if other.start <= time < other.end:
                time = other.end
        if time < task.start:
            return False
    return True


def is_active(problem: Problem, schedule: Schedule) -> bool:
    """Return whether no task can start earlier on its machine without delaying another one."""
    for task, available in _available_times(problem, schedule):
        others = [each for each in _on_machine(schedule, task.machine) if each != task]
        length = task.end - task.start
        for start in [available, *(other.end for other in others)]:
            fits = all(start + length <= other.start or start >= other.end for other in others)
            if available <= start < task.start and fits:
                return False
    return True


def _on_machine(schedule: Schedule, machine: str) -> list[ScheduledTask]:
    return [task for task in schedule if task.machine == machine]


def _available_times(problem: Problem, schedule: Schedule) -> Iterator[tuple[ScheduledTask, int]]:
    """Yield each task that is not locked, with the time from which its family could start it."""
    placed = {(task.family_id, task.sequence): task for task in schedule}
    for family in problem.families:
        available = max(0, family.release)
        for task in family.tasks:
            scheduled = placed[family.id, task.sequence]
            if task.lock is None:
                yield scheduled, available
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
        ends = [_lock_span(task)[1] for task in family.tasks[: family.num_locked]]
        ready.append(max([0, family.release, *ends]))
    locked = tuple(family.num_locked for family in families)
    yield from _orders(problem, _Partial(locked, tuple(ready), {}))


def completion_of(family: Family, ready: int) -> int:
    """Return the completion of a finished family, which its locks alone may have fixed."""
    return ready if family.num_locked < len(family.tasks) else _lock_span(family.tasks[-1])[1]


def _orders(problem: Problem, partial: _Partial) -> Iterator[tuple[int, ...]]:
    complete = True
    for f, family in enumerate(problem.families):
        if partial.placed[f] == len(family.tasks):
            continue
        complete = False
        task = family.tasks[partial.placed[f]]
        machine = task.machines[0]
        start = _earliest(
            problem, machine, max(partial.ready[f], partial.free.get(machine, 0)), task
        )
        end = start + task.durations[0]
        following = replace(
            partial,
            placed=_with(partial.placed, f, partial.placed[f] + 1),
            ready=_with(partial.ready, f, end),
            free={**partial.free, machine: end},
        )
        yield from _orders(problem, following)
    if complete:
        yield tuple(map(completion_of, problem.families, partial.ready))


def _earliest(problem: Problem, machine: str, time: int, task: Task) -> int:
    """Return the first start from ``time`` on at which the task meets no locked one."""
    locks = [
        _lock_span(other)
        for family in problem.families
        for other in family.tasks
        if other.lock is not None and other.lock.machine == machine
    ]
    for begin, end in sorted(locks):
        if begin < time + task.durations[0] and time < end:
            time = end
    return time


def _lock_span(task: Task) -> tuple[int, int]:
    assert task.lock is not None
    return task.lock.start, task.lock.start + task.duration_on(task.lock.machine)


def _with(values: tuple[int, ...], index: int, value: int) -> tuple[int, ...]:
    return (*values[:index], value, *values[index + 1 :])
