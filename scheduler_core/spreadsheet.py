"""Sheets and CSV files for spreadsheets: real dates and numbers, and no cell that runs."""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, time

from openpyxl import Workbook
from openpyxl.cell import WriteOnlyCell
from openpyxl.cell.cell import Cell
from openpyxl.comments import Comment
from openpyxl.styles import Alignment, Font, PatternFill
from openpyxl.utils import get_column_letter
from openpyxl.worksheet._write_only import WriteOnlyWorksheet

Value = str | int | float | bool | date | datetime | None

_RUNS = re.compile(r"'*[=+\-@\t\r\n]")
"""Beginnings that make a spreadsheet run a cell; apostrophes before it count too, so that taking
one off again gives back every text."""
_NOT_XML = re.compile("[\x00-\x08\x0b-\x1f\x7f\ud800-\udfff\ufffe\uffff]")
_FIRST_DAY = datetime(1900, 3, 1)  # before it, spreadsheets disagree about the calendar
_EPOCH = datetime(2000, 1, 1)

_HEAD_FONT = Font(bold=True, color="FFFFFF")
_HEAD_FILL = PatternFill("solid", fgColor="1F6F8B")
_HEAD_ALIGNMENT = Alignment(vertical="center", wrap_text=True)
_WRAP = Alignment(vertical="top", wrap_text=True)


@dataclass(frozen=True, slots=True)
class Header:
    """The head of a column."""

    title: str
    width: int = 14
    """In characters."""
    form: str = "General"
    """How its numbers read; dates have a form of their own."""
    comment: str = ""
    """What a spreadsheet shows when the mouse is on the head."""
    wraps: bool = False


@dataclass(frozen=True, slots=True)
class Sheet:
    """A sheet with its first row as a head that stays in sight."""

    title: str
    headers: Sequence[Header]
    rows: Iterable[Sequence[Value]]
    has_filter: bool = field(default=True, kw_only=True)
    forms: Sequence[str] | None = field(default=None, kw_only=True)
    """How the numbers of each row read, where rows and not columns differ."""


def workbook_bytes(sheets: Iterable[Sheet], moment: datetime | None = None) -> bytes:
    """Return an XLSX workbook.

    Texts are texts, even those that begin as a formula. Characters that XLSX cannot hold are
    shown as a replacement character. A moment with a zone is shown by its own clock.

    Parameters
    ----------
    sheets
        At least one.
    moment
        What the file says of when it was made; a fixed day unless given.
    """
    book = Workbook(write_only=True)
    book.properties.creator = "Scheduling workbench"
    book.properties.created = book.properties.modified = (moment or _EPOCH).replace(tzinfo=None)
    for sheet in sheets:
        _write(book, sheet)
    target = io.BytesIO()
    book.save(target)
    return target.getvalue()


def _write(book: Workbook, sheet: Sheet) -> None:
    page = book.create_sheet(sheet.title)
    page.freeze_panes = "A2"
    for number, header in enumerate(sheet.headers, 1):
        page.column_dimensions[get_column_letter(number)].width = header.width
    page.row_dimensions[1].height = 30
    page.append([_head(page, header) for header in sheet.headers])
    count = 1
    for row in sheet.rows:
        form = sheet.forms[count - 1] if sheet.forms else None
        cells = zip(row, sheet.headers, strict=True)
        page.append([_cell(page, value, header, form) for value, header in cells])
        count += 1
    if sheet.has_filter:
        page.auto_filter.ref = f"A1:{get_column_letter(len(sheet.headers))}{count}"


def _head(page: WriteOnlyWorksheet, header: Header) -> Cell:
    cell = _cell(page, header.title, header)
    cell.font, cell.fill, cell.alignment = _HEAD_FONT, _HEAD_FILL, _HEAD_ALIGNMENT
    if header.comment:
        cell.comment = Comment(header.comment, "Scheduling workbench", height=120, width=320)
    return cell


def _cell(page: WriteOnlyWorksheet, value: Value, header: Header, form: str | None = None) -> Cell:
    if isinstance(value, datetime):
        value = value.replace(tzinfo=None)
        if value.microsecond or value < _FIRST_DAY:
            value = value.isoformat(" ")
    elif isinstance(value, date) and datetime.combine(value, time()) < _FIRST_DAY:
        value = value.isoformat()
    if isinstance(value, str):
        value = _NOT_XML.sub("\ufffd", value)
    cell = WriteOnlyCell(page, value)  # type: ignore[arg-type]  # the stubs know no such sheet
    if isinstance(value, str):
        cell.data_type = "s"  # never a formula
        cell.quotePrefix = _RUNS.match(value) is not None
        if header.wraps:
            cell.alignment = _WRAP
    elif isinstance(value, datetime):
        cell.number_format = "yyyy-mm-dd hh:mm"
    elif isinstance(value, date):
        cell.number_format = "yyyy-mm-dd"
    elif value is not None:
        cell.number_format = form or header.form
    return cell


def csv_text(header: Sequence[str], rows: Iterable[Sequence[Value]]) -> str:
    """Return a CSV file whose texts no spreadsheet runs, moments in ISO's spelling."""
    text = io.StringIO(newline="")
    writer = csv.writer(text)
    writer.writerow(header)
    for row in rows:
        writer.writerow([_csv_value(value) for value in row])
    return text.getvalue()


def _csv_value(value: Value) -> object:
    if isinstance(value, str):
        return guarded(value)
    if isinstance(value, bool):
        return "yes" if value else "no"
    return value.isoformat(" ") if isinstance(value, datetime) else value


def guarded(text: str) -> str:
    """Return a text with an apostrophe before what a spreadsheet would run as a formula."""
    return f"'{text}" if _RUNS.match(text) else text
