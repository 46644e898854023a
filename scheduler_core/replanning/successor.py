"""The shop after a scenario as a snapshot of its own, to work on with."""

from __future__ import annotations

from collections.abc import Mapping
from typing import cast

from scheduler_core.replanning.replan import Replan
from scheduler_core.snapshot import Snapshot, encode, parse_snapshot, snapshot_from_problem

_Object = Mapping[str, object]
_SHOP = {"metadata", "families", "machines", "calendars", "machine_calendars", "downtime"}
_FAMILY = {
    "lcd_date", "lcd_days_remaining", "is_urgent", "material_arrival", "weight", "tasks",
}  # fmt: skip
_TASK = {
    "sequence", "process_name", "processing_time", "assigned_machine", "capable_machines",
    "status", "locked",
}  # fmt: skip


def successor(snapshot: Snapshot, plan: Replan, name: str) -> Snapshot:
    """Return the shop as a new plan sees it: time zero is the moment of re-planning.

    What is done by then is left out, what runs is in progress, and events that are still to come
    are in its downtime, calendars and orders. Fields of the old file that the format does not
    know go with their family and task.

    Raises
    ------
    ProblemError
        If the format cannot hold the shop, see `snapshot_from_problem`.
    """
    old = snapshot.document
    metadata = cast("_Object", old.get("metadata") or {})
    made = snapshot_from_problem(plan.remaining, metadata, name)
    families = cast("Mapping[str, _Object]", made.document["families"])
    before = cast("Mapping[str, _Object]", old["families"])
    document = _unknown(old, _SHOP) | dict(made.document)
    document["families"] = {id_: _family(before.get(id_, {}), new) for id_, new in families.items()}
    return parse_snapshot(encode(document), name)


def _family(old: _Object, new: _Object) -> dict[str, object]:
    steps = {task["sequence"]: task for task in _tasks(old)}
    tasks = [_unknown(steps.get(task["sequence"], {}), _TASK) | dict(task) for task in _tasks(new)]
    return _unknown(old, _FAMILY) | dict(new) | {"tasks": tasks}


def _tasks(family: _Object) -> list[_Object]:
    return cast("list[_Object]", family.get("tasks", []))


def _unknown(fields: _Object, known: set[str]) -> dict[str, object]:
    return {name: value for name, value in fields.items() if name not in known}
