"""Tables to begin with: a small shop that uses every column, and notes on each."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from scheduler_core.snapshot import Snapshot, encode, parse_snapshot
from scheduler_core.spreadsheet import Header, Sheet, Value
from scheduler_core.tabular.columns import (
    COLUMNS,
    DOWNTIME_COLUMNS,
    MACHINE_COLUMNS,
    SHIFT_COLUMNS,
    Column,
)
from scheduler_core.tabular.writing import table_csv, table_xlsx

_SHOP: dict[str, object] = {
    "metadata": {"created_at": "2025-08-06T08:00:00"},
    "families": {
        "ORDER-1001": {
            "lcd_date": "2025-08-08",
            "is_urgent": True,
            "weight": 2,
            "tasks": [
                {"sequence": 1, "process_name": "turn", "processing_time": 6.5,
                 "assigned_machine": "LATHE-1", "status": "in_progress",
                 "locked": {"machine": "LATHE-1", "start": -1.5}},
                {"sequence": 2, "process_name": "mill", "processing_time": 4,
                 "assigned_machine": None, "capable_machines": ["MILL-1", "MILL-2"]},
                {"sequence": 3, "process_name": "pack", "processing_time": 0.5,
                 "assigned_machine": "PACKING"},
            ],
        },
        "ORDER-1002": {
            "lcd_date": "2025-08-12T12:00:00",
            "material_arrival": "2025-08-07",
            "weight": 1,
            "tasks": [
                {"sequence": 1, "process_name": "mill", "processing_time": 3,
                 "assigned_machine": None, "capable_machines": {"MILL-1": 3, "MILL-2": 4.25}},
                {"sequence": 2, "process_name": "pack", "processing_time": 0.75,
                 "assigned_machine": "PACKING"},
            ],
        },
        "ORDER-1003": {
            "lcd_date": "2025-08-11",
            "weight": 1,
            "tasks": [
                {"sequence": 10, "process_name": "turn", "processing_time": 8,
                 "assigned_machine": "LATHE-1"},
                {"sequence": 20, "process_name": "inspect", "processing_time": 1,
                 "assigned_machine": None},
            ],
        },
    },
    "machines": ["LATHE-1", "MILL-1", "MILL-2", "PACKING"],
}  # fmt: skip
_WORK_DAYS = ("monday", "tuesday", "wednesday", "thursday", "friday")
_HOURS: dict[str, object] = {
    "calendars": {
        "two shifts": {
            "shifts": {day: [["06:00", "14:00"], ["14:00", "22:00"]] for day in _WORK_DAYS},
            "exceptions": {"2025-08-15": []},
        }
    },
    "machine_calendars": {"LATHE-1": "two shifts", "PACKING": "two shifts"},
    "downtime": [{"machine": "MILL-2", "start": 24, "end": 30, "reason": "maintenance"}],
}
_INTRODUCTION = (
    "One row for each task. Columns may stand in any order, and others may be there too. "
    "Delete these rows and put in your own."
)


def _shop(*, with_hours: bool) -> Snapshot:
    return parse_snapshot(encode(_SHOP | (_HOURS if with_hours else {})), "template")


def template_xlsx() -> bytes:
    """Return the template as a workbook, with shifts, downtime and a sheet of notes."""
    return table_xlsx(_shop(with_hours=True), [_notes()])


def template_csv() -> str:
    """Return the template as a CSV file, which spreadsheets open as UTF-8."""
    return "\ufeff" + table_csv(_shop(with_hours=False))


def _notes() -> Sheet:
    headers = (
        Header("sheet", 12), Header("column", 18), Header("needed", 10),
        Header("what it holds", 90, wraps=True), Header("also called", 60, wraps=True),
    )  # fmt: skip
    return Sheet("Notes", headers, _note_rows(), has_filter=False)


def _note_rows() -> Iterator[tuple[Value, ...]]:
    yield "Tasks", None, None, _INTRODUCTION, None
    yield "Snapshot", "created_at", "see right", (
        "Date and time at which the table was taken: time zero. Needed where there are dates; a "
        "column named snapshot says it too."
    ), None  # fmt: skip
    tasks = [each if each.key != "due" else replace(each, is_required=True) for each in COLUMNS]
    sheets = {"Tasks": tasks, "Machines": MACHINE_COLUMNS, "Shifts": SHIFT_COLUMNS}
    for name, columns in (sheets | {"Downtime": DOWNTIME_COLUMNS}).items():
        for column in columns:
            yield _note(name, column)


def _note(sheet: str, column: Column) -> tuple[Value, ...]:
    needed = "yes" if column.is_required else "no"
    if column.key == "due":
        needed = "yes, or days remaining"
    return sheet, column.title, needed, column.meaning, ", ".join(column.synonyms) or None
