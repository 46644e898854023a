"""From a problem to a snapshot document, and from a snapshot to its file."""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping
from datetime import datetime, time, timedelta
from pathlib import Path

from scheduler_core.errors import Fault, ProblemError
from scheduler_core.files import write_aside
from scheduler_core.problem import (
    SECONDS_PER_DAY,
    SECONDS_PER_HOUR,
    Family,
    Problem,
    Task,
    TaskStatus,
)
from scheduler_core.snapshot.checks import FIRST_YEAR, LAST_YEAR, MAX_DAYS
from scheduler_core.snapshot.clock import CREATED_AT
from scheduler_core.snapshot.json_text import encode
from scheduler_core.snapshot.reading import Snapshot, parse_snapshot


def snapshot_from_problem(
    problem: Problem, metadata: Mapping[str, object] | None = None, name: str = "snapshot"
) -> Snapshot:
    """Return a problem as a snapshot, with a document made for it.

    Parameters
    ----------
    problem
        What to write down. Its ``created_at`` goes to the metadata.
    metadata
        Further fields for the document's metadata; may hold ``created_at`` where the problem has
        none.
    name
        What to call the snapshot.

    Raises
    ------
    ProblemError
        If the format cannot hold the problem: a time of 30 years, a release without a
        ``created_at`` to count it from.
    """
    faults = list(_unwritable(problem))
    if faults:
        raise ProblemError(faults)
    return parse_snapshot(encode(_document(problem, metadata or {})), name)


def snapshot_bytes(snapshot: Snapshot) -> bytes:
    """Return the file of a snapshot, unknown fields included."""
    return encode(snapshot.document)


def write_snapshot(snapshot: Snapshot, path: str | os.PathLike[str]) -> None:
    """Write a snapshot's file, whole or not at all.

    Raises
    ------
    OSError
        If the file cannot be written; the old one is left as it was.
    """
    write_aside(Path(path), snapshot_bytes(snapshot))


def _unwritable(problem: Problem) -> Iterator[Fault]:
    """Yield what no date can express; the rest of the limits are checked by reading."""
    created_at, longest = problem.created_at, MAX_DAYS * SECONDS_PER_DAY
    if created_at is not None and not FIRST_YEAR <= created_at.year < LAST_YEAR:
        yield Fault(CREATED_AT, f"must be from {FIRST_YEAR} to {LAST_YEAR - 1}, got {created_at}")
    for family in problem.families:
        place = f"families.{family.id}"
        if family.release > 0 and created_at is None:
            yield Fault(
                f"{place}.material_arrival",
                f"is {family.release} s after time zero, which only a problem with created_at "
                "can write as a date; give it one",
            )
        if max(abs(family.due), family.release) > longest:
            yield Fault(place, f"must be due and released within {MAX_DAYS} days of time zero")


def _document(problem: Problem, metadata: Mapping[str, object]) -> dict[str, object]:
    """Return the document of a problem, in the words of format version 1 wherever these do."""
    fields = dict(metadata)
    if problem.created_at is not None:
        fields["created_at"] = problem.created_at.isoformat()
    names = tuple(machine.name for machine in problem.machines)
    families = {
        family.id: _family(family, names, problem.created_at) for family in problem.families
    }
    return {"metadata": fields, "families": families, "machines": list(names)}


def _family(
    family: Family, names: tuple[str, ...], created_at: datetime | None
) -> dict[str, object]:
    document: dict[str, object] = {}
    if created_at is not None:
        # The end of the day lcd_date is midnight, so a due time at midnight is of the day before.
        document["lcd_date"] = (created_at + timedelta(seconds=family.due - 1)).date().isoformat()
    document["lcd_days_remaining"] = _fraction(family.due, SECONDS_PER_DAY)
    document["is_urgent"] = family.is_urgent
    document["material_arrival"] = _arrival(family.release, created_at)
    if family.weight != 1.0:
        document["weight"] = family.weight
    document["tasks"] = [_task(task, names) for task in family.tasks]
    return document


def _arrival(release: int, created_at: datetime | None) -> str | None:
    if release == 0 or created_at is None:
        return None
    moment = created_at + timedelta(seconds=release)
    return (moment.date() if moment.time() == time() else moment).isoformat()


def _task(task: Task, names: tuple[str, ...]) -> dict[str, object]:
    several, one_time = len(task.machines) > 1, len(set(task.durations)) == 1
    document: dict[str, object] = {
        "sequence": task.sequence,
        "process_name": task.process_name,
        "processing_time": _fraction(task.shortest, SECONDS_PER_HOUR),
        "assigned_machine": None if several else task.machines[0],
    }
    if several and not one_time:
        document["capable_machines"] = {
            machine: _fraction(seconds, SECONDS_PER_HOUR)
            for machine, seconds in zip(task.machines, task.durations, strict=True)
        }
    elif several and task.machines != names:
        document["capable_machines"] = list(task.machines)
    if task.status is not TaskStatus.PENDING:
        document["status"] = str(task.status)
    if task.lock is not None:
        start = _fraction(task.lock.start, SECONDS_PER_HOUR)
        document["locked"] = {"machine": task.lock.machine, "start": start}
    return document


def _fraction(seconds: int, unit: int) -> int | float:
    """Return seconds in hours or days: whole where they are, else the float nearest to them.

    Reading rounds it back to the same second.
    """
    return seconds // unit if seconds % unit == 0 else seconds / unit
