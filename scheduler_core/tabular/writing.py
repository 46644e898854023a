"""From a snapshot to a table that reads back as the same problem."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from datetime import date, datetime, time, timedelta
from typing import Any

from scheduler_core.errors import Fault, ProblemError
from scheduler_core.problem import SECONDS_PER_DAY
from scheduler_core.snapshot import Snapshot
from scheduler_core.snapshot.checks import to_seconds
from scheduler_core.snapshot.json_text import join, show
from scheduler_core.spreadsheet import Header, Sheet, Value, csv_text, workbook_bytes
from scheduler_core.tabular.columns import (
    COLUMNS,
    DOWNTIME_COLUMNS,
    MACHINE_COLUMNS,
    SHIFT_COLUMNS,
    Column,
    find,
)
from scheduler_core.tabular.machines import write_machines

Row = dict[str, Value]
_ALWAYS = (
    "family",
    "due",
    "urgent",
    "weight",
    "arrival",
    "sequence",
    "process",
    "hours",
    "machine",
)
_NOT_EXTRA = ("sequence", "process_name", "processing_time", "assigned_machine",
              "capable_machines", "status", "locked")  # fmt: skip


def table_xlsx(snapshot: Snapshot, notes: Iterable[Sheet] = ()) -> bytes:
    """Return a snapshot as an XLSX workbook with sheets of tasks, machines, shifts, downtime.

    Fields that the format does not know are kept where they are a task's and one value, and in
    the metadata; others are left out.

    Raises
    ------
    ProblemError
        If a name begins or ends with blanks or holds a sign that cannot be seen.
    """
    _check_names(snapshot)
    rows = list(_task_rows(snapshot))
    created_at = snapshot.problem.created_at
    sheets = [_sheet("Tasks", _columns(rows), rows, comments=True), _snapshot_sheet(snapshot)]
    sheets.append(_sheet("Machines", MACHINE_COLUMNS, _machine_rows(snapshot)))
    if shifts := list(_shift_rows(snapshot.document)):
        sheets.append(_sheet("Shifts", SHIFT_COLUMNS, shifts))
    if downtime := _downtime_rows(snapshot.document):
        sheets.append(_sheet("Downtime", DOWNTIME_COLUMNS, downtime))
    return workbook_bytes([*sheets, *notes], created_at)


def table_csv(snapshot: Snapshot) -> str:
    """Return a snapshot as one CSV table; rows that name a machine alone list the machines.

    Raises
    ------
    ProblemError
        If it has shifts or downtime, which a single table cannot hold, or a name as above.
    """
    _check_names(snapshot)
    for part in ("calendars", "downtime"):
        if snapshot.document.get(part):
            message = "cannot be written as CSV, which is one table; take Excel instead"
            raise ProblemError([Fault(part, message)])
    rows = list(_task_rows(snapshot))
    created_at = snapshot.problem.created_at
    for row in rows:
        row["snapshot"] = created_at
    rows += [{"machine": write_machines([name])} for name in _unsaid(snapshot, rows)]
    columns = _columns(rows)
    return csv_text(
        [each.title for each in columns], [[row.get(each.key) for each in columns] for row in rows]
    )


def _unsaid(snapshot: Snapshot, rows: Sequence[Row]) -> list[str]:
    """Return the machines to list: all where the tasks do not name the same ones in order."""
    machines = [machine.name for machine in snapshot.problem.machines]
    named = dict.fromkeys(
        name for task in _tasks(snapshot.document) for name in _names(task) if name is not None
    )
    return [] if list(named) == machines and rows else machines


def _tasks(document: Mapping[str, Any]) -> Iterator[Mapping[str, Any]]:
    for family in document["families"].values():
        yield from family["tasks"]


def _names(task: Mapping[str, Any]) -> list[str | None]:
    """Return the machines of a task in the order in which a row of it names them."""
    lock = task.get("locked") or {}
    capable = task.get("capable_machines")
    return [task.get("assigned_machine"), *(capable or ()), lock.get("machine")]


def _check_names(snapshot: Snapshot) -> None:
    if faults := table_faults(snapshot):
        raise ProblemError(faults)


def table_faults(snapshot: Snapshot) -> list[Fault]:
    """Return the names that a table cannot hold: their blanks would be lost."""
    document: Mapping[str, Any] = snapshot.document
    faults: list[Fault] = []

    def check(place: str, name: object) -> None:
        if isinstance(name, str) and (name != name.strip() or not name.isprintable()):
            message = f"must be a name without blanks around it or unseen signs, got {show(name)}"
            faults.append(Fault(place, f"{message}; a table cannot hold it, take JSON instead"))

    for index, machine in enumerate(snapshot.problem.machines):
        check(f"machines[{index}]", machine.name)
    for name in document.get("calendars") or ():
        check(join("calendars", name), name)
    for family, fields in document["families"].items():
        place = join("families", family)
        check(place, family)
        for index, task in enumerate(fields["tasks"]):
            check(f"{place}.tasks[{index}].process_name", task.get("process_name"))
    return faults


def _columns(rows: Sequence[Row]) -> list[Column]:
    """Return the columns that any row has, and those that people look for."""
    used = {key for row in rows for key, value in row.items() if value is not None}
    known = [column for column in COLUMNS if column.key in used or column.key in _ALWAYS]
    if "days" in used and "due" not in used:
        known = [column for column in known if column.key != "due"]
    names = {column.key for column in COLUMNS}
    extra = dict.fromkeys(key for row in rows for key in row if key in used and key not in names)
    return known + [Column(key, key, "Not used for scheduling; kept.") for key in extra]


def _sheet(
    title: str, columns: Sequence[Column], rows: Iterable[Row], *, comments: bool = False
) -> Sheet:
    headers = [
        Header(column.title, column.width, comment=column.meaning if comments else "")
        for column in columns
    ]
    return Sheet(title, headers, ([row.get(column.key) for column in columns] for row in rows))


def _snapshot_sheet(snapshot: Snapshot) -> Sheet:
    metadata = snapshot.document.get("metadata")
    fields = dict(metadata) if isinstance(metadata, dict) else {}
    created_at = snapshot.problem.created_at
    fields.pop("created_at", None)
    pairs: list[tuple[str, Value]] = []
    if created_at is not None:
        zoned = created_at.tzinfo is not None
        pairs.append(("created_at", created_at.isoformat() if zoned else created_at))
    pairs += [
        (name, value)
        for name, value in fields.items()
        if isinstance(value, str | int | float) and _is_safe(name)
    ]
    headers = (Header("name", 26), Header("value", 26))
    return Sheet("Snapshot", headers, pairs, has_filter=False)


def _is_safe(name: str) -> bool:
    """Return whether a field that the format does not know can be the header of a column."""
    return bool(name.strip()) and name == name.strip() and find(COLUMNS, name) is None


def _task_rows(snapshot: Snapshot) -> Iterator[Row]:
    document: Mapping[str, Any] = snapshot.document
    for name, family in document["families"].items():
        head = {"family": name} | _family_cells(family, snapshot.problem.created_at)
        for task in family["tasks"]:
            yield head | _task_cells(task)


def _family_cells(family: Mapping[str, Any], created_at: datetime | None) -> Row:
    cells: Row = {}
    days = family.get("lcd_days_remaining")
    if days is None:
        cells["due"] = _date_cell(family["lcd_date"])
    elif created_at is None:
        cells["days"] = days
    else:
        cells["due"] = _due_cell(created_at + timedelta(seconds=to_seconds(days, SECONDS_PER_DAY)))
    if family.get("is_urgent"):
        cells["urgent"] = "yes"
    if family.get("weight") is not None:
        cells["weight"] = family["weight"]
    if family.get("material_arrival") is not None:
        cells["arrival"] = _date_cell(family["material_arrival"])
    return cells


def _due_cell(due: datetime) -> Value:
    """Return a due time; what is due at midnight is due at the end of the day before."""
    moment = due.replace(tzinfo=None)
    if moment.time() == time():
        return moment.date() - timedelta(days=1)
    return moment


def _date_cell(text: str) -> Value:
    """Return the date or the moment that a document holds; one with a zone stays a text."""
    kinds: tuple[Callable[[str], date], ...] = (date.fromisoformat, datetime.fromisoformat)
    for kind in kinds:
        try:
            moment = kind(text)
        except ValueError:
            continue
        zoned = isinstance(moment, datetime) and moment.tzinfo is not None
        return moment.isoformat() if zoned else moment
    return text


def _task_cells(task: Mapping[str, Any]) -> Row:
    capable, assigned = task.get("capable_machines"), task.get("assigned_machine")
    cells: Row = {
        "sequence": task["sequence"],
        "process": task.get("process_name"),
        "hours": task.get("processing_time"),
    }
    if capable:
        cells["machine" if assigned is None else "capable"] = write_machines(capable)
    if assigned is not None:
        cells["machine"] = write_machines([assigned])
    if task.get("status") not in (None, "pending"):
        cells["status"] = task["status"]
    if lock := task.get("locked"):
        cells["locked_machine"], cells["locked_start"] = lock["machine"], lock["start"]
    extras = ((name, value) for name, value in task.items() if name not in _NOT_EXTRA)
    return cells | {
        name: value
        for name, value in extras
        if isinstance(value, str | int | float) and _is_safe(name)
    }


def _machine_rows(snapshot: Snapshot) -> Iterator[Row]:
    for machine in snapshot.problem.machines:
        calendar = machine.calendar
        yield {"machine": machine.name, "calendar": None if calendar is None else calendar.name}


def _shift_rows(document: Mapping[str, Any]) -> Iterator[Row]:
    for name, calendar in (document.get("calendars") or {}).items():
        days = (calendar["shifts"], calendar.get("exceptions") or {})
        for day, shifts in ((day, each) for part in days for day, each in part.items()):
            for start, end in shifts:
                yield {"calendar": name, "day": day, "start": start, "end": end}
            if not shifts:
                yield {"calendar": name, "day": day}
        if not any(days):
            yield {"calendar": name, "day": "monday"}  # no shift at all is said of one day


def _downtime_rows(document: Mapping[str, Any]) -> list[Row]:
    keys = [column.key for column in DOWNTIME_COLUMNS]
    return [{key: each.get(key) for key in keys} for each in document.get("downtime") or ()]
