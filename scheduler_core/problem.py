"""The problem: families of tasks in order, on machines, with due dates.

Time is an integer count of seconds from time zero, the snapshot's ``created_at``. Everything here
is frozen: change a problem with ``dataclasses.replace``. Local rules are checked by each part,
rules between parts once, by `Problem`; after that the code trusts its input.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from itertools import pairwise

from scheduler_core.errors import Fault, ProblemError

SECONDS_PER_HOUR = 3600
SECONDS_PER_DAY = 86_400
MAX_TIME = 10**10
"""Largest time of a part in seconds, 317 years: no sum of them leaves 64 bits."""
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
    """One operation of a family: a step on one of its capable machines, never interrupted.

    Parameters
    ----------
    sequence
        Position in the family; distinct there, gaps are allowed.
    process_name
        What the shop calls the step.
    machines
        Names of the machines that can do the task; one for an assigned task.
    durations
        Processing time in seconds on each of ``machines``, > 0 and at most `MAX_TIME`.
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
            elif before.lock.start + before.duration_on(before.lock.machine) > after.lock.start:
                yield (
                    f"task {after.sequence} is locked to start at {after.lock.start} s, before the "
                    f"locked task {before.sequence} ends"
                )

    @property
    def num_locked(self) -> int:
        """Number of leading tasks whose machine and start are fixed."""
        return sum(task.lock is not None for task in self.tasks)

    @property
    def unhindered_completion(self) -> int:
        """Completion in seconds if the family had the shop to itself."""
        time = self.release
        for task in self.tasks:
            if task.lock is not None:
                time = task.lock.start + task.duration_on(task.lock.machine)
            else:
                time = max(time, self.release, 0) + task.shortest
        return time


@dataclass(frozen=True, slots=True)
class Machine:
    """A resource that does one task at a time. Calendars and downtime will be fields here."""

    name: str


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
        locked tasks that overlap on a machine.
    """

    families: tuple[Family, ...]
    machines: tuple[Machine, ...]
    created_at: datetime | None = None

    def __post_init__(self) -> None:
        faults = [
            *_duplicates("families", [family.id for family in self.families]),
            *_duplicates("machines", [machine.name for machine in self.machines]),
            *self._unknown_machines(),
            *self._overlapping_locks(),
        ]
        if not self.machines:
            faults.append(Fault("machines", "needs at least one machine, got none"))
        if faults:
            raise ProblemError(faults)

    def _unknown_machines(self) -> Iterator[Fault]:
        known = {machine.name for machine in self.machines}
        checked: set[int] = set()  # tasks that any machine can do share one tuple of names
        for family in self.families:
            for task in family.tasks:
                if id(task.machines) in checked:
                    continue
                checked.add(id(task.machines))
                for name in task.machines:
                    if name not in known:
                        place = f"families.{family.id}.tasks[sequence {task.sequence}]"
                        yield Fault(place, f"machine {name!r} is not in machines")

    def _overlapping_locks(self) -> Iterator[Fault]:
        busy: dict[str, list[tuple[int, int, str]]] = {}
        for family in self.families:
            for task in family.tasks[: family.num_locked]:
                if task.lock is not None:
                    name = f"families.{family.id}.tasks[sequence {task.sequence}]"
                    end = task.lock.start + task.duration_on(task.lock.machine)
                    busy.setdefault(task.lock.machine, []).append((task.lock.start, end, name))
        for machine, intervals in busy.items():
            intervals.sort()
            for (_, end, first), (start, _, second) in pairwise(intervals):
                if start < end:
                    yield Fault(second, f"is locked on {machine!r} while {first} still runs there")

    @property
    def num_tasks(self) -> int:
        """Number of tasks over all families, locked ones included."""
        return sum(len(family.tasks) for family in self.families)


_TIME = f"must be whole seconds within +-{MAX_TIME}"


def _is_time(value: object) -> bool:
    return type(value) is int and abs(value) <= MAX_TIME


def _duplicates(place: str, names: list[str]) -> Iterator[Fault]:
    seen: set[str] = set()
    for name in names:
        if name in seen:
            yield Fault(place, f"names must be distinct, got {name!r} twice")
        seen.add(name)
