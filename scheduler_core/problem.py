"""The problem: families of tasks in order, on machines, with due dates.

Time is an integer count of seconds from time zero, the snapshot's ``created_at``. Everything here
is frozen: change a problem with ``dataclasses.replace``. Local rules are checked by each part,
rules between parts once, by `Problem`; after that the code trusts its input.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from itertools import pairwise

from scheduler_core.errors import Fault, ProblemError
from scheduler_core.working_time import (
    MAX_TIME,
    NEVER,
    SECONDS_PER_DAY,
    SECONDS_PER_HOUR,
    SECONDS_PER_WEEK,
    Calendar,
    Downtime,
    SpecialDay,
    WorkingTime,
    working_time,
)

__all__ = [
    "MAX_TIME",
    "MAX_WEIGHT",
    "MIN_WEIGHT",
    "NEVER",
    "SECONDS_PER_DAY",
    "SECONDS_PER_HOUR",
    "SECONDS_PER_WEEK",
    "Calendar",
    "Downtime",
    "Family",
    "Lock",
    "Machine",
    "Problem",
    "SpecialDay",
    "Task",
    "TaskStatus",
    "WorkingTime",
]

MAX_MACHINE_WINDOWS = 5_000_000
"""Most windows of working time over all machines; each costs 24 bytes in every method."""
MAX_END = 3600 * 10**12
"""Latest end of all tasks one after the other, pauses included; exact as hours in a float."""
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


@dataclass(frozen=True, slots=True)
class Problem:
    """A shop at time zero: what is to be scheduled, and on what.

    Parameters
    ----------
    families
        Orders with distinct ids. May be empty: a shop where everything is done.
    machines
        At least one, with distinct names.
    created_at
        Calendar time of time zero, for display; None where there is none.

    Raises
    ------
    ProblemError
        With every broken rule between the parts: names used twice, machines that do not exist,
        that work too little or need too many windows, a task for machines without shifts only,
        locked tasks that overlap on a machine, start before the one before them ends, or while
        their machine does not work.
    """

    families: tuple[Family, ...]
    machines: tuple[Machine, ...]
    created_at: datetime | None = None

    def __post_init__(self) -> None:
        faults = [
            *_duplicates("families", [family.id for family in self.families]),
            *_duplicates("machines", [machine.name for machine in self.machines]),
            *self._unknown_machines(),
        ]
        if not self.machines:
            faults.append(Fault("machines", "needs at least one machine, got none"))
        faults = faults or [
            *self._too_many_windows(),
            *self._too_little_work(),
            *self._without_shifts(),
        ]
        faults = faults or [*self._locks_out_of_order(), *self._overlapping_locks()]
        if faults:
            raise ProblemError(faults)

    def _unknown_machines(self) -> Iterator[Fault]:
        known = {machine.name for machine in self.machines}
        for family, task in self._with_distinct_machines():
            for name in task.machines:
                if name not in known:
                    yield Fault(_place(family, task), f"machine {name!r} is not in machines")

    def _too_many_windows(self) -> Iterator[Fault]:
        total = sum(len(machine.working_time.starts) for machine in self.machines)
        if total > MAX_MACHINE_WINDOWS:
            message = f"must need at most {MAX_MACHINE_WINDOWS} windows of working time together"
            remedy = "bring special days and downtime closer to time zero"
            yield Fault("machines", f"{message}, got {total}; {remedy}")

    def _too_little_work(self) -> Iterator[Fault]:
        pausing = [each for each in self.machines if not each.working_time.is_always]
        if not pausing:
            return
        total = sum(max(task.durations) for family in self.families for task in family.tasks)
        least = total * SECONDS_PER_WEEK // MAX_END + 1
        for machine in pausing:
            if 0 < machine.working_time.week_work < least:
                message = (
                    f"{machine.name!r} must work at least {least} s a week where tasks take "
                    f"{total} s together, got {machine.working_time.week_work} s"
                )
                yield Fault("machines", message)

    def _without_shifts(self) -> Iterator[Fault]:
        idle = {machine.name for machine in self.machines if not machine.working_time.week_work}
        if not idle:
            return
        for family, task in self._with_distinct_machines():
            if idle.issuperset(task.machines):
                message = "can only be done on machines that have no shift in their week"
                yield Fault(_place(family, task), f"{message}, such as {task.machines[0]!r}")
        for family in self.families:
            for task in family.tasks[: family.num_locked]:
                if task.lock is not None and task.lock.machine in idle:
                    message = f"is locked on {task.lock.machine!r}, which has no shift in its week"
                    yield Fault(_place(family, task), message)

    def _with_distinct_machines(self) -> Iterator[tuple[Family, Task]]:
        """Yield tasks, but once where many share one tuple of machines: thousands may."""
        seen: set[int] = set()
        for family in self.families:
            for task in family.tasks:
                if id(task.machines) not in seen:
                    seen.add(id(task.machines))
                    yield family, task

    def _locks_out_of_order(self) -> Iterator[Fault]:
        ends = self.lock_ends()
        working = {machine.name: machine.working_time for machine in self.machines}
        for family in self.families:
            before: Task | None = None
            for task in family.tasks[: family.num_locked]:
                if task.lock is None:
                    continue
                start, name = task.lock.start, task.lock.machine
                if before is not None and ends[family.id, before.sequence] > start:
                    message = (
                        f"task {task.sequence} is locked to start at {start} s, before the "
                        f"locked task {before.sequence} ends"
                    )
                    yield Fault(f"families.{family.id}", message)
                # What runs has started, whatever the calendar says of that hour.
                planned = task.status is TaskStatus.PENDING
                if planned and working[name].next_working(start) != start:
                    message = f"is locked to start at {start} s, when {name!r} does not work"
                    yield Fault(_place(family, task), message)
                before = task

    def _overlapping_locks(self) -> Iterator[Fault]:
        ends = self.lock_ends()
        busy: dict[str, list[tuple[int, int, str]]] = {}
        for family in self.families:
            for task in family.tasks[: family.num_locked]:
                if task.lock is not None:
                    span = (task.lock.start, ends[family.id, task.sequence], _place(family, task))
                    busy.setdefault(task.lock.machine, []).append(span)
        for machine, intervals in busy.items():
            intervals.sort()
            for (_, end, first), (start, _, second) in pairwise(intervals):
                if start < end:
                    yield Fault(second, f"is locked on {machine!r} while {first} still runs there")

    def lock_ends(self) -> dict[tuple[str, int], int]:
        """Return when each locked task ends, in seconds, by family id and sequence."""
        working = {machine.name: machine.working_time for machine in self.machines}
        return {
            (family.id, task.sequence): working[task.lock.machine].finish(
                task.lock.start, task.duration_on(task.lock.machine)
            )
            for family in self.families
            for task in family.tasks[: family.num_locked]
            if task.lock is not None
        }

    def unhindered_completions(self) -> dict[str, int]:
        """Return when each family completes if it has the shop to itself, in seconds, by id.

        Each task takes the machine where it ends first: to end sooner never delays what follows.
        """
        ends = self.lock_ends()
        working = {machine.name: machine.working_time for machine in self.machines}
        always = all(each.is_always for each in working.values())
        completions = {}
        for family in self.families:
            time = family.release
            for task in family.tasks:
                if task.lock is not None:
                    time = ends[family.id, task.sequence]
                    continue
                time = max(time, family.release)
                time = time + task.shortest if always else _first_end(task, working, time)
            completions[family.id] = time
        return completions

    @property
    def num_tasks(self) -> int:
        """Number of tasks over all families, locked ones included."""
        return sum(len(family.tasks) for family in self.families)


def _place(family: Family, task: Task) -> str:
    return f"families.{family.id}.tasks[sequence {task.sequence}]"


def _first_end(task: Task, working: Mapping[str, WorkingTime], time: int) -> int:
    options = zip(task.machines, task.durations, strict=True)
    return min(
        working[name].finish(time, duration)
        for name, duration in options
        if working[name].week_work  # else it is no option, whatever its special days say
    )


_TIME = f"must be whole seconds within +-{MAX_TIME}"


def _is_time(value: object) -> bool:
    return type(value) is int and abs(value) <= MAX_TIME


def _duplicates(place: str, names: list[str]) -> Iterator[Fault]:
    seen: set[str] = set()
    for name in names:
        if name in seen:
            yield Fault(place, f"names must be distinct, got {name!r} twice")
        seen.add(name)
