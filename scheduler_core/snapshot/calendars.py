"""Calendars and downtime of a snapshot file: when each machine works, or what is wrong with it."""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import date
from typing import NamedTuple

from scheduler_core.problem import (
    SECONDS_PER_DAY,
    SECONDS_PER_HOUR,
    SECONDS_PER_WEEK,
    Calendar,
    Downtime,
    Machine,
    SpecialDay,
)
from scheduler_core.snapshot.checks import MAX_NAME, MISSING, Report
from scheduler_core.snapshot.clock import Clock
from scheduler_core.snapshot.json_text import join, show
from scheduler_core.snapshot.tasks import Floor, known_machine
from scheduler_core.working_time import Span

WEEKDAYS = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")
OTHERS = "*"
"""Key in machine_calendars for every machine that is not named there."""
MAX_CALENDARS = 1_000
MAX_SHIFTS = 20
"""Most shifts that begin on one day."""
MAX_EXCEPTIONS = 100_000
"""Most exceptions of all calendars together."""
MAX_EXCEPTION_DAYS = 3_660
"""How far an exception may be from time zero, ten years: weeks are written out until then."""
MAX_DOWNTIME = 100_000
MAX_SPANS = 2_000_000
"""Most shifts of all machines, written out until nothing differs from the week any more."""

Shifts = tuple[Span, ...]
_TIME_OF_DAY = re.compile(r"([01]\d|2[0-3]):([0-5]\d)(?::([0-5]\d))?", re.ASCII)
_END_OF_DAY = ("24:00", "24:00:00")


def read_machines(
    floor: Floor, clock: Clock, document: Mapping[str, object]
) -> tuple[Machine, ...]:
    """Return the machines without a fault, and note on the floor when each of them works."""
    calendars = _calendars(clock, document.get("calendars"))
    calendar_of = _assigned(floor, clock, calendars, document.get("machine_calendars"))
    downtime = _downtime(floor, document.get("downtime"))
    machines = tuple(
        Machine(name, calendar_of.get(name), tuple(downtime.get(name, ())))
        for name in floor.machines
        if name not in floor.faulty
    )
    if _can_be_written_out(floor.report, machines):
        floor.working = {machine.name: machine.working_time for machine in machines}
        floor.idle = frozenset(
            name for name, working in floor.working.items() if not working.week_work
        )
    return machines


def _is_given(value: object) -> bool:
    """Return whether a field says anything; a shop that never closes may leave it empty."""
    return value is not None and value not in ([], {})


def _calendars(clock: Clock, value: object) -> Mapping[str, Calendar | None] | None:
    """Return the calendars by name, None for a faulty one; None where no name is known."""
    report = clock.report
    if not _is_given(value):
        return {}
    raw = report.mapping(value, "calendars", "an object of name to calendar")
    if raw is None:
        return None
    exceptions = sum(_num_exceptions(each) for each in raw.values())
    if len(raw) > MAX_CALENDARS:
        report.add("calendars", f"must be at most {MAX_CALENDARS} calendars, got {len(raw)}")
    elif exceptions > MAX_EXCEPTIONS:
        report.add(
            "calendars",
            f"must have at most {MAX_EXCEPTIONS} exceptions together, got {exceptions}; "
            "remove those of the past",
        )
    else:
        return {name: _calendar(clock, name, each) for name, each in raw.items()}
    return None


def _num_exceptions(calendar: object) -> int:
    exceptions = calendar.get("exceptions") if isinstance(calendar, dict) else None
    return len(exceptions) if isinstance(exceptions, dict) else 0


def _calendar(clock: Clock, name: str, value: object) -> Calendar | None:
    """Return a calendar, None where it has faults or no time zero to be counted from."""
    report = clock.report
    wrong_before = report.num_wrong
    place = join("calendars", name)
    report.name(name, place, "the name of a calendar")
    raw = report.mapping(value, place, "an object with shifts")
    if raw is None:
        return None
    shifts = _week(report, raw.get("shifts", MISSING), f"{place}.shifts")
    special_days = _exceptions(clock, raw.get("exceptions"), f"{place}.exceptions")
    monday = clock.monday()
    if report.num_wrong > wrong_before or monday is None:
        return None
    return Calendar(name, monday, shifts, special_days)


def _week(report: Report, value: object, place: str) -> Shifts:
    """Return the weekly shifts in seconds from Monday 00:00, in the order of the file."""
    days = report.mapping(value, place, "an object of weekday to shifts")
    shifts = []
    for weekday, each in ({} if days is None else days).items():
        here = join(place, weekday)
        if weekday not in WEEKDAYS:
            report.add(here, f"must be a weekday, monday to sunday, got {show(weekday)}")
            continue
        midnight = WEEKDAYS.index(weekday) * SECONDS_PER_DAY
        shifts += [(midnight + start, midnight + end) for start, end in _day(report, each, here)]
    return tuple(shifts)


def _exceptions(clock: Clock, value: object, place: str) -> tuple[SpecialDay, ...]:
    """Return the days that differ; none where they have faults, or no time zero to count from."""
    if value is None:
        return ()
    days = clock.report.mapping(value, place, "an object of date to shifts")
    special = []
    for text, each in ({} if days is None else days).items():
        here = join(place, text)
        shifts = _day(clock.report, each, here)
        day = _date(text)
        if day is None:
            clock.report.add(here, f"must be a date such as 2025-08-15, got {show(text)}")
        elif clock.created_at is not None:
            midnight = clock.seconds_to(day, here, limit=MAX_EXCEPTION_DAYS)
            if midnight is not None:
                special.append(SpecialDay(midnight, shifts))
    return tuple(special)


def _date(text: str) -> date | None:
    """Return a date in the one spelling that makes the keys of an object distinct days."""
    try:
        day = date.fromisoformat(text)
    except ValueError:
        return None
    return day if day.isoformat() == text else None


def _day(report: Report, value: object, place: str) -> Shifts:
    """Return the shifts that begin on a day, in seconds from its midnight."""
    shifts = report.sequence(value, place, "a list of shifts, empty for a day without")
    if shifts is None:
        return ()
    if len(shifts) > MAX_SHIFTS:
        report.add(place, f"must be at most {MAX_SHIFTS} shifts, got {len(shifts)}")
        return ()
    read = [_shift(report, each, f"{place}[{index}]") for index, each in enumerate(shifts)]
    return tuple(shift for shift in read if shift is not None)


def _shift(report: Report, value: object, place: str) -> Span | None:
    """Return a shift that begins on a day, perhaps running into the next."""
    if not isinstance(value, list) or len(value) != 2:
        report.wrong(value, place, 'a start and an end such as ["06:00", "14:00"]')
        return None
    start = _time_of_day(report, value[0], f"{place}[0]")
    end = _time_of_day(report, value[1], f"{place}[1]")
    if start is None or end is None:
        return None
    if start == SECONDS_PER_DAY:
        report.add(
            f"{place}[0]",
            f"must be before 24:00, which is an end only, got {show(value[0])}; "
            "begin the shift at 00:00 of the next day",
        )
    elif start == end:
        report.add(
            place,
            f"must not end when it begins, got {show(value[0])} and {show(value[1])}; "
            "a whole day is 00:00 to 24:00",
        )
    else:
        return start, end if start < end else end + SECONDS_PER_DAY
    return None


def _time_of_day(report: Report, value: object, place: str) -> int | None:
    """Return the seconds since midnight."""
    if isinstance(value, str):
        if value in _END_OF_DAY:
            return SECONDS_PER_DAY
        if found := _TIME_OF_DAY.fullmatch(value):
            hours, minutes, seconds = found.groups(default="0")
            return int(hours) * SECONDS_PER_HOUR + int(minutes) * 60 + int(seconds)
    report.wrong(value, place, 'a time of day such as "06:00" or "22:30:15"')
    return None


def _assigned(
    floor: Floor, clock: Clock, calendars: Mapping[str, Calendar | None] | None, value: object
) -> dict[str, Calendar]:
    """Return the calendar of each machine that has one; it is faulty where none can be told."""
    if not _is_given(value):
        return {}
    wanted = 'an object of machine, or "*", to the name of a calendar'
    raw = floor.report.mapping(value, "machine_calendars", wanted)
    if raw is None:
        floor.faulty.update(floor.machines)
        return {}
    # A machine that is called "*" cannot be named: it is one of the others.
    others = [name for name in floor.machines if name not in raw or name == OTHERS]
    calendar_of: dict[str, Calendar] = {}
    used: dict[str, None] = {}
    for key, name in raw.items():
        place = join("machine_calendars", key)
        machines = others
        if key != OTHERS:
            machines = [key] if known_machine(floor, key, place) is not None else []
        if name is None:
            continue
        calendar = _named(floor.report, calendars, name, place)
        if calendar is None:
            floor.faulty.update(machines)
        else:
            calendar_of.update(dict.fromkeys(machines, calendar))
        if machines and isinstance(name, str) and name in (calendars or {}):
            used[name] = None
    if clock.created_at is None:
        clock.wanted_by.extend(join("calendars", name) for name in used)
    return calendar_of


def _named(
    report: Report, calendars: Mapping[str, Calendar | None] | None, name: object, place: str
) -> Calendar | None:
    """Return the calendar of a name; None where there is none, or none without a fault."""
    if not isinstance(name, str):
        report.wrong(name, place, "the name of a calendar", "null for round the clock")
    elif calendars is not None:  # else there is one fault, not one a machine
        if name in calendars:
            return calendars[name]
        report.add(place, f"must be a name in calendars, got {show(name)}; add it there")
    return None


def _downtime(floor: Floor, value: object) -> dict[str, list[Downtime]]:
    """Return the downtime of each machine that has some; those with a faulty one are noted."""
    if not _is_given(value):
        return {}
    raw = floor.report.sequence(value, "downtime", "a list of objects with machine, start and end")
    if raw is not None and len(raw) > MAX_DOWNTIME:
        floor.report.add("downtime", f"must be at most {MAX_DOWNTIME} stretches, got {len(raw)}")
        raw = None
    if raw is None:
        floor.faulty.update(floor.machines)
        return {}
    downtime: dict[str, list[Downtime]] = {}
    for index, each in enumerate(raw):
        place = f"downtime[{index}]"
        entry = floor.report.mapping(each, place, "an object with machine, start and end")
        if entry is None:
            continue
        machine = known_machine(floor, entry.get("machine", MISSING), f"{place}.machine")
        stretch = _stretch(floor.report, entry, place)
        if machine is not None and stretch is not None:
            downtime.setdefault(machine, []).append(stretch)
        elif machine is not None:
            floor.faulty.add(machine)
    return downtime


def _stretch(report: Report, entry: Mapping[str, object], place: str) -> Downtime | None:
    start = report.time(entry.get("start", MISSING), f"{place}.start")
    end = report.time(entry.get("end", MISSING), f"{place}.end")
    reason = _reason(report, entry.get("reason"), f"{place}.reason")
    if start is not None and end is not None and end <= start:
        report.add(
            f"{place}.end",
            f"must be at least a second after start ({show(entry['start'])} hours), "
            f"got {show(entry['end'])}",
        )
    elif start is not None and end is not None and reason is not None:
        return Downtime(start, end, reason)
    return None


def _reason(report: Report, value: object, place: str) -> str | None:
    """Return why a machine stands still, which nobody has to say."""
    if value is None:
        return ""
    if not isinstance(value, str):
        report.wrong(value, place, "a text")
    elif len(value) > MAX_NAME:
        report.add(place, f"must have at most {MAX_NAME} characters, got {len(value)}")
    else:
        return value
    return None


class _Reach(NamedTuple):
    """How far the special days of a calendar reach, and how many shifts it has; none by default."""

    first: int = 0
    last: int = 0
    num_special: int = 0
    num_weekly: int = 0


def _can_be_written_out(report: Report, machines: tuple[Machine, ...]) -> bool:
    """Return whether the working time of all machines fits into memory; none is built before."""
    calendars = {each.calendar.name: each.calendar for each in machines if each.calendar}
    reaches = {name: _reach(calendar) for name, calendar in calendars.items()}
    spans = [
        _num_spans(each.downtime, reaches[each.calendar.name] if each.calendar else _Reach())
        for each in machines
    ]
    if sum(spans) <= MAX_SPANS:
        return True
    most = max(spans)
    report.add(
        "calendars",
        f"must need at most {MAX_SPANS} shifts over all machines, counted week by week as far as "
        f"exceptions and downtime reach, got {sum(spans)}, of them {most} on "
        f"{show(machines[spans.index(most)].name)}; bring its exceptions and downtime closer "
        "to time zero",
    )
    return False


def _reach(calendar: Calendar) -> _Reach:
    days = calendar.special_days
    return _Reach(
        first=min([0, *(day.midnight for day in days)]),
        # A shift that begins on a day ends at most a day after that day.
        last=max([0, *(day.midnight + 2 * SECONDS_PER_DAY for day in days)]),
        num_special=sum(1 + len(day.shifts) for day in days),
        num_weekly=max(1, len(calendar.shifts)),
    )


def _num_spans(downtime: tuple[Downtime, ...], reach: _Reach) -> int:
    """Return no less than the number of windows that `working_time` has to make."""
    first = min([reach.first, *(each.start for each in downtime)])
    last = max([reach.last, *(each.end for each in downtime)])
    weeks = (last - first) // SECONDS_PER_WEEK + 5  # it begins and ends with weeks of pattern
    return 2 + len(downtime) + reach.num_special + weeks * reach.num_weekly
