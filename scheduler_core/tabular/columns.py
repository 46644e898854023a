"""The columns of a table of tasks: what they are called, what they hold, how they are found."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

_UNIT = re.compile(r"\s*[(\[][^()\[\]]*[)\]]\s*$")


@dataclass(frozen=True, slots=True)
class Column:
    """A column that has a meaning here."""

    key: str
    """Its name in this package."""
    title: str
    """Its header in the tables that are written."""
    meaning: str
    synonyms: tuple[str, ...] = ()
    """Other headers, fields of the snapshot format among them."""
    is_required: bool = False
    width: int = 14
    """In characters."""


COLUMNS = (
    Column(
        "family", "family",
        "Name of the order. All rows of one family together are its tasks.",
        ("family id", "job", "job id", "job family", "order", "order id", "order no",
         "order number", "work order", "production order"),
        is_required=True, width=16,
    ),
    Column(
        "due", "due date",
        "The family is due at the end of this day, or at this moment. 2025-08-15 or 15.08.2025.",
        ("due", "lcd date", "lcd", "deadline", "delivery date", "required date"), width=18,
    ),
    Column(
        "days", "days remaining",
        "Instead of the due date: days of 24 hours from the snapshot until the family is due, "
        "negative when past. Where both are given the days count.",
        ("lcd days remaining", "days left", "days until due", "due in days"),
    ),
    Column(
        "urgent", "urgent", "yes or no; empty is no.",
        ("is urgent", "rush"), width=9,
    ),
    Column(
        "weight", "weight", "Importance of the family, 1 unless given.",
        ("importance",), width=9,
    ),
    Column(
        "arrival", "material arrival",
        "No task of the family starts before this day, or this moment.",
        ("material", "material date", "arrival", "release", "release date"), width=18,
    ),
    Column(
        "sequence", "sequence",
        "Whole number: the tasks of a family are done in this order; gaps do not matter.",
        ("seq", "sequence no", "step", "step no", "operation no", "operation number", "op no"),
        is_required=True, width=10,
    ),
    Column(
        "process", "process", "Name of the step.",
        ("process name", "operation", "operation name", "task", "task name", "step name"),
        is_required=True, width=22,
    ),
    Column(
        "hours", "hours",
        "Hours of work, more than 0. May be empty where the machines have hours of their own.",
        ("processing time", "processing hours", "work hours", "duration", "run time"),
        is_required=True, width=10,
    ),
    Column(
        "machine", "machine",
        "The machine that does the task; several that could, as M1; M2, with hours of their own "
        "as M1=2.5; M2=3; empty for any machine.",
        ("machines", "assigned machine", "resource", "work center", "workcentre", "workstation"),
        is_required=True, width=30,
    ),
    Column(
        "capable", "capable machines",
        "Only where machine names the one that is assigned: all that could do the task.",
        ("alternative machines", "eligible machines"), width=30,
    ),
    Column(
        "status", "status", "pending (or empty), in_progress or done.",
        ("task status", "state"), width=13,
    ),
    Column(
        "locked_machine", "locked machine",
        "The machine that the task runs on, or that the planner has fixed.",
        ("locked", "lock machine", "fixed machine", "locked.machine"), width=18,
    ),
    Column(
        "locked_start", "locked start",
        "When it starts there: a date and time, or hours from the snapshot, 0 or less for a task "
        "in progress.",
        ("lock start", "fixed start", "locked.start", "locked start time"), width=18,
    ),
    Column(
        "snapshot", "snapshot",
        "Date and time at which the table was taken: time zero. The same in all rows.",
        ("snapshot time", "created at", "taken at", "as of", "snapshot date"), width=18,
    ),
)  # fmt: skip
"""In the order in which they are written."""

MACHINE_COLUMNS = (
    Column(
        "machine", "machine", "Name of a machine; list all that tasks name, or none.",
        ("name", "machines"), is_required=True, width=24,
    ),
    Column("calendar", "calendar", "Its shifts; empty: it works round the clock.", ("shifts",)),
)  # fmt: skip
SHIFT_COLUMNS = (
    Column("calendar", "calendar", "Name of the calendar.", ("name",), True),
    Column("day", "day", "monday to sunday, or a date that differs.", ("weekday", "date"), True),
    Column("start", "start", "Such as 06:00; empty: no shift that day.", ("from", "begin"), True),
    Column("end", "end", "Such as 22:00, or 24:00.", ("to", "until"), True),
)
DOWNTIME_COLUMNS = (
    Column("machine", "machine", "The machine that stands still.", ("name",), True, 24),
    Column("start", "start", "A date and time, or hours from the snapshot.", ("from",), True, 18),
    Column("end", "end", "A date and time, or hours from the snapshot.", ("to", "until"), True, 18),
    Column("reason", "reason", "Any text.", ("why", "comment"), False, 24),
)

FIELDS = {
    "lcd_date": "due",
    "lcd_days_remaining": "days",
    "is_urgent": "urgent",
    "weight": "weight",
    "material_arrival": "arrival",
    "sequence": "sequence",
    "process_name": "process",
    "processing_time": "hours",
    "assigned_machine": "machine",
    "capable_machines": "machine",
    "status": "status",
    "locked": "locked_machine",
    "locked.machine": "locked_machine",
    "locked.start": "locked_start",
    "created_at": "snapshot",
}
"""The column that holds each field of the snapshot format."""


def plain(header: str) -> str:
    """Return a header without what people write differently: case, spaces, signs."""
    return "".join(sign for sign in header.casefold() if sign.isalnum())


def find(columns: Sequence[Column], header: str) -> Column | None:
    """Return the column that a header means, with or without a unit in brackets."""
    spellings = {plain(header), plain(_UNIT.sub("", header))}
    for column in columns:
        if any(plain(name) in spellings for name in (column.title, *column.synonyms)):
            return column
    return None


def title(columns: Sequence[Column], key: str, headers: Mapping[str, str]) -> str:
    """Return what a column is called in a file, or would be called there."""
    return headers.get(key) or next(each.title for each in columns if each.key == key)
