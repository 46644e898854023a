"""Files of tables as rows of cells, within limits, whatever the bytes."""

from __future__ import annotations

import csv
import io
import itertools
import re
import zipfile
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from datetime import date, time, timedelta

import openpyxl

from scheduler_core.errors import Fault, ProblemError, one_line
from scheduler_core.snapshot.reading import MAX_TASKS
from scheduler_core.tabular.cells import Cell, is_blank
from scheduler_core.tabular.columns import COLUMNS, find

MAX_TABLE_BYTES = 64 * 1024 * 1024
"""Largest file read."""
MAX_UNPACKED = 512 * 1024 * 1024
"""Most bytes that a workbook, which is a zip file, may unpack to."""
MAX_TEXTS = 128 * 1024 * 1024
"""Most bytes of its shared texts, all of which are held in memory."""
MAX_PARTS = 2_000
MAX_ROWS = MAX_TASKS + 10_000
"""Most rows of a sheet: a header, the tasks, machines of a CSV file."""
MAX_COLUMNS = 200
MAX_CELLS = MAX_ROWS * MAX_COLUMNS
"""Most cells of a sheet, blank ones too: a row is as wide as its last cell."""
_DELIMITERS = (";", "\t", ",")
_GUARDED = re.compile(r"'+[=+\-@\t\r\n]")
"""What `scheduler_core.spreadsheet.guarded` has put an apostrophe before."""
_SEPARATOR_LINE = re.compile(r"sep=([;,\t|])\r?\n")


@dataclass(frozen=True, slots=True)
class Sheet:
    """A sheet of a workbook, or a whole CSV file."""

    name: str
    """Empty for a CSV file."""
    rows: list[tuple[int, tuple[Cell, ...]]] = field(default_factory=list)
    """Number, as a spreadsheet counts, and cells of each row that is not blank."""
    may_have_decimal_commas: bool = False


def read_sheets(data: bytes, suffix: str) -> list[Sheet]:
    """Return the sheets in a file's bytes; its suffix says whether it is a workbook.

    Raises
    ------
    ProblemError
        If the file is too large, damaged, or not what its suffix says.
    """
    if len(data) > MAX_TABLE_BYTES:
        raise _fault(f"must be at most {MAX_TABLE_BYTES} bytes, got {len(data)}")
    if not data.strip():
        raise _fault("is empty; begin with the template")
    return _workbook(data) if suffix == ".xlsx" else [_csv(data)]


def _fault(message: str) -> ProblemError:
    return ProblemError([Fault("file", message)])


def _csv(data: bytes) -> Sheet:
    if data.startswith(b"PK\x03\x04"):
        raise _fault("is a workbook with the name of a text file; rename it to end in .xlsx")
    text = _text(data)
    if "\0" in text:
        raise _fault("is not text: it holds bytes of zero; save the table as CSV (UTF-8)")
    first = _SEPARATOR_LINE.match(text)
    if first:
        text = text[first.end() :]
    delimiter = first.group(1) if first else _delimiter(text)
    sheet = Sheet("", may_have_decimal_commas=delimiter in ";\t")
    offset = 1 if first else 0
    records = _records(text, delimiter, offset)
    _take(sheet, (tuple(map(_unguarded, record)) for record in records), offset)
    return sheet


def _records(text: str, delimiter: str, offset: int) -> Iterator[list[str]]:
    """Yield the rows of a CSV file.

    A row over several lines must be quoted without a fault: a quotation mark that nothing closes
    takes all lines after it, and with them their tasks, into one cell.
    """
    lines = list(io.StringIO(text, newline=""))
    records = csv.reader(lines, delimiter=delimiter)
    begun = 0
    try:
        for record in records:
            if records.line_num > begun + 1:
                own = lines[begun : records.line_num]
                next(csv.reader(own, delimiter=delimiter, strict=True))
            begun = records.line_num
            yield record
    except csv.Error as error:
        raise _fault(
            f"cannot be read as CSV from line {begun + 1 + offset} on ({one_line(error)}); close "
            'or remove the quotation mark (") there'
        ) from None


def _text(data: bytes) -> str:
    encodings = ("utf-8-sig", "cp1252")
    if data.startswith((b"\xff\xfe", b"\xfe\xff")):
        encodings = ("utf-16", "utf-16")
    for encoding in encodings:
        try:
            return data.decode(encoding)
        except UnicodeDecodeError:
            continue
    raise _fault("is not text in UTF-8 or Windows-1252; save the table as CSV (UTF-8)")


def _delimiter(text: str) -> str:
    """Return what parts the columns: what makes most sense of one of the first lines."""
    lines = [line for line in itertools.islice(io.StringIO(text), 20) if line.strip()]

    def known(delimiter: str) -> tuple[int, int]:
        cells = [line.split(delimiter) for line in lines]
        named = [sum(find(COLUMNS, cell.strip('" \r\n')) is not None for cell in c) for c in cells]
        return max(named, default=0), max(map(len, cells), default=0)

    return max(_DELIMITERS, key=known)


def _unguarded(cell: str) -> str:
    return cell[1:] if _GUARDED.match(cell) else cell


def _take(sheet: Sheet, rows: Iterable[tuple[Cell, ...]], offset: int = 0) -> None:
    """Add the rows that are not blank to a sheet."""
    width = 0
    for number, cells in enumerate(rows, 1 + offset):
        width += len(cells)
        if width > MAX_CELLS:
            raise _fault(f"must have at most {MAX_CELLS} cells, got more; delete empty columns")
        if all(map(is_blank, cells)):
            continue
        if len(sheet.rows) >= MAX_ROWS:
            raise _fault(f"must have at most {MAX_ROWS} rows, got more; split the table")
        if any(not is_blank(cell) for cell in cells[MAX_COLUMNS:]):
            raise _fault(f"must have at most {MAX_COLUMNS} columns, got more in row {number}")
        sheet.rows.append((number, cells[:MAX_COLUMNS]))


def _workbook(data: bytes) -> list[Sheet]:
    _check_zip(data)
    sheets = []
    try:
        book = openpyxl.load_workbook(
            io.BytesIO(data), read_only=True, data_only=True, keep_links=False
        )
        for source in book.worksheets:
            source.reset_dimensions()  # what a file says of its size may be untrue
            sheet = Sheet(source.title)
            rows = source.iter_rows(values_only=True)
            _take(sheet, (tuple(map(_simple, row)) for row in rows))
            sheets.append(sheet)
    except ProblemError:
        raise
    except Exception as error:  # a damaged workbook makes openpyxl raise anything
        # What it says, such as KeyError, helps whoever reads a log and no planner.
        raise _fault(
            "is not an Excel workbook, or is damaged; open it in a spreadsheet and save it again "
            "as .xlsx or as CSV"
        ) from error
    return sheets


def _simple(value: object) -> Cell:
    kinds = str | int | float | bool | date | time | timedelta | None
    return value if isinstance(value, kinds) else str(value)


def _check_zip(data: bytes) -> None:
    """Refuse what is no workbook, and one that would fill the memory when it is unpacked."""
    try:
        parts = zipfile.ZipFile(io.BytesIO(data)).infolist()
    except (zipfile.BadZipFile, OSError, ValueError, NotImplementedError):
        raise _fault(
            "is not an XLSX workbook; save it as .xlsx (an old .xls, or one with a password, "
            "cannot be read)"
        ) from None
    if len(parts) > MAX_PARTS:
        raise _fault(f"must have at most {MAX_PARTS} parts, got {len(parts)}")
    unpacked = sum(part.file_size for part in parts)
    texts = sum(part.file_size for part in parts if not _is_sheet(part.filename))
    if unpacked > MAX_UNPACKED or texts > MAX_TEXTS:
        raise _fault(
            f"must unpack to at most {MAX_UNPACKED} bytes, {MAX_TEXTS} of them beside the sheets, "
            f"got {unpacked} and {texts}; split the table"
        )


def _is_sheet(part: str) -> bool:
    return part.startswith("xl/worksheets/")
