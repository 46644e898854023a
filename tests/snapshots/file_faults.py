"""Faults that no document can show, only the text of a file."""

from __future__ import annotations

import json

from tests.snapshots.documents import (
    FAMILY,
    GOOD,
    T0,
)


def text(old: str, new: str) -> bytes:
    """Return the good file with a piece of its text replaced, for what no document can say."""
    whole = json.dumps(GOOD)
    assert old in whole
    return whole.replace(old, new, 1).encode()


def nested(depth: int) -> bytes:
    """Return the good file with an unknown field nested that deep."""
    return text('"metadata": {', '"metadata": {"x": ' + "[" * depth + "]" * depth + ", ")


FILE_FAULTS: dict[str, tuple[bytes, str, str]] = {
    "empty": (b"", "file", "is empty"),
    "blank": (b" \n\t", "file", "is empty"),
    "not UTF-8": (b'{"families": "\xff"}', "file", "is not UTF-8 text (byte 0xff at position 14)"),
    "not JSON": (b'{\n "families": ,}', "file", "is not JSON: line 2, column 14: Expecting value"),
    "two documents": (b"{} {}", "file", "is not JSON: line 1, column 4: Extra data"),
    "top level a list": (b"[]", "file", "must be an object with families and machines, got an emp"),
    "top level null": (b"null", "file", "must be an object with families and machines, got null"),
    "NaN": (text("75.48", "NaN"), f"{T0}.processing_time", "must be a finite number, got NaN"),
    "infinite": (text("75.48", "Infinity"), f"{T0}.processing_time", "got Infinity"),
    "minus infinite": (text("75.48", "-Infinity"), f"{T0}.processing_time", "got -Infinity"),
    "overflow": (text("75.48", "1e400"), f"{T0}.processing_time", "can hold, got 1e400"),
    "too many digits": (text("75.48", "9" * 5000), f"{T0}.processing_time", "digits, got 5000"),
    "NaN in an unknown field": (text("1000", "NaN"), f"{T0}.original_quantity", "got NaN"),
    "NaN in a lock": (
        text('"balance_quantity": 0', '"status": "in_progress", "locked": NaN'),
        f"{T0}.locked",
        "must be a finite number, got NaN",
    ),
    "NaN in a calendar": (
        text(
            '"metadata"',
            '"calendars": {"day": {"shifts": {"monday": NaN}}}, "machine_calendars": {"*": "day"},'
            ' "metadata"',
        ),
        "calendars.day.shifts.monday",
        "must be a finite number, got NaN",
    ),
    "repeated key": (
        text('"sequence": 1,', '"sequence": 1, "sequence": 3,'),
        f"{T0}.sequence",
        "appears more than once in its object; keep one",
    ),
    "repeated family": (
        text('"JOST2"', '"JOST1"'),
        FAMILY,
        "appears more than once in its object; keep one",
    ),
    "half a character": (text("CP01", "\\ud800"), "families.JOST2.tasks[0].process_name", "half a"),
    "half a character in a key": (text("planning_", "\\udfff"), "metadata", "key with half a"),
    "too deep": (
        nested(100),
        "file",
        "must be nested at most 64 levels deep, got more at metadata",
    ),
    "far too deep": (b"[" * 200_000, "file", "must be nested at most 64 levels deep"),
}
