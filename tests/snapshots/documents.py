"""A good snapshot document, and how tests change it."""

from __future__ import annotations

import copy
import json
from typing import Any

from scheduler_core.problem import Problem
from scheduler_core.snapshot import parse_snapshot

GOOD: dict[str, Any] = {
    "metadata": {"created_at": "2025-08-06T08:00:00", "planning_horizon_days": 30},
    "families": {
        "JOST1": {
            "lcd_date": "2025-08-15",
            "lcd_days_remaining": 9,
            "is_urgent": False,
            "material_arrival": "2025-08-01",
            "tasks": [
                {
                    "sequence": 1,
                    "process_name": "CP08-056-1/2",
                    "processing_time": 75.48,
                    "assigned_machine": "PP09",
                    "balance_quantity": 0,
                    "original_quantity": 1000,
                },
                {
                    "sequence": 2,
                    "process_name": "CP08-056-2/2",
                    "processing_time": 2,
                    "assigned_machine": None,
                },
            ],
        },
        "JOST2": {
            "lcd_date": "2025-08-07",
            "tasks": [
                {
                    "sequence": 10,
                    "process_name": "CP01",
                    "processing_time": 0.25,
                    "assigned_machine": "WH01A-PK",
                }
            ],
        },
    },
    "machines": ["PP09", "WH01A-PK"],
}
DELETED = object()

Path_ = tuple[Any, ...]
TASK: Path_ = ("families", "JOST1", "tasks", 0)
SECOND: Path_ = ("families", "JOST1", "tasks", 1)
OTHER: Path_ = ("families", "JOST2", "tasks", 0)


def changed(*changes: tuple[Path_, Any]) -> dict[str, Any]:
    """Return the good document with values put, or deleted, at paths."""
    document = copy.deepcopy(GOOD)
    for path, value in changes:
        holder = document
        for key in path[:-1]:
            holder = holder[key]
        if value is DELETED:
            del holder[path[-1]]
        else:
            holder[path[-1]] = value
    return document


def dumped(*changes: tuple[Path_, Any]) -> bytes:
    """Return the file of `changed`."""
    return json.dumps(changed(*changes)).encode()


def loaded(*changes: tuple[Path_, Any]) -> Problem:
    """Return the problem of `changed`."""
    return parse_snapshot(dumped(*changes)).problem


def lock(start: Any, machine: Any = "PP09") -> dict[str, Any]:
    """Return a lock as a file has it."""
    return {"machine": machine, "start": start}


DAYS = {
    day: [["06:00", "18:00"]]
    for day in ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")
}


def calendars(shifts: Any) -> list[tuple[Path_, Any]]:
    """Return the change to one calendar, "day", with these weekly shifts."""
    return [(("calendars",), {"day": {"shifts": shifts}})]


FAMILY = "families.JOST1"
T0, T1 = f"{FAMILY}.tasks[0]", f"{FAMILY}.tasks[1]"
