"""The problem: a shop at time zero, and the rules between its parts."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from itertools import pairwise

from scheduler_core.errors import Fault, ProblemError
from scheduler_core.problem.parts import Family, Machine, Task, TaskStatus
from scheduler_core.working_time import SECONDS_PER_WEEK, WorkingTime

MAX_MACHINE_WINDOWS = 5_000_000
"""Most windows of working time over all machines; each costs 24 bytes in every method."""
MAX_END = 3600 * 10**12
"""Latest end of all tasks one after the other, pauses included; exact as hours in a float."""


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


def _duplicates(place: str, names: list[str]) -> Iterator[Fault]:
    seen: set[str] = set()
    for name in names:
        if name in seen:
            yield Fault(place, f"names must be distinct, got {name!r} twice")
        seen.add(name)
