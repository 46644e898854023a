"""From a problem to a snapshot document, and from a snapshot to its file."""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator, Mapping
from datetime import datetime, time, timedelta
from pathlib import Path

from scheduler_core.errors import Fault, ProblemError
from scheduler_core.files import write_aside
from scheduler_core.problem import (
    SECONDS_PER_DAY,
    SECONDS_PER_HOUR,
    Calendar,
    Downtime,
    Family,
    Problem,
    Task,
    TaskStatus,
)
from scheduler_core.snapshot.calendars import MAX_EXCEPTION_DAYS, WEEKDAYS
from scheduler_core.snapshot.checks import FIRST_YEAR, LAST_YEAR, MAX_DAYS, Report
from scheduler_core.snapshot.clock import CREATED_AT, Clock
from scheduler_core.snapshot.json_text import encode, join
from scheduler_core.snapshot.reading import Snapshot, parse_snapshot
from scheduler_core.working_time import Span


def snapshot_from_problem(
    problem: Problem, metadata: Mapping[str, object] | None = None, name: str = "snapshot"
) -> Snapshot:
    """Return a problem as a snapshot, with a document made for it.

    Parameters
    ----------
    problem
        What to write down. Its ``created_at`` goes to the metadata.
    metadata
        Further fields for the document's metadata; may hold ``created_at`` where the problem has
        none.
    name
        What to call the snapshot.

    Raises
    ------
    ProblemError
        If the format cannot hold the problem: a time of 30 years, a release or a calendar without
        the ``created_at`` it is counted from, two calendars of one name.
    """
    faults = list(_unwritable(problem))
    if faults:
        raise ProblemError(faults)
    return parse_snapshot(encode(_document(problem, metadata or {})), name)


def snapshot_bytes(snapshot: Snapshot) -> bytes:
    """Return the file of a snapshot, unknown fields included."""
    return encode(snapshot.document)


def write_snapshot(snapshot: Snapshot, path: str | os.PathLike[str]) -> None:
    """Write a snapshot's file, whole or not at all.

    Raises
    ------
    OSError
        If the file cannot be written; the old one is left as it was.
    """
    write_aside(Path(path), snapshot_bytes(snapshot))


def _unwritable(problem: Problem) -> Iterator[Fault]:
    """Yield what no date can express; the rest of the limits are checked by reading."""
    created_at, longest = problem.created_at, MAX_DAYS * SECONDS_PER_DAY
    if created_at is not None and not FIRST_YEAR <= created_at.year < LAST_YEAR:
        yield Fault(CREATED_AT, f"must be from {FIRST_YEAR} to {LAST_YEAR - 1}, got {created_at}")
    else:
        yield from _unwritable_calendars(problem)
    for family in problem.families:
        place = f"families.{family.id}"
        if family.release > 0 and created_at is None:
            yield Fault(
                f"{place}.material_arrival",
                f"is {family.release} s after time zero, which only a problem with created_at "
                "can write as a date; give it one",
            )
        if max(abs(family.due), family.release) > longest:
            yield Fault(place, f"must be due and released within {MAX_DAYS} days of time zero")


def _unwritable_calendars(problem: Problem) -> Iterator[Fault]:
    monday = Clock(Report(), problem.created_at, created_at_is_missing=False).monday()
    seen: dict[str, Calendar] = {}
    for machine in problem.machines:
        calendar = machine.calendar
        if calendar is None or seen.get(calendar.name) == calendar:
            continue
        place = join("calendars", calendar.name)
        if calendar.name in seen:
            yield Fault(place, "is the name of two calendars that differ; rename one of them")
        seen[calendar.name] = calendar
        if monday is None:
            message = "is counted from a Monday, which only a problem with created_at can write"
            yield Fault(place, f"{message}; give it one")
        elif monday != calendar.week_start:
            message = f"must begin its week at {monday} s, the Monday before created_at"
            yield Fault(place, f"{message}, got {calendar.week_start}")
        for day in calendar.special_days:
            if abs(day.midnight) > MAX_EXCEPTION_DAYS * SECONDS_PER_DAY:
                message = f"must have its special days within {MAX_EXCEPTION_DAYS} days"
                yield Fault(place, f"{message} of time zero, got {day.midnight} s")
        days = (calendar.shifts, *(day.shifts for day in calendar.special_days))
        for start, end in (shift for shifts in days for shift in shifts):
            if end - start == SECONDS_PER_DAY and start % SECONDS_PER_DAY:
                message = f"has a shift of 24 hours that begins at {_time_of_day(start)}"
                yield Fault(place, f"{message}, not at midnight; make two shifts of it")


def _document(problem: Problem, metadata: Mapping[str, object]) -> dict[str, object]:
    """Return the document of a problem, in the words of format version 1 wherever these do."""
    fields = dict(metadata)
    if problem.created_at is not None:
        fields["created_at"] = problem.created_at.isoformat()
    names = tuple(machine.name for machine in problem.machines)
    families = {
        family.id: _family(family, names, problem.created_at) for family in problem.families
    }
    return {
        "metadata": fields,
        "families": families,
        "machines": list(names),
        **_working_time(problem),
    }


def _working_time(problem: Problem) -> dict[str, object]:
    """Return the fields that say when machines work; none where all work round the clock."""
    fields: dict[str, object] = {}
    calendars = {each.calendar.name: each.calendar for each in problem.machines if each.calendar}
    if calendars and problem.created_at is not None:
        fields["calendars"] = {
            name: _calendar(calendar, problem.created_at) for name, calendar in calendars.items()
        }
        fields["machine_calendars"] = {
            machine.name: None if machine.calendar is None else machine.calendar.name
            for machine in problem.machines
        }
    downtime = [
        _downtime(machine.name, each) for machine in problem.machines for each in machine.downtime
    ]
    if downtime:
        fields["downtime"] = downtime
    return fields


def _calendar(calendar: Calendar, created_at: datetime) -> dict[str, object]:
    week: dict[str, list[Span]] = {}
    for start, end in calendar.shifts:
        weekday, start_of_day = divmod(start, SECONDS_PER_DAY)
        week.setdefault(WEEKDAYS[weekday], []).append((start_of_day, end - start + start_of_day))
    document: dict[str, object] = {"shifts": {day: _shifts(each) for day, each in week.items()}}
    if calendar.special_days:
        document["exceptions"] = {
            # A second later, because created_at may have a fraction that time zero has not.
            (created_at + timedelta(seconds=day.midnight + 1)).date().isoformat(): _shifts(
                day.shifts
            )
            for day in calendar.special_days
        }
    return document


def _shifts(shifts: Iterable[Span]) -> list[list[str]]:
    return [[_time_of_day(start), _time_of_day(end)] for start, end in shifts]


def _time_of_day(seconds: int) -> str:
    """Return seconds from a midnight as the time of that day, or of the next one."""
    if seconds == SECONDS_PER_DAY:
        return "24:00"
    minutes, second = divmod(seconds % SECONDS_PER_DAY, 60)
    text = f"{minutes // 60:02}:{minutes % 60:02}"
    return f"{text}:{second:02}" if second else text


def _downtime(machine: str, downtime: Downtime) -> dict[str, object]:
    document: dict[str, object] = {
        "machine": machine,
        "start": _fraction(downtime.start, SECONDS_PER_HOUR),
        "end": _fraction(downtime.end, SECONDS_PER_HOUR),
    }
    if downtime.reason:
        document["reason"] = downtime.reason
    return document


def _family(
    family: Family, names: tuple[str, ...], created_at: datetime | None
) -> dict[str, object]:
    document: dict[str, object] = {}
    if created_at is not None:
        # The end of the day lcd_date is midnight, so a due time at midnight is of the day before.
        document["lcd_date"] = (created_at + timedelta(seconds=family.due - 1)).date().isoformat()
    document["lcd_days_remaining"] = _fraction(family.due, SECONDS_PER_DAY)
    document["is_urgent"] = family.is_urgent
    document["material_arrival"] = _arrival(family.release, created_at)
    if family.weight != 1.0:
        document["weight"] = family.weight
    document["tasks"] = [_task(task, names) for task in family.tasks]
    return document


def _arrival(release: int, created_at: datetime | None) -> str | None:
    if release == 0 or created_at is None:
        return None
    moment = created_at + timedelta(seconds=release)
    return (moment.date() if moment.time() == time() else moment).isoformat()


def _task(task: Task, names: tuple[str, ...]) -> dict[str, object]:
    several, one_time = len(task.machines) > 1, len(set(task.durations)) == 1
    document: dict[str, object] = {
        "sequence": task.sequence,
        "process_name": task.process_name,
        "processing_time": _fraction(task.shortest, SECONDS_PER_HOUR),
        "assigned_machine": None if several else task.machines[0],
    }
    if several and not one_time:
        document["capable_machines"] = {
            machine: _fraction(seconds, SECONDS_PER_HOUR)
            for machine, seconds in zip(task.machines, task.durations, strict=True)
        }
    elif several and task.machines != names:
        document["capable_machines"] = list(task.machines)
    if task.status is not TaskStatus.PENDING:
        document["status"] = str(task.status)
    if task.lock is not None:
        start = _fraction(task.lock.start, SECONDS_PER_HOUR)
        document["locked"] = {"machine": task.lock.machine, "start": start}
    return document


def _fraction(seconds: int, unit: int) -> int | float:
    """Return seconds in hours or days: whole where they are, else the float nearest to them.

    Reading rounds it back to the same second.
    """
    return seconds // unit if seconds % unit == 0 else seconds / unit
