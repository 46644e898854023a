"""From a CSV file or a workbook to a snapshot, with every bad row named at once."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime
from pathlib import Path

from scheduler_core.errors import Fault, ProblemError
from scheduler_core.snapshot import Snapshot, encode, parse_snapshot, read_bytes, read_snapshot
from scheduler_core.tabular.assembling import ASSUMED, Columns, Draft
from scheduler_core.tabular.cells import Cell, is_blank, is_comma_number
from scheduler_core.tabular.columns import COLUMNS, Column, find, plain
from scheduler_core.tabular.other_sheets import OTHER_SHEETS, read_shop_sheets, read_snapshot_sheet
from scheduler_core.tabular.places import Places
from scheduler_core.tabular.sheets import Sheet, read_sheets

TABLE_SUFFIXES = (".csv", ".xlsx")
_SEARCHED = 20
"""How many rows from the top may come before the one that names the columns."""


def is_table(name: str) -> bool:
    """Return whether a file of this name is read as a table."""
    return Path(name).suffix.lower() in TABLE_SUFFIXES


def read_file(path: Path) -> Snapshot:
    """Return the snapshot in a file: a table by its name, else JSON.

    Raises
    ------
    ProblemError
        With every fault of the file. A table with dates has to say when it was taken.
    """
    if is_table(path.name):
        return replace(read_table(read_bytes(path), path.name), name=path.stem)
    return read_snapshot(path)


def read_table(data: bytes, name: str, assumed: datetime | None = None) -> Snapshot:
    """Return the snapshot that a table of tasks holds.

    Parameters
    ----------
    data
        The bytes of a CSV file or of an XLSX workbook.
    name
        Of the file; its suffix says which of the two it is.
    assumed
        Time zero for a table that has dates but does not say when it was taken; `time_was_assumed`
        tells. None: such a table is refused.

    Raises
    ------
    ProblemError
        With every fault of the file, at its row and column. Nothing else is raised, whatever the
        bytes.
    """
    sheets = read_sheets(data, Path(name).suffix.lower())
    tasks = _tasks_sheet(sheets)
    number, header = _header(tasks)
    columns = _columns(header)
    headers = {key: shown for _, key, shown in columns if key is not None}
    draft = Draft(Places(headers, _has_decimal_commas(tasks, columns)))
    others = {plain(sheet.name): sheet for sheet in sheets if sheet is not tasks}
    body = [row for row in tasks.rows if row[0] > number]
    read_snapshot_sheet(draft, others)
    draft.find_moment((row, columns, cells) for row, cells in body)
    read_shop_sheets(draft, others)
    for row, cells in body:
        draft.add_row(row, columns, cells)
    if not body:
        raise ProblemError(
            [Fault("file", f"has no row below the columns in row {number}; add one for each task")]
        )
    return _snapshot(draft, name, assumed)


def _snapshot(draft: Draft, name: str, assumed: datetime | None) -> Snapshot:
    """Return the snapshot of a draft; raise its faults together with those of its document."""
    document = draft.document(assumed)
    snapshot = None
    try:
        snapshot = parse_snapshot(encode(document), name)
    except ProblemError as error:
        draft.places.translate(error.faults)
    faults = draft.places.in_order()
    if snapshot is None or faults:
        raise ProblemError(faults)
    return snapshot


def time_was_assumed(snapshot: Snapshot) -> bool:
    """Return whether time zero is not from the table but was assumed when it was read."""
    metadata = snapshot.document.get("metadata")
    return isinstance(metadata, dict) and metadata.get(ASSUMED) is True


def with_moment(snapshot: Snapshot, moment: datetime) -> Snapshot:
    """Return a snapshot whose time zero was assumed with the moment that it was really taken at.

    Raises
    ------
    ProblemError
        If a date of the snapshot is too far from the moment.
    """
    metadata = snapshot.document.get("metadata")
    fields = dict(metadata) if isinstance(metadata, dict) else {}
    fields.pop(ASSUMED, None)
    document = {**snapshot.document, "metadata": fields | {"created_at": moment.isoformat()}}
    return parse_snapshot(encode(document), snapshot.name)


def _tasks_sheet(sheets: list[Sheet]) -> Sheet:
    """Return the sheet called Tasks, else the first one that is nothing else."""
    for sheet in sheets:
        if plain(sheet.name) == "tasks":
            return sheet
    for sheet in sheets:
        if plain(sheet.name) not in OTHER_SHEETS and sheet.rows:
            return sheet
    raise ProblemError([Fault("file", "has no sheet with tasks; begin with the template")])


def _header(sheet: Sheet) -> tuple[int, tuple[Cell, ...]]:
    """Return the number and the cells of the row that names the columns."""
    if not sheet.rows:
        raise ProblemError([Fault("file", "has no row at all; begin with the template")])
    top = sheet.rows[:_SEARCHED]

    def known(cells: tuple[Cell, ...]) -> int:
        return sum(isinstance(each, str) and find(COLUMNS, each) is not None for each in cells)

    best = max(top, key=lambda row: known(row[1]))
    return best if known(best[1]) > 1 else top[0]


def _columns(header: tuple[Cell, ...]) -> Columns:
    """Return index, key and header of every column that has one; key None for an unknown one.

    Raises
    ------
    ProblemError
        With one sentence for each column that is missing or there twice.
    """
    columns: list[tuple[int, str | None, str]] = []
    for index, cell in enumerate(header):
        if isinstance(cell, str) and not is_blank(cell):
            column = find(COLUMNS, cell)
            columns.append((index, column.key if column else None, cell.strip()))
    keys = [key for _, key, _ in columns]
    faults = []
    found = ", ".join(shown for _, _, shown in columns[:30]) or "nothing"
    for column in COLUMNS:
        same = [shown for _, key, shown in columns if key == column.key]
        if len(same) > 1:
            message = f"are {len(same)} that mean {column.title}: {', '.join(same)}; keep one"
            faults.append(Fault("columns", message))
    for column in _missing(keys):
        also = f" (or {', '.join(column.synonyms[:3])})" if column.synonyms else ""
        faults.append(
            Fault(
                "columns",
                f"lack one named {column.title}{also}, found {found}; add it, or begin with the "
                "template",
            )
        )
    if faults:
        raise ProblemError(faults)
    return columns


def _missing(keys: list[str | None]) -> list[Column]:
    """Return the columns that a table needs and this one lacks."""
    missing = [column for column in COLUMNS if column.is_required and column.key not in keys]
    if "due" not in keys and "days" not in keys:
        missing.append(next(column for column in COLUMNS if column.key == "due"))
    if "capable" in keys:
        missing = [column for column in missing if column.key != "machine"]
    return missing


def _has_decimal_commas(sheet: Sheet, columns: Columns) -> bool:
    """Return whether the file writes numbers with a comma: one cell tells, where one can."""
    places = [index for index, key, _ in columns if key in ("hours", "days", "weight")]
    return sheet.may_have_decimal_commas and any(
        is_comma_number(cells[index])
        for _, cells in sheet.rows
        for index in places
        if index < len(cells)
    )
