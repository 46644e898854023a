"""Rows put together as the document of a snapshot, each object with the row it came from."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, time

from scheduler_core.problem import SECONDS_PER_HOUR
from scheduler_core.snapshot import Report
from scheduler_core.snapshot.clock import CREATED_AT, Clock
from scheduler_core.snapshot.json_text import join, show
from scheduler_core.tabular.cells import (
    ERRORS,
    Cell,
    Json,
    as_date,
    as_flag,
    as_number,
    as_status,
    as_text,
    is_blank,
)
from scheduler_core.tabular.columns import FIELDS
from scheduler_core.tabular.machines import read_machines
from scheduler_core.tabular.places import Places, Spot
from scheduler_core.tabular.unlisted import Unlisted

ASSUMED = "created_at_assumed"
"""Field of the metadata that is true where time zero was not in the table."""

Columns = Sequence[tuple[int, str | None, str]]
"""Index, key (None if unknown) and header of each column."""
_OF_FAMILY = ("due", "days", "urgent", "weight", "arrival")
_RULES: dict[str, Callable[[Report, object], object]] = {
    "due": lambda report, value: report.moment(value, ""),
    "days": lambda report, value: report.number(value, "", "a number of days"),
    "urgent": lambda report, value: report.boolean(value, ""),
    "weight": lambda report, value: report.number(value, "", "a number"),
    "arrival": lambda report, value: report.moment(value, ""),
    "snapshot": lambda report, value: report.created_at(value, ""),
}
"""What each column asks of a value alone, in the words of the format."""
_FIELD_OF = {key: name for name, key in FIELDS.items() if name != "capable_machines"}


@dataclass
class Draft:
    """A document as it grows row by row."""

    places: Places
    metadata: dict[str, Json] = field(default_factory=dict)
    moment: Json = None
    """Time zero as the table says it, in ISO's spelling where it is understood."""
    listed: dict[str, None] = field(default_factory=dict)
    """Machines that are listed, in order."""
    named: dict[str, None] = field(default_factory=dict)
    """Machines that tasks name."""
    unlisted: Unlisted = field(default_factory=Unlisted)
    """Those of them that a workbook's sheet of machines lacks."""
    families: dict[str, dict[str, object]] = field(default_factory=dict)
    other: dict[str, object] = field(default_factory=dict)
    """Calendars and downtime."""
    first_date: Spot | None = None
    """Where a date stands first: it has to be counted from time zero."""
    clock: Clock | None = None
    """Counts dates from time zero; None where the table does not say it."""
    said_in: Spot | None = None

    def find_moment(self, rows: Iterable[tuple[int, Columns, tuple[Cell, ...]]]) -> None:
        """Take time zero from the column of it, if no sheet has said it."""
        for row, columns, cells in rows:
            cell = _by_key(columns, cells).get("snapshot")
            if is_blank(cell):
                continue
            moment = as_date(cell)
            if self.moment is None:
                self.set_moment(moment, Spot("", row))
            elif moment != self.moment and not self._refuses(row, "snapshot", moment):
                said = f"{show(self.moment)} in {self.said_in}"
                message = f"must be the same everywhere, got {show(moment)} after {said}"
                self.places.add(row, "snapshot", f"{message}; a table has one moment")

    def set_moment(self, moment: Json, spot: Spot) -> None:
        """Take time zero as the table says it; whether it is one is for the reader to say."""
        self.moment, self.said_in = moment, spot
        self.places.spots[CREATED_AT] = spot
        self.places.keys[CREATED_AT] = "snapshot"
        zero = Report().created_at(moment, "")
        self.clock = Clock(Report(), zero, created_at_is_missing=False) if zero else None

    def add_row(self, row: int, columns: Columns, cells: tuple[Cell, ...]) -> None:
        """Take the task in a row."""
        own = _by_key(columns, cells)
        family = self._name(row, "family", own.pop("family", None))
        own.pop("snapshot", None)
        if family is None:
            self._add_machines(row, own)
            return
        place = join("families", family)
        document = self.families.get(family)
        if document is None:
            document = self.families[family] = {"tasks": []}
            self.places.spots[place] = Spot("", row)
        for key in _OF_FAMILY:
            self._add_to_family(row, place, document, key, own.pop(key, None))
        if not own:
            return
        tasks = document["tasks"]
        assert isinstance(tasks, list)
        self.places.spots[f"{place}.tasks[{len(tasks)}]"] = Spot("", row)
        task = self._task(row, own)
        tasks.append({**_unknown(columns, cells), **task})

    def _add_machines(self, row: int, own: dict[str, Cell]) -> None:
        """Take a row without a family: it may list machines, and nothing else."""
        machines = self._machines(row, own.pop("machine", None))
        if own or machines is None:
            self.places.add(row, "family", "is empty; name the family in every row")
        else:
            self.listed.update(dict.fromkeys(machines))

    def _add_to_family(
        self, row: int, place: str, document: dict[str, object], key: str, cell: Cell
    ) -> None:
        value = self._value(row, key, cell)
        if value is None:
            return
        name = _FIELD_OF[key]
        before = document.setdefault(name, value)
        where = self.places.spots.setdefault(f"{place}.{name}", Spot("", row))
        self.places.keys[f"{place}.{name}"] = key
        if before == value or self._refuses(row, key, value):
            return
        if self._refuses(where.row, key, before):  # so that a good one is what others must be
            document[name], self.places.spots[f"{place}.{name}"] = value, Spot("", row)
        else:
            message = f"must be the same in all rows of a family, got {show(value)}"
            self.places.add(row, key, f"{message} after {show(before)} in {where}")

    def _refuses(self, row: int, key: str, value: object) -> bool:
        """Note a value that breaks the rule of its column; return whether it does."""
        message = _fault(key, value)
        if message is not None:
            self.places.add(row, key, self.places.in_words(message))
        return message is not None

    def _value(self, row: int, key: str, cell: Cell) -> Json:
        if key in ("due", "arrival"):
            return self._dated(row, as_date(cell))
        return as_flag(cell) if key == "urgent" else self._number(cell)

    def _number(self, cell: Cell) -> Json:
        return as_number(cell, decimal_comma=self.places.decimal_comma)

    def _dated(self, row: int, value: Json) -> Json:
        if isinstance(value, str) and self.first_date is None:
            self.first_date = Spot("", row)
        return value

    def _task(self, row: int, own: dict[str, Cell]) -> dict[str, object]:
        """Return the fields of a task that have a cell."""
        fields: dict[str, object] = {
            "sequence": self._number(own.get("sequence")),
            "process_name": self._name(row, "process", own.get("process")),
            "processing_time": self._number(own.get("hours")),
            "status": as_status(own.get("status")),
        }
        fields = {name: value for name, value in fields.items() if value is not None}
        machines = self._machines(row, own.get("machine"))
        capable = self._machines(row, own.get("capable"), "capable")
        if capable is not None:
            fields["capable_machines"] = _capable(capable, fields.get("processing_time"))
        fields["assigned_machine"] = None
        if machines is not None:
            if len(machines) == 1 and not any(machines.values()):
                fields["assigned_machine"] = next(iter(machines))
            elif capable is None:
                fields["capable_machines"] = _capable(machines, fields.get("processing_time"))
        lock = self._lock(row, own, list(machines or ()))
        return fields | ({"locked": lock} if lock else {})

    def _machines(self, row: int, cell: Cell, key: str = "machine") -> dict[str, Json] | None:
        """Return the machines of a cell with their hours; None for any machine."""
        named = read_machines(self._name(row, key, cell), decimal_comma=self.places.decimal_comma)
        if named is None:
            return None
        if named.fault is not None:
            self.places.add(row, key, named.fault)
            return None
        self._name_machines(row, key, named.hours)
        return dict(named.hours)

    def _name_machines(self, row: int, key: str, machines: Iterable[str]) -> None:
        for machine in machines:
            self.named[machine] = None
            if machine not in self.listed:
                self.unlisted.note(row, key, machine)

    def _lock(self, row: int, own: dict[str, Cell], machines: list[str]) -> dict[str, object]:
        machine = self._name(row, "locked_machine", own.get("locked_machine"))
        cell = own.get("locked_start")
        start = self.hours(cell, Spot("", row), "locked start")
        if start is None and cell is not None:
            start = 0  # its fault is noted; none at all would be another one
        if machine is None and start is not None and len(machines) == 1:
            machine = machines[0]
        lock = {"machine": machine, "start": start}
        if machine is not None:
            self._name_machines(row, "locked_machine", [machine])
        return {name: value for name, value in lock.items() if value is not None}

    def hours(self, cell: Cell, spot: Spot, column: str) -> Json:
        """Return a cell with hours from time zero, or with a date and time, as hours.

        None where there is no cell, or nothing to count a date from.
        """
        number = self._number(cell)
        if number is None or (isinstance(number, int | float) and not isinstance(number, bool)):
            return number
        value = as_date(cell)
        report = Report()
        moment = report.moment(value, "")
        if moment is None:
            return value
        if self.clock is None or self.clock.created_at is None:
            if self.moment is None:  # a fault of its own is noted where it is read
                self._needs_moment(spot, column)
            return None
        seconds = Clock(report, self.clock.created_at, False).seconds_to(moment, "")
        return value if seconds is None else seconds / SECONDS_PER_HOUR

    def _needs_moment(self, spot: Spot, column: str) -> None:
        self.places.add_in(
            spot,
            column,
            "is a date, which must be counted from the moment of the snapshot; add a column "
            "snapshot with that date and time, or give hours",
        )

    def _name(self, row: int, key: str, cell: Cell) -> str | None:
        """Return a cell as a name; a date is none, and a failed formula neither."""
        if isinstance(cell, date | time):
            shown = show(as_text(cell))
            self.places.add(row, key, f"must be a name, got the date {shown}; format it as text")
        elif isinstance(cell, str) and cell in ERRORS:
            self.places.add(row, key, f"must be a name, got {cell}; repair the formula")
        return as_text(cell)

    def document(self, assumed: datetime | None) -> dict[str, object]:
        """Return the document, with an assumed time zero where dates need one and none is said."""
        metadata = dict(self.metadata)
        if self.moment is not None:
            metadata["created_at"] = self.moment
        elif self.first_date is not None and assumed is not None:
            metadata |= {"created_at": assumed.isoformat(), ASSUMED: True}
        elif self.first_date is not None:
            self.places.add(
                0, "snapshot",
                "is missing, but dates must be counted from the moment at which the table was "
                f"taken, the first in {self.first_date}; add it with that date and time",
            )  # fmt: skip
            metadata["created_at"] = self._stand_in()
        for row, key, message in self.unlisted.faults(self.listed):
            self.places.add(row, key, message)
        machines = list(self.listed | self.named)
        return {
            "metadata": metadata,
            "families": self.families,
            "machines": machines,
            **self.other,
        }

    def _stand_in(self) -> str:
        """Return a moment to check all other rules with: the first date there is."""
        for family in self.families.values():
            for name in ("lcd_date", "material_arrival"):
                moment = Report().moment(family.get(name), "")
                if moment is not None:
                    return datetime(moment.year, moment.month, moment.day).isoformat()
        return "2000-01-01"


def _fault(key: str, value: object) -> str | None:
    """Return what is wrong with a value alone, whatever other rows say."""
    report = Report()
    _RULES[key](report, value)
    return report.faults[0].message if report.faults else None


def _capable(machines: dict[str, Json], hours: object) -> object:
    """Return machines as a list, or with hours where one has its own; others have the task's."""
    if not any(each is not None for each in machines.values()):
        return list(machines)
    return {name: hours if own is None else own for name, own in machines.items()}


def _by_key(columns: Columns, cells: tuple[Cell, ...]) -> dict[str, Cell]:
    """Return the cells of a row that are not blank, by the key of their column."""
    return {
        key: cells[index]
        for index, key, _ in columns
        if key is not None and index < len(cells) and not is_blank(cells[index])
    }


def _unknown(columns: Columns, cells: tuple[Cell, ...]) -> dict[str, Json]:
    """Return the cells of columns that mean nothing here, by their header."""
    found: dict[str, Json] = {}
    for index, key, header in columns:
        if key is None and index < len(cells) and not is_blank(cells[index]):
            cell = cells[index]
            found[header] = cell if isinstance(cell, str | int | float | bool) else as_text(cell)
    return found
