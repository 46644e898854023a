"""Cells of a table as values of a snapshot document.

What a cell cannot mean is handed on as it stands, so that the reader of snapshots names it in the
words of its own rules.
"""

from __future__ import annotations

import math
import re
from datetime import date, datetime, time, timedelta

Cell = str | int | float | bool | datetime | date | time | timedelta | None
Json = str | int | float | bool | None

ERRORS = frozenset({"#REF!", "#N/A", "#VALUE!", "#DIV/0!", "#NAME?", "#NULL!", "#NUM!"})
"""What a spreadsheet shows where a formula has failed."""
_NUMBER = re.compile(r"[+-]?\d{1,30}(\.\d{1,30})?([eE][+-]?\d{1,3})?", re.ASCII)
_COMMA_NUMBER = re.compile(r"[+-]?\d{1,30},\d{1,30}", re.ASCII)
_ISO = re.compile(
    r"\d{4}-\d\d-\d\d([T ]\d\d:\d\d(:\d\d(\.\d{1,6})?)?(Z|[+-]\d\d:\d\d)?)?", re.ASCII
)
_DOTS = re.compile(r"(\d{1,2})\.(\d{1,2})\.(\d{4})(?:[ ,]+(\d{1,2}:\d\d(?::\d\d)?))?", re.ASCII)
_YES = frozenset({"yes", "y", "true", "x", "1", "urgent"})
_NO = frozenset({"no", "n", "false", "0", "-", "normal"})
_STATUSES = {
    "open": "pending", "planned": "pending", "waiting": "pending", "notstarted": "pending",
    "pending": "pending", "inprogress": "in_progress", "running": "in_progress",
    "started": "in_progress", "done": "done", "finished": "done", "complete": "done",
    "completed": "done", "closed": "done",
}  # fmt: skip


def is_blank(cell: Cell) -> bool:
    """Return whether a cell holds nothing."""
    return cell is None or (isinstance(cell, str) and not cell.strip())


def as_text(cell: Cell) -> str | None:
    """Return a cell as a name, None where it is blank; 7 and 7.0 are both the name 7."""
    if is_blank(cell):
        return None
    if isinstance(cell, bool):
        return str(cell).upper()
    if isinstance(cell, float) and cell.is_integer():
        return str(int(cell))
    if isinstance(cell, datetime):
        return cell.isoformat(" ")
    return str(cell).strip()


def is_comma_number(cell: Cell) -> bool:
    """Return whether a cell is a number with a decimal comma."""
    return isinstance(cell, str) and _COMMA_NUMBER.fullmatch(cell.strip()) is not None


def as_number(cell: Cell, *, decimal_comma: bool = False) -> Json:
    """Return a cell as a number; in files with decimal commas a point is none.

    There 1.234 may be a thousand and more: it is handed on as text, for people to decide.
    """
    if is_blank(cell):
        return None
    if isinstance(cell, bool):
        return cell
    if isinstance(cell, int | float):
        return cell if math.isfinite(cell) else str(cell)
    if not isinstance(cell, str):
        return as_text(cell)
    text = cell.strip()
    if decimal_comma:
        if "." in text:
            return text
        text = text.replace(",", ".") if is_comma_number(cell) else text
    if not _NUMBER.fullmatch(text):
        return cell.strip()
    number = float(text) if set(text) & set(".eE") else int(text)
    return number if math.isfinite(number) else text


def as_date(cell: Cell) -> Json:
    """Return a cell as a day or a moment in ISO's spelling, or as it stands.

    With dots the day comes first. With slashes it does in some countries only: 08/07/2025 is
    handed on as text.
    """
    if is_blank(cell):
        return None
    if isinstance(cell, datetime):
        return (cell.date() if cell.time() == time() else cell).isoformat()
    if isinstance(cell, date):
        return cell.isoformat()
    if not isinstance(cell, str):
        return cell if isinstance(cell, int | float) else as_text(cell)
    text = cell.strip()
    if dots := _DOTS.fullmatch(text):
        day, month, year, clock = dots.groups()
        text = f"{year}-{int(month):02}-{int(day):02}" + (f" {_padded(clock)}" if clock else "")
    if not _ISO.fullmatch(text):
        return cell.strip()
    try:
        return datetime.fromisoformat(text).isoformat() if len(text) > 10 else text
    except ValueError:
        return cell.strip()


def _padded(clock: str) -> str:
    """Return 9:00 as 09:00."""
    return clock if clock[2] == ":" else f"0{clock}"


def as_flag(cell: Cell) -> Json:
    """Return a cell as yes or no."""
    if is_blank(cell) or isinstance(cell, bool):
        return cell if isinstance(cell, bool) else None
    text = as_text(cell) or ""
    if text.casefold() in _YES:
        return True
    return False if text.casefold() in _NO else text


def as_status(cell: Cell) -> Json:
    """Return a cell as a status of the format."""
    text = as_text(cell)
    if text is None:
        return None
    return _STATUSES.get("".join(filter(str.isalnum, text.casefold())), text)


def as_clock(cell: Cell) -> Json:
    """Return a cell as a time of day such as 06:00."""
    if isinstance(cell, datetime):
        cell = cell.time()
    if isinstance(cell, time):
        return cell.isoformat("auto" if cell.second else "minutes")
    if isinstance(cell, timedelta) and cell == timedelta(days=1):
        return "24:00"
    return as_text(cell)
