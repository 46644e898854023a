"""Faults of calendars and downtime, and of locks that contradict them: as in `shop_faults`."""

from __future__ import annotations

from typing import Any

from tests.snapshots.documents import (
    DAYS,
    DELETED,
    OTHER,
    SECOND,
    T0,
    T1,
    TASK,
    Path_,
    calendars,
    lock,
)

Changes = list[tuple[Path_, Any]]

SHIFTS, EXCEPTIONS = "calendars.day.shifts", "calendars.day.exceptions"


def monday(*shifts: Any) -> Changes:
    """Return the change to a calendar with these shifts on Mondays, which no machine has."""
    return calendars({"monday": list(shifts)})


def exceptions(value: Any) -> Changes:
    """Return the change to a calendar with these exceptions, which no machine has."""
    return [(("calendars",), {"day": {"shifts": {}, "exceptions": value}})]


def machines(value: Any, **shifts: Any) -> Changes:
    """Return the changes to a calendar of 6:00 to 18:00 every day, and to the machines with it."""
    return [*calendars(shifts or DAYS), (("machine_calendars",), value)]


def downtime(**change: Any) -> Changes:
    """Return the change to one stretch of downtime with a field put or deleted."""
    entry = {"machine": "PP09", "start": 1, "end": 2, "reason": "repair", **change}
    return [
        (("downtime",), [{key: each for key, each in entry.items() if each is not DELETED}]),
    ]


FORMAT_FAULTS: dict[str, tuple[Changes, str, str]] = {
    "calendars a list": (
        [(("calendars",), ["day"]), (("machine_calendars",), {"PP09": "day"})],
        "calendars",
        "must be an object of name to calendar, got a list of 1",
    ),
    "calendar a list": (
        [(("calendars",), {"day": []})],
        "calendars.day",
        "must be an object with shifts, got an empty list",
    ),
    "calendar without a name": (
        [(("calendars",), {" ": {"shifts": {}}})],
        'calendars[" "]',
        "must not be an empty name",
    ),
    "shifts missing": ([(("calendars",), {"day": {}})], SHIFTS, "is missing; it must be an object"),
    "shifts a list": (calendars([]), SHIFTS, "must be an object of weekday to shifts, got an emp"),
    "weekday in capitals": (
        calendars({"Monday": []}),
        f"{SHIFTS}.Monday",
        'must be a weekday, monday to sunday, got "Monday"',
    ),
    "day null": (
        calendars({"sunday": None}),
        f"{SHIFTS}.sunday",
        "must be a list of shifts, empty for a day without, got null",
    ),
    "too many shifts a day": (
        monday(*[["06:00", "07:00"]] * 21),
        f"{SHIFTS}.monday",
        "must be at most 20 shifts, got 21",
    ),
    "shift a text": (
        monday("06:00-14:00"),
        f"{SHIFTS}.monday[0]",
        'must be a start and an end such as ["06:00", "14:00"], got "06:00-14:00"',
    ),
    "shift of three": (
        monday(["06:00", "14:00"], ["06:00", "14:00", "22:00"]),
        f"{SHIFTS}.monday[1]",
        "must be a start and an end such as",
    ),
    "time a number": (monday([6, "14:00"]), f"{SHIFTS}.monday[0][0]", "a time of day such as"),
    "time of one digit": (
        monday(["6:00", "14:00"]),
        f"{SHIFTS}.monday[0][0]",
        'must be a time of day such as "06:00" or "22:30:15", got "6:00"',
    ),
    "time with a line break": (
        monday(["06:00\n", "14:00"]),
        f"{SHIFTS}.monday[0][0]",
        'got "06:00\\n"',
    ),
    "time beyond the day": (monday(["06:00", "24:01"]), f"{SHIFTS}.monday[0][1]", 'got "24:01"'),
    "minute 60": (monday(["06:60", "14:00"]), f"{SHIFTS}.monday[0][0]", 'got "06:60"'),
    "start at the end of the day": (
        monday(["24:00", "06:00"]),
        f"{SHIFTS}.monday[0][0]",
        'must be before 24:00, which is an end only, got "24:00"; begin the shift at 00:00',
    ),
    "shift without a length": (
        monday(["06:00", "06:00:00"]),
        f"{SHIFTS}.monday[0]",
        'must not end when it begins, got "06:00" and "06:00:00"; a whole day is 00:00 to 24:00',
    ),
    "exceptions a list": (exceptions([]), EXCEPTIONS, "must be an object of date to shifts"),
    "exception on no day": (
        exceptions({"15.08.2025": []}),
        f'{EXCEPTIONS}["15.08.2025"]',
        'must be a date such as 2025-08-15, got "15.08.2025"',
    ),
    "exception in another spelling": (
        exceptions({"2025-08-15": [], "20250815": []}),
        f"{EXCEPTIONS}.20250815",
        'must be a date such as 2025-08-15, got "20250815"',
    ),
    "exception out of reach": (
        exceptions({"2035-08-16": []}),
        f"{EXCEPTIONS}.2035-08-16",
        "must be within 3660 days of metadata.created_at, got 2035-08-16",
    ),
    "exception a time": (
        exceptions({"2025-08-15": ["06:00"]}),
        f"{EXCEPTIONS}.2025-08-15[0]",
        "must be a start and an end such as",
    ),
    "exception null": (
        exceptions({"2025-08-15": None}),
        f"{EXCEPTIONS}.2025-08-15",
        "must be a list of shifts, empty for a day without, got null",
    ),
    "machine calendars a list": (
        machines(["PP09"]),
        "machine_calendars",
        'must be an object of machine, or "*", to the name of a calendar, got a list of 1',
    ),
    "machine of a calendar unknown": (
        machines({"PP10": "day"}),
        "machine_calendars.PP10",
        'must be a name in machines, got "PP10"; add it there',
    ),
    "calendar of a machine unknown": (
        machines({"PP09": "night"}),
        "machine_calendars.PP09",
        'must be a name in calendars, got "night"; add it there',
    ),
    "calendar of the others unknown": (
        [(("machine_calendars",), {"*": "day"})],
        "machine_calendars.*",
        'must be a name in calendars, got "day"; add it there',
    ),
    "calendar of a machine a number": (
        machines({"PP09": 1}),
        "machine_calendars.PP09",
        "must be the name of a calendar, got 1; null for round the clock",
    ),
    "calendar without time zero": (
        [
            *machines({"PP09": "day", "WH01A-PK": "day"}),
            (("metadata",), DELETED),
            (("families", "JOST1", "material_arrival"), None),
            (("families", "JOST2", "lcd_days_remaining"), 1),
        ],
        "metadata.created_at",
        "is missing, but calendars.day must be counted from it; give the date and time",
    ),
    "downtime an object": (
        [(("downtime",), {"PP09": [1, 2]})],
        "downtime",
        "must be a list of objects with machine, start and end, got an object with 1 key",
    ),
    "downtime a text": ([(("downtime",), "")], "downtime", "must be a list of objects with mach"),
    "downtime of texts": (
        [(("downtime",), ["PP09"])],
        "downtime[0]",
        'must be an object with machine, start and end, got "PP09"',
    ),
    "downtime of no machine": (downtime(machine=DELETED), "downtime[0].machine", "is missing"),
    "downtime of an unknown machine": (
        downtime(machine="*"),
        "downtime[0].machine",
        'must be a name in machines, got "*"; add it there',
    ),
    "downtime without start": (
        downtime(start=DELETED),
        "downtime[0].start",
        "is missing; it must be a number of hours",
    ),
    "downtime without end": (downtime(end=None), "downtime[0].end", "a number of hours, got null"),
    "downtime that ends before": (
        downtime(end=0.5),
        "downtime[0].end",
        "must be at least a second after start (1 hours), got 0.5",
    ),
    "downtime under a second": (
        downtime(end=1.0001),
        "downtime[0].end",
        "must be at least a second after start (1 hours), got 1.0001",
    ),
    "downtime far away": (
        downtime(end=1e9),
        "downtime[0].end",
        "must be between -100000 and 100000 hours",
    ),
    "downtime for a number": (downtime(reason=7), "downtime[0].reason", "must be a text, got 7"),
    "downtime for a long reason": (
        downtime(reason="x" * 201),
        "downtime[0].reason",
        "must have at most 200 characters, got 201",
    ),
}

# T0 is 75.48 hours on PP09, time zero is a Wednesday, 8:00. From 6:00 to 18:00 PP09 works from
# -2 to 10 hours, from 22 to 34, 46 to 58 and so on; before, from -26 to -14.
CONTRADICTIONS: dict[str, tuple[Changes, str, str]] = {
    "task for a machine without shifts": (
        machines({"PP09": "day"}, monday=[]),
        T0,
        'can only be done on machines without shifts in their week, such as "PP09"; give one',
    ),
    "task for two machines without shifts": (
        [
            *machines({"PP09": "day", "WH01A-PK": "day"}, monday=[]),
            (("machines",), ["PP09", "WH01A-PK", "PP11"]),
            ((*TASK, "assigned_machine"), "PP11"),
            ((*OTHER, "capable_machines"), ["WH01A-PK", "PP09"]),
        ],
        "families.JOST2.tasks[0]",
        'can only be done on machines without shifts in their week, such as "WH01A-PK"',
    ),
    "no machine with shifts": (
        machines({"*": "day"}, monday=[]),
        "machine_calendars",
        f"must leave a machine with shifts in its week, got none, and 3 tasks to do, such as {T0};",
    ),
    "lock on a machine without shifts": (
        [
            *machines({"WH01A-PK": "day"}, monday=[]),
            ((*OTHER, "assigned_machine"), None),
            ((*OTHER, "locked"), lock(0, "WH01A-PK")),
        ],
        "families.JOST2.tasks[0].locked.machine",
        'must be a machine with shifts in its week, got "WH01A-PK"; give it a calendar',
    ),
    "lock in the night": (
        [*machines({"PP09": "day"}), ((*TASK, "locked"), lock(12))],
        f"{T0}.locked.start",
        'must be while machine "PP09" works, got 12 hours; it works next at 22 hours',
    ),
    "lock at the end of a shift": (
        [*machines({"PP09": "day"}), ((*TASK, "locked"), lock(10))],
        f"{T0}.locked.start",
        'must be while machine "PP09" works, got 10 hours; it works next at 22 hours',
    ),
    "lock in downtime": (
        [*downtime(end=1.3336), ((*TASK, "locked"), lock(1))],
        f"{T0}.locked.start",
        'must be while machine "PP09" works, got 1 hours; it works next at 1.333611111 hours',
    ),
    # 10 hours until 18:00, 12 on each of the five next days, 5.48 on the last one: at 142 + 5.48.
    "lock before its predecessor, which pauses, ends": (
        [
            *machines({"PP09": "day"}),
            ((*TASK, "locked"), lock(0)),
            ((*SECOND, "locked"), lock(147, "WH01A-PK")),
        ],
        f"{T1}.locked.start",
        "must be >= 147.48 hours, when the locked task before it (sequence 1) ends, got 147",
    ),
    "lock on a task that pauses": (
        [
            *machines({"PP09": "day"}),
            ((*TASK, "locked"), lock(0)),
            ((*OTHER, "assigned_machine"), "PP09"),
            ((*OTHER, "locked"), lock(147)),
        ],
        "families.JOST2.tasks[0].locked",
        f'overlaps {T0} on machine "PP09": it starts at 147 hours, that one ends at 147.48',
    ),
    # Since 30 July, 0:00: twelve hours on each of six days, and 3.48 on 5 August from 6:00 on.
    "running but over, pauses included": (
        [
            *machines({"PP09": "day"}),
            ((*TASK, "status"), "in_progress"),
            ((*TASK, "locked"), lock(-176)),
        ],
        T0,
        "is in progress but would have ended at -22.52 hours, not after time zero; set its status",
    ),
    "shifts of a second": (
        [
            *machines({"*": "day"}, monday=[["06:00", "06:00:01"]]),
            *(((*path, "processing_time"), 100_000) for path in (TASK, SECOND, OTHER)),
        ],
        "calendars",
        "more working time: with 1 s a week 300000",
    ),
}

CALENDAR_FAULTS = FORMAT_FAULTS | CONTRADICTIONS
