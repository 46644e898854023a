"""The judge of schedules: written from the problem statement alone.

It shares no code with anything that makes schedules, so a mistake there cannot hide here. It finds
every violation, not just the first, and takes any schedule however malformed: the values in one
may come from a file that somebody edited by hand.

Cost: O(n log n) in the number of tasks, for the sort of each machine's intervals.
"""

from __future__ import annotations

import reprlib
from collections.abc import Iterator
from dataclasses import dataclass
from enum import StrEnum
from typing import NamedTuple

from scheduler_core.problem import SECONDS_PER_HOUR, Family, Problem, Task, TaskStatus
from scheduler_core.schedule import Schedule, ScheduledTask
from scheduler_core.validation.hours import Hours

_LARGEST_TIME = 2**63 - 1
"""Beyond 64 bits a time is a mistake, and may not even print (Python refuses 4,300 digits)."""


class ViolationKind(StrEnum):
    """The rule that a schedule breaks."""

    NOT_A_TASK = "not a task"
    UNKNOWN_FAMILY = "unknown family"
    UNKNOWN_TASK = "unknown task"
    UNKNOWN_MACHINE = "unknown machine"
    INCAPABLE_MACHINE = "incapable machine"
    RENAMED_TASK = "renamed task"
    INVALID_TIME = "invalid time"
    END_BEFORE_START = "end before start"
    WRONG_DURATION = "wrong duration"
    BEFORE_TIME_ZERO = "before time zero"
    BEFORE_RELEASE = "before release"
    OUTSIDE_WORKING_TIME = "outside working time"
    LOCK_MOVED = "lock moved"
    MISSING_TASK = "missing task"
    DUPLICATE_TASK = "duplicate task"
    FAMILY_ORDER = "family order"
    MACHINE_OVERLAP = "machine overlap"


@dataclass(frozen=True, slots=True)
class Violation:
    """One rule that a schedule breaks, where, and with which values."""

    kind: ViolationKind
    place: str
    """Path of the object, such as ``families.JOST1.tasks[sequence 20]``."""
    message: str
    """What is wrong, in the words of the shop, with times in hours."""

    def __str__(self) -> str:
        return f"{self.place}: {self.message}"


class _Placement(NamedTuple):
    """An entry of the schedule whose times can be compared."""

    start: int
    end: int
    place: str
    sequence: int


class _Shop:
    """A problem's families, tasks, machines and their hours by name."""

    def __init__(self, problem: Problem) -> None:
        self.machines = {machine.name for machine in problem.machines}
        self.hours = {
            machine.name: Hours(machine)
            for machine in problem.machines
            if machine.calendar is not None or machine.downtime
        }
        """Of the machines that do not work round the clock."""
        self.families = {family.id: family for family in problem.families}
        self.tasks = {
            family.id: {task.sequence: task for task in family.tasks} for family in problem.families
        }


def validate(problem: Problem, schedule: Schedule) -> list[Violation]:
    """Return every rule that a schedule breaks, an empty list if it is complete and valid.

    Parameters
    ----------
    problem
        The shop that the schedule is for.
    schedule
        Any schedule; wrong types and unknown names are violations, never exceptions.

    Returns
    -------
    list[Violation]
        First what is wrong with single entries, in their order, then by family missing and
        repeated tasks and broken order, then overlaps by machine.
    """
    shop = _Shop(problem)
    entries: list[ScheduledTask] = []
    found: list[Violation] = []
    for index, entry in enumerate(schedule.tasks):
        if isinstance(entry, ScheduledTask):
            entries.append(entry)
            found.extend(_entry_violations(shop, entry))
        else:
            message = f"must be a scheduled task, got {_show(entry)}"
            found.append(Violation(ViolationKind.NOT_A_TASK, f"schedule[{index}]", message))
    found.extend(_family_violations(shop, entries))
    found.extend(_overlaps(entries))
    return found


def _entry_violations(shop: _Shop, entry: ScheduledTask) -> Iterator[Violation]:
    """Yield what one entry shows by itself."""
    place = _place(entry)
    task = _task_of(shop, entry)
    timed = _has_times(entry)
    if task is None:
        yield _unknown_task(shop, entry)
    elif entry.process_name != task.process_name:
        message = f"is called {_show(entry.process_name)}, but its process is {task.process_name!r}"
        yield Violation(ViolationKind.RENAMED_TASK, place, message)
    yield from _machine_violations(shop, entry, task)
    if not timed:
        yield from _invalid_times(entry)
        return
    if entry.end < entry.start:
        message = f"ends at {_hours(entry.end)}, before it starts at {_hours(entry.start)}"
        yield Violation(ViolationKind.END_BEFORE_START, place, message)
    if task is not None:
        if entry.machine in task.machines:
            yield from _hour_violations(entry, task, shop.hours.get(entry.machine))
        yield from _start_violations(entry, task, shop.families[entry.family_id])


def _unknown_task(shop: _Shop, entry: ScheduledTask) -> Violation:
    if _is_name(entry.family_id) and entry.family_id in shop.families:
        message = f"family {entry.family_id!r} has no task with sequence {_show(entry.sequence)}"
        return Violation(ViolationKind.UNKNOWN_TASK, _place(entry), message)
    message = f"the problem has no family {_show(entry.family_id)}"
    return Violation(ViolationKind.UNKNOWN_FAMILY, _place(entry), message)


def _machine_violations(
    shop: _Shop, entry: ScheduledTask, task: Task | None
) -> Iterator[Violation]:
    if not (_is_name(entry.machine) and entry.machine in shop.machines):
        message = f"runs on {_show(entry.machine)}, which is not a machine of the problem"
        yield Violation(ViolationKind.UNKNOWN_MACHINE, _place(entry), message)
    elif task is not None and entry.machine not in task.machines:
        message = f"runs on {entry.machine!r}, which cannot do it; {_capable(task)}"
        yield Violation(ViolationKind.INCAPABLE_MACHINE, _place(entry), message)


def _capable(task: Task) -> str:
    if len(task.machines) == 1:
        return f"only {task.machines[0]!r} can"
    return f"{len(task.machines)} machines can, {task.machines[0]!r} among them"


def _invalid_times(entry: ScheduledTask) -> Iterator[Violation]:
    for name, value in (("start", entry.start), ("end", entry.end)):
        if not _is_time(value):
            message = f"{name} must be an int of seconds within 64 bits, got {_show(value)}"
            yield Violation(ViolationKind.INVALID_TIME, _place(entry), message)


def _hour_violations(entry: ScheduledTask, task: Task, hours: Hours | None) -> Iterator[Violation]:
    """Yield what is wrong between the times and the hours of a machine that can do the task."""
    if hours is not None and not hours.has_shifts:
        message = f"runs on {entry.machine!r}, which has no shift in its week"
        yield Violation(ViolationKind.OUTSIDE_WORKING_TIME, _place(entry), message)
        return
    # What runs has started, whatever the calendar says of that hour.
    if hours is not None and task.status is not TaskStatus.IN_PROGRESS:
        again = hours.next_working(entry.start)
        if again != entry.start:
            message = (
                f"starts at {_hours(entry.start)}, when {entry.machine!r} has "
                f"{hours.why_not(entry.start)}; it works next from {_hours(again)}"
            )
            yield Violation(ViolationKind.OUTSIDE_WORKING_TIME, _place(entry), message)
    expected = task.durations[task.machines.index(entry.machine)]
    if entry.end >= entry.start and (wrong := _wrong_duration(entry, expected, hours)):
        yield Violation(ViolationKind.WRONG_DURATION, _place(entry), wrong)


def _wrong_duration(entry: ScheduledTask, expected: int, hours: Hours | None) -> str | None:
    """Return what is wrong: all of the work must be done, its last second just before the end."""
    elapsed, machine = entry.end - entry.start, repr(entry.machine)
    if hours is None:
        if elapsed == expected:
            return None
        return f"takes {_hours(elapsed)} on {machine}, but must take {_hours(expected)} there"
    done = hours.work(entry.start, entry.end)
    if done == expected and hours.work(entry.end - 1, entry.end):
        return None
    right = _hours(hours.finish(entry.start, expected))
    if done == expected:
        return (
            f"has worked its {_hours(done)} on {machine} by {right}, so it must end then, "
            f"not at {_hours(entry.end)} after a pause"
        )
    pauses = f", with pauses of {_hours(elapsed - done)}" if elapsed > done else ""
    return (
        f"works {_hours(done)} on {machine}{pauses}, but must work {_hours(expected)} there, "
        f"until {right}"
    )


def _start_violations(entry: ScheduledTask, task: Task, family: Family) -> Iterator[Violation]:
    """Yield what is wrong with the start; a lock stands above release and time zero."""
    starts = f"starts at {_hours(entry.start)}"
    if task.lock is not None:
        if (entry.machine, entry.start) != (task.lock.machine, task.lock.start):
            message = (
                f"{starts} on {_show(entry.machine)}, but is locked to start at "
                f"{_hours(task.lock.start)} on {task.lock.machine!r}"
            )
            yield Violation(ViolationKind.LOCK_MOVED, _place(entry), message)
        return
    if entry.start < 0:
        message = f"{starts}, before time zero"
        yield Violation(ViolationKind.BEFORE_TIME_ZERO, _place(entry), message)
    if entry.start < family.release and family.release > 0:
        message = f"{starts}, before the release of its family at {_hours(family.release)}"
        yield Violation(ViolationKind.BEFORE_RELEASE, _place(entry), message)


def _family_violations(shop: _Shop, entries: list[ScheduledTask]) -> Iterator[Violation]:
    """Yield tasks missing and placed twice, and tasks that do not wait for those before them."""
    placed: dict[tuple[str, int], list[ScheduledTask]] = {}
    for entry in entries:
        if _task_of(shop, entry) is not None:
            placed.setdefault((entry.family_id, entry.sequence), []).append(entry)
    for family in shop.families.values():
        for task in family.tasks:
            times = len(placed.get((family.id, task.sequence), []))
            place = f"families.{family.id}.tasks[sequence {task.sequence}]"
            if times == 0:
                yield Violation(ViolationKind.MISSING_TASK, place, "is not in the schedule")
            elif times > 1:
                message = f"is in the schedule {times} times, but must be placed once"
                yield Violation(ViolationKind.DUPLICATE_TASK, place, message)
        in_order = [placed.get((family.id, task.sequence), []) for task in family.tasks]
        yield from _order_violations(in_order)


def _order_violations(in_order: list[list[ScheduledTask]]) -> Iterator[Violation]:
    """Compare each task with the latest end of all before it, not just of its neighbour."""
    latest: _Placement | None = None
    for entries in in_order:
        now = [_placement(entry) for entry in entries if _has_times(entry)]
        for task in now:
            if latest is not None and task.start < latest.end:
                message = (
                    f"starts at {_hours(task.start)}, before task {latest.sequence} of the "
                    f"family ends at {_hours(latest.end)}"
                )
                yield Violation(ViolationKind.FAMILY_ORDER, task.place, message)
        latest = max([*now, *([latest] if latest else [])], key=lambda one: one.end, default=None)


def _overlaps(entries: list[ScheduledTask]) -> Iterator[Violation]:
    """Yield each task that starts on a machine before an earlier one has left it."""
    busy: dict[str, list[_Placement]] = {}
    for entry in entries:
        if _is_name(entry.machine) and _has_times(entry) and entry.end > entry.start:
            busy.setdefault(entry.machine, []).append(_placement(entry))
    for machine, intervals in busy.items():
        intervals.sort(key=lambda task: (task.start, task.end))
        latest = intervals[0]
        for task in intervals[1:]:
            if task.start < latest.end:
                message = (
                    f"starts at {_hours(task.start)} on {machine!r}, while {latest.place} "
                    f"runs there until {_hours(latest.end)}"
                )
                yield Violation(ViolationKind.MACHINE_OVERLAP, task.place, message)
            if task.end > latest.end:
                latest = task


def _task_of(shop: _Shop, entry: ScheduledTask) -> Task | None:
    """Return the task that an entry names; True and 1.0 name none although they equal 1."""
    if not _is_name(entry.family_id) or type(entry.sequence) is not int:
        return None
    return shop.tasks.get(entry.family_id, {}).get(entry.sequence)


def _placement(entry: ScheduledTask) -> _Placement:
    return _Placement(entry.start, entry.end, _place(entry), entry.sequence)


def _has_times(entry: ScheduledTask) -> bool:
    return _is_time(entry.start) and _is_time(entry.end)


def _is_time(value: object) -> bool:
    return type(value) is int and -_LARGEST_TIME <= value <= _LARGEST_TIME


def _is_name(value: object) -> bool:
    return isinstance(value, str)


def _place(entry: ScheduledTask) -> str:
    family = entry.family_id if _is_name(entry.family_id) else _show(entry.family_id)
    return f"families.{family}.tasks[sequence {_show(entry.sequence)}]"


def _hours(seconds: int) -> str:
    """Two decimals where they are exact, else four, which tell one second from the next."""
    exact = seconds * 100 % SECONDS_PER_HOUR == 0
    return f"{seconds / SECONDS_PER_HOUR:.{2 if exact else 4}f} h"


def _show(value: object) -> str:
    """Return a value short enough for a sentence, whatever it is."""
    if type(value) is int:
        return str(value) if _is_time(value) else "an integer beyond 64 bits"
    if value is None or isinstance(value, bool | float | str):
        return reprlib.repr(value)
    return f"a value of type {type(value).__name__}"
