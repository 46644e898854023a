"""What a workbook may say beside its tasks: time zero, machines, shifts, downtime."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from scheduler_core.errors import Fault, ProblemError
from scheduler_core.snapshot.calendars import WEEKDAYS
from scheduler_core.snapshot.json_text import join, show
from scheduler_core.tabular.assembling import Draft
from scheduler_core.tabular.cells import Cell, Json, as_clock, as_date, as_text, is_blank
from scheduler_core.tabular.columns import (
    COLUMNS,
    DOWNTIME_COLUMNS,
    MACHINE_COLUMNS,
    SHIFT_COLUMNS,
    Column,
    find,
)
from scheduler_core.tabular.places import Spot
from scheduler_core.tabular.sheets import Sheet

OTHER_SHEETS = frozenset({"snapshot", "machines", "shifts", "downtime", "notes"})
"""Names of sheets, as `plain` returns them, that are not the one of the tasks."""


def read_shop_sheets(draft: Draft, sheets: Mapping[str, Sheet]) -> None:
    """Take machines, shifts and downtime; sheets of other names are left alone."""
    for name, read in (("machines", _machines), ("shifts", _shifts), ("downtime", _downtime)):
        if name in sheets:
            read(draft, sheets[name])


def read_snapshot_sheet(draft: Draft, sheets: Mapping[str, Sheet]) -> None:
    """Take time zero and what else there is to say of the table."""
    if "snapshot" in sheets:
        _snapshot(draft, sheets["snapshot"])


def _snapshot(draft: Draft, sheet: Sheet) -> None:
    """Take pairs of a name and a value; that of time zero may also stand under its name."""
    above: tuple[Cell, ...] = ()
    for number, cells in sheet.rows:
        name, value, *_ = (*cells, None, None)
        if isinstance(name, str) and not is_blank(value):
            if _is_moment(name):
                draft.set_moment(as_date(value), Spot(sheet.name, number))
            elif not _is_moment(str(value)):
                draft.metadata[name.strip()] = value if _is_plain(value) else as_text(value)
        elif above and isinstance(above[0], str) and _is_moment(above[0]) and len(above) == 1:
            draft.set_moment(as_date(name), Spot(sheet.name, number))
        above = tuple(cell for cell in cells if not is_blank(cell))


def _is_moment(name: str) -> bool:
    column = find(COLUMNS, name)
    return column is not None and column.key == "snapshot"


def _is_plain(value: Cell) -> bool:
    return isinstance(value, str | int | float | bool)


def _rows(sheet: Sheet, columns: Sequence[Column]) -> Iterator[tuple[Spot, dict[str, Cell]]]:
    """Yield each row under the head of a sheet, its cells by column.

    Raises
    ------
    ProblemError
        If the head lacks a column.
    """
    if not sheet.rows:
        return
    _, head = sheet.rows[0]
    known = {
        column.key: index
        for index, cell in enumerate(head)
        if isinstance(cell, str) and (column := find(columns, cell)) is not None
    }
    if lacking := [each.title for each in columns if each.is_required and each.key not in known]:
        found = ", ".join(text for cell in head if (text := as_text(cell)))
        raise ProblemError(
            [
                Fault(
                    f"sheet {sheet.name}",
                    f"lacks a column named {' and one named '.join(lacking)}, found {found}; add "
                    "it, or begin with the template",
                )
            ]
        )
    for number, cells in sheet.rows[1:]:
        yield (
            Spot(sheet.name, number),
            {
                key: cells[i]
                for key, i in known.items()
                if i < len(cells) and not is_blank(cells[i])
            },
        )


def _named(draft: Draft, spot: Spot, own: dict[str, Cell], key: str) -> str | None:
    name = as_text(own.get(key))
    if name is None:
        draft.places.add_in(spot, key, "is empty; name it in every row")
    return name


def _machines(draft: Draft, sheet: Sheet) -> None:
    calendar_of: dict[str, Json] = {}
    for spot, own in _rows(sheet, MACHINE_COLUMNS):
        name = _named(draft, spot, own, "machine")
        if name is None:
            continue
        if name in draft.listed:
            draft.places.add_in(spot, "machine", f"names {show(name)} a second time; remove it")
        draft.places.spots[f"machines[{len(draft.listed)}]"] = spot
        draft.listed[name] = None
        if "calendar" in own:
            calendar_of[name] = as_text(own["calendar"])
            draft.places.spots[join("machine_calendars", name)] = spot
    if draft.listed:  # a sheet with a head alone lists nothing, and leaves that to the tasks
        draft.unlisted.sheet = sheet.name
    if calendar_of:
        draft.other["machine_calendars"] = calendar_of


def _shifts(draft: Draft, sheet: Sheet) -> None:
    calendars: dict[str, dict[str, dict[str, list[list[Json]]]]] = {}
    for spot, own in _rows(sheet, SHIFT_COLUMNS):
        name = _named(draft, spot, own, "calendar")
        if name is None:
            continue
        place = join("calendars", name)
        draft.places.spots.setdefault(place, spot)
        calendar = calendars.setdefault(name, {"shifts": {}, "exceptions": {}})
        day = str(as_date(own.get("day")) or "").casefold()
        kind = "exceptions" if day[:1].isdigit() else "shifts"
        if day not in WEEKDAYS and kind == "shifts":
            message = f"must be monday to sunday or a date such as 2025-08-15, got {show(day)}"
            draft.places.add_in(spot, "day", message)
            continue
        shifts = calendar[kind].setdefault(day, [])
        here = join(f"{place}.{kind}", day)
        draft.places.spots.setdefault(here, spot)
        if "start" in own or "end" in own:
            draft.places.spots[f"{here}[{len(shifts)}]"] = spot
            shifts.append([as_clock(own.get("start")), as_clock(own.get("end"))])
    if calendars:
        draft.other["calendars"] = calendars


def _downtime(draft: Draft, sheet: Sheet) -> None:
    downtime: list[dict[str, Json]] = []
    for spot, own in _rows(sheet, DOWNTIME_COLUMNS):
        draft.places.spots[f"downtime[{len(downtime)}]"] = spot
        stretch: dict[str, Json] = {
            "machine": as_text(own.get("machine")),
            "start": draft.hours(own.get("start"), spot, "start"),
            "end": draft.hours(own.get("end"), spot, "end"),
            "reason": as_text(own.get("reason")),
        }
        if any(stretch[name] is None for name in ("start", "end") if name in own):
            continue  # dates from which nothing follows: that is noted, and says enough
        downtime.append({name: value for name, value in stretch.items() if value is not None})
    if downtime:
        draft.other["downtime"] = downtime
