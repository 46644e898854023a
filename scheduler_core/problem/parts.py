"""What a shop consists of: families of tasks in order, and machines.

Local rules are checked by each part when it is made.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from enum import StrEnum
from itertools import pairwise

from scheduler_core.errors import Fault, ProblemError
from scheduler_core.working_time import MAX_TIME, Calendar, Downtime, WorkingTime, working_time

MIN_WEIGHT, MAX_WEIGHT = 1e-6, 1e6
"""Range of a family's weight."""


class TaskStatus(StrEnum):
    """State of a task at time zero. Tasks that are done are not part of a problem."""

    PENDING = "pending"
    IN_PROGRESS = "in_progress"


@dataclass(frozen=True, slots=True)
class Lock:
    """A machine and a start in seconds that the planner, or the shop floor, has fixed."""

    machine: str
    start: int


@dataclass(frozen=True, slots=True)
class Task:
    """One operation of a family: a step on one of its capable machines.

    No other task interrupts it. While its machine does not work it pauses, and then goes on.

    Parameters
    ----------
    sequence
        Position in the family; distinct there, gaps are allowed.
    process_name
        What the shop calls the step.
    machines
        Names of the machines that can do the task; one for an assigned task.
    durations
        Processing time in seconds of work on each of ``machines``, > 0 and at most `MAX_TIME`.
    status
        Whether the task is already running.
    lock
        Fixed machine and start, or None. A running task has one.

    Raises
    ------
    ProblemError
        If there is no capable machine, a machine twice, a time that is not a whole number of
        seconds in its range, or a lock that contradicts the machines or the status.
    """

    sequence: int
    process_name: str
    machines: tuple[str, ...]
    durations: tuple[int, ...]
    status: TaskStatus = TaskStatus.PENDING
    lock: Lock | None = None

    def __post_init__(self) -> None:
        faults = [Fault(f"task {self.sequence}", text) for text in self._broken_rules()]
        if faults:
            raise ProblemError(faults)

    def _broken_rules(self) -> Iterator[str]:
        if not self.machines:
            yield "needs at least one capable machine, got none"
        if len(set(self.machines)) != len(self.machines):
            yield "capable machines must be distinct, got one twice"
        if len(self.durations) != len(self.machines):
            yield (
                f"needs one duration per capable machine, got {len(self.durations)} "
                f"for {len(self.machines)}"
            )
        if odd := [duration for duration in self.durations if type(duration) is not int]:
            yield f"durations must be whole seconds, got {odd[0]!r}"
        elif min(self.durations, default=1) <= 0:
            yield f"durations must be > 0 seconds, got {min(self.durations)}"
        elif max(self.durations, default=1) > MAX_TIME:
            yield f"durations must be <= {MAX_TIME} seconds, got {max(self.durations)}"
        if self.lock is not None and self.lock.machine not in self.machines:
            yield (
                f"locked to machine {self.lock.machine!r}, which is not one of its capable machines"
            )
        if self.lock is not None and not _is_time(self.lock.start):
            yield f"locked start {_TIME}, got {self.lock.start!r}"
        if self.status is TaskStatus.IN_PROGRESS:
            if self.lock is None:
                yield "is in progress, so it needs a lock with its machine and start"
            elif self.lock.start > 0:
                yield f"is in progress, so it must start at or before 0, got {self.lock.start} s"
        elif self.lock is not None and self.lock.start < 0:
            yield f"is pending, so its locked start must be >= 0, got {self.lock.start} s"

    def duration_on(self, machine: str) -> int:
        """Return the processing time in seconds on a capable machine."""
        return self.durations[self.machines.index(machine)]

    @property
    def shortest(self) -> int:
        """Processing time in seconds on the fastest capable machine."""
        return min(self.durations)


@dataclass(frozen=True, slots=True)
class Family:
    """An order: tasks done one at a time in order of sequence, wanted by a due time.

    Parameters
    ----------
    id
        Name of the order.
    tasks
        At least one task, in increasing order of sequence.
    due
        Due time in seconds from time zero, within `MAX_TIME`. It is soft, and negative when
        already past.
    release
        Earliest start in seconds (material arrival), >= 0 and at most `MAX_TIME`.
    weight
        Importance relative to other families, from `MIN_WEIGHT` to `MAX_WEIGHT`.
    is_urgent
        Whether the objective's urgent multiplier applies.

    Raises
    ------
    ProblemError
        If a rule above is broken, or a locked task follows one that is not locked.
    """

    id: str
    tasks: tuple[Task, ...]
    due: int
    release: int = 0
    weight: float = 1.0
    is_urgent: bool = False

    def __post_init__(self) -> None:
        faults = [Fault(f"families.{self.id}", text) for text in self._broken_rules()]
        if faults:
            raise ProblemError(faults)

    def _broken_rules(self) -> Iterator[str]:
        if not self.tasks:
            yield "needs at least one task, got none"
        for name, time in (("due", self.due), ("release", self.release)):
            if not _is_time(time):
                yield f"{name} {_TIME}, got {time!r}"
        if self.release < 0:
            yield f"release must be >= 0 seconds, got {self.release}"
        if not MIN_WEIGHT <= self.weight <= MAX_WEIGHT:
            yield f"weight must be > 0, {MIN_WEIGHT:g} to {MAX_WEIGHT:g}, got {self.weight}"
        for before, after in pairwise(self.tasks):
            if after.sequence <= before.sequence:
                yield (
                    f"tasks must be in increasing order of sequence, got {after.sequence} "
                    f"after {before.sequence}"
                )
            if after.lock is None:
                continue
            if before.lock is None:
                yield (
                    f"task {after.sequence} is locked, so the task before it ({before.sequence}) "
                    "must be locked, running or done too"
                )

    @property
    def num_locked(self) -> int:
        """Number of leading tasks whose machine and start are fixed."""
        return sum(task.lock is not None for task in self.tasks)


@dataclass(frozen=True, slots=True)
class Machine:
    """A resource that does one task at a time, while it works.

    Parameters
    ----------
    name
        Distinct among the machines.
    calendar
        Its shifts; None: it works round the clock.
    downtime
        Stretches of time in which it stands still; they may overlap.

    Raises
    ------
    ProblemError
        If special days and downtime are so far away that working time takes too many windows.
    """

    name: str
    calendar: Calendar | None = None
    downtime: tuple[Downtime, ...] = ()
    working_time: WorkingTime = field(init=False, repr=False, compare=False)
    """When the machine works, from calendar and downtime."""

    def __post_init__(self) -> None:
        object.__setattr__(self, "working_time", working_time(self.calendar, self.downtime))


_TIME = f"must be whole seconds within +-{MAX_TIME}"


def _is_time(value: object) -> bool:
    return type(value) is int and abs(value) <= MAX_TIME
