"""A schedule as iCalendar files, one for each machine.

A time zero without a zone gives floating times: a shop's files speak of the wall clock of the shop,
and a calendar shows those wherever it is opened. A time zero with a zone is a point in time, so
these events are in UTC, which every calendar turns into its own clock.

Nothing here reads the clock: the same schedule gives the same bytes. An event is known by its task,
so that importing the next plan moves it instead of adding another.
"""

from __future__ import annotations

import io
import re
import uuid
import zipfile
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime, timedelta

from icalendar import Calendar, Event

from scheduler_core.errors import ScheduleFileError
from scheduler_core.export.record import Record, moment
from scheduler_core.problem import SECONDS_PER_HOUR
from scheduler_core.schedule import ScheduledTask

_NAMESPACE = uuid.UUID("5a1f4a0e-6d0c-5d3b-9b43-6d1c7f0e2a55")
_UNSAFE = re.compile(r"[^A-Za-z0-9._-]+")
_ZIP_TIME = (1980, 1, 1, 0, 0, 0)
_MAX_STEM = 60


def machines_in_use(record: Record) -> list[str]:
    """Return the machines that have a task, in the order of the problem."""
    used = {task.machine for task in record.schedule}
    known = [machine.name for machine in record.problem.machines if machine.name in used]
    return known + sorted(used.difference(known))


def calendar_ics(record: Record, machine: str | None = None) -> bytes:
    """Return the tasks on a machine, or on all, as an iCalendar file; pauses are inside events.

    Raises
    ------
    ScheduleFileError
        If time zero has no date, or an event lies beyond the calendar, which ends in 9999.
    """
    tasks = [task for task in record.schedule if machine in (None, task.machine)]
    return _calendar(record, machine or record.snapshot.name, tasks, record.due())


def calendars_zip(record: Record) -> bytes:
    """Return a zip file with an iCalendar file for each machine in use.

    Raises
    ------
    ScheduleFileError
        As `calendar_ics`.
    """
    tasks: dict[str, list[ScheduledTask]] = {name: [] for name in machines_in_use(record)}
    for task in record.schedule:
        tasks[task.machine].append(task)
    target, due = io.BytesIO(), record.due()
    with zipfile.ZipFile(target, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, (machine, own) in zip(_file_names(list(tasks)), tasks.items(), strict=True):
            calendar = _calendar(record, machine, own, due)
            archive.writestr(zipfile.ZipInfo(name, _ZIP_TIME), calendar)
    return target.getvalue()


def _file_names(machines: list[str]) -> Iterator[str]:
    """Yield a file name for each machine, no two the same where case does not count."""
    used: set[str] = set()
    for machine in machines:
        stem = file_stem(machine)
        number = 1
        while (name := f"{stem}{f'-{number}' if number > 1 else ''}.ics").casefold() in used:
            number += 1
        used.add(name.casefold())
        yield name


def file_stem(name: str) -> str:
    """Return a name as part of a file name: letters, digits, dots, dashes, nothing hidden."""
    return _UNSAFE.sub("_", name).strip("._-")[:_MAX_STEM] or "machine"


def _calendar(
    record: Record, name: str, tasks: list[ScheduledTask], due: Mapping[str, int]
) -> bytes:
    calendar = Calendar()
    calendar.add("prodid", "-//Scheduling workbench//schedule//EN")
    calendar.add("version", "2.0")
    calendar.add("method", "PUBLISH")
    calendar.add("x-wr-calname", _line(name))
    for task in tasks:
        calendar.add_component(_event(record, task, due.get(task.family_id)))
    return bytes(calendar.to_ical())


def _event(record: Record, task: ScheduledTask, due: int | None) -> Event:
    event = Event()
    event.add("uid", _uid(task))
    event.add("dtstamp", _stamp(record))
    event.add("dtstart", _time(record, task.start))
    event.add("dtend", _time(record, task.end))
    event.add("summary", _line(f"{task.family_id} · {task.process_name}"))
    event.add("location", _line(task.machine))
    event.add("description", _description(record, task, due))
    return event


def _uid(task: ScheduledTask) -> str:
    """Return what an event is known by: its task, whatever the method, the machine and the time."""
    return f"{uuid.uuid5(_NAMESPACE, f'{task.sequence} {task.family_id}')}@scheduling-workbench"


def _stamp(record: Record) -> datetime:
    """Return when the schedule was made, as far as the files tell: at time zero."""
    zero = _time(record, 0)
    return zero.replace(tzinfo=UTC)


def _time(record: Record, second: int) -> datetime:
    """Return a moment, floating or in UTC."""
    zero = record.problem.created_at
    if zero is None:
        raise ScheduleFileError(
            "schedule as calendars: needs the date of time zero, and the snapshot has none; add "
            "metadata.created_at to it, or take another format"
        )
    try:
        then = zero.replace(microsecond=0) + timedelta(seconds=second)
        return then if then.tzinfo is None else then.astimezone(UTC)
    except OverflowError:
        hours = second / SECONDS_PER_HOUR
        raise ScheduleFileError(
            f"schedule as calendars: must end before the year 10000, got an event at {hours:,.0f} "
            "hours; take another format"
        ) from None


def _description(record: Record, task: ScheduledTask, due: int | None) -> str:
    lines = [f"Family {_line(task.family_id)}, sequence {task.sequence}", f"Plan: {record.label}"]
    then = moment(record.problem, due)
    if isinstance(then, datetime):
        lines.append(f"Family due {then:%Y-%m-%d %H:%M}")
    return "\n".join(lines)


def _line(text: str) -> str:
    """Return a name without signs that a calendar's lines cannot hold."""
    return "".join(sign if sign.isprintable() else " " for sign in text)
