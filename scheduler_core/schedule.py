"""A schedule: where and when each task runs, and who said so.

A `Schedule` does not check feasibility. `scheduler_core.validation.validate` does.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from scheduler_core.problem import Problem


@dataclass(frozen=True, slots=True)
class ScheduledTask:
    """One task with its machine and its start and end in seconds from time zero."""

    family_id: str
    sequence: int
    process_name: str
    machine: str
    start: int
    end: int


@dataclass(frozen=True, slots=True)
class Schedule:
    """Tasks in time, made by a method. Complete and valid only if `validate` says so.

    Parameters
    ----------
    tasks
        In order of start.
    method
        Name of what made it, such as ``edd`` or ``ppo``.
    seed
        Seed of the method's random choices.
    runtime_seconds
        Wall time that making it took, reading files left out.
    """

    tasks: tuple[ScheduledTask, ...]
    method: str
    seed: int = 0
    runtime_seconds: float = 0.0

    def __iter__(self) -> Iterator[ScheduledTask]:
        return iter(self.tasks)

    def __len__(self) -> int:
        return len(self.tasks)

    @property
    def makespan(self) -> int:
        """End of the last task in seconds, 0 for an empty schedule."""
        return max((task.end for task in self.tasks), default=0)

    def completions(self, problem: Problem) -> dict[str, int]:
        """Return the completion time in seconds of every family all of whose tasks are placed."""
        placed: dict[str, dict[int, int]] = {}
        for task in self.tasks:
            placed.setdefault(task.family_id, {})[task.sequence] = task.end
        done: dict[str, int] = {}
        for family in problem.families:
            ends = placed.get(family.id, {})
            if all(task.sequence in ends for task in family.tasks):
                done[family.id] = max(ends[task.sequence] for task in family.tasks)
        return done

    def moved_from(self, other: Schedule) -> frozenset[tuple[str, int]]:
        """Return the tasks that start at another time or on another machine than in another one.

        By family and sequence; a task that the other one lacks is among them, one that it has alone
        is not. For more about each move see `comparison.moved_tasks`, and after events, which may
        also add tasks or make them longer, `replanning.moves`.
        """
        theirs = {(task.family_id, task.sequence): (task.machine, task.start) for task in other}
        ours = (((task.family_id, task.sequence), (task.machine, task.start)) for task in self)
        return frozenset(key for key, place in ours if theirs.get(key) != place)
