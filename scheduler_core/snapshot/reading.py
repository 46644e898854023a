"""From the bytes of a snapshot file to a `Problem`, with every fault of the file at once."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path

from scheduler_core.errors import ProblemError
from scheduler_core.problem import (
    SECONDS_PER_DAY,
    SECONDS_PER_HOUR,
    SECONDS_PER_WEEK,
    Family,
    Problem,
)
from scheduler_core.snapshot.calendars import read_machines
from scheduler_core.snapshot.checks import MISSING, Report
from scheduler_core.snapshot.clock import CREATED_AT, Clock
from scheduler_core.snapshot.families import ReadFamily, read_family
from scheduler_core.snapshot.json_text import decode, read_bytes, show
from scheduler_core.snapshot.tasks import Floor

MAX_FAMILIES = 60_000
MAX_TASKS = 250_000
MAX_MACHINES = 10_000
MAX_OPTIONS = 20_000_000
"""Most pairs of a task and a machine that can do it; each costs memory in every method."""
MAX_ELAPSED = 10**14
"""Longest that all tasks may take one by one, pauses included: 250,000 of the longest round the
clock. As many families that late still add up to less than 64 bits."""


@dataclass(frozen=True)
class Snapshot:
    """A snapshot file: the problem in it, and the document, so that nothing else in it is lost."""

    problem: Problem
    document: Mapping[str, object]
    """The JSON as read, unknown fields included."""
    sha256: str
    """Of the bytes of the file."""
    name: str
    num_done: int = 0
    """Tasks left out because they are done."""


def parse_snapshot(data: bytes, name: str = "snapshot") -> Snapshot:
    """Return the snapshot that the bytes of a file hold.

    Parameters
    ----------
    data
        JSON text, format version 1 with its optional additions.
    name
        What to call the snapshot, such as the name of its file.

    Raises
    ------
    ProblemError
        With every fault of the file. Nothing else is raised, whatever the bytes.
    """
    value, faults = decode(data)
    report = Report(faults)
    document = report.mapping(value, "file", "an object with families and machines")
    if document is None:
        raise ProblemError(report.faults)
    problem, num_done = _problem(report, document)
    return Snapshot(problem, document, hashlib.sha256(data).hexdigest(), name, num_done)


def read_snapshot(path: str | os.PathLike[str]) -> Snapshot:
    """Return the snapshot in a file; its name is the file's without the suffix.

    Raises
    ------
    ProblemError
        With every fault of the file, or that it cannot be read.
    """
    return parse_snapshot(read_bytes(path), Path(path).stem)


def _problem(report: Report, document: Mapping[str, object]) -> tuple[Problem, int]:
    """Return the problem and its number of tasks done; raise every fault found."""
    clock = _clock(report, document)
    floor = _floor(report, document)
    machines = read_machines(floor, clock, document)
    read = _families(floor, clock, document)
    clock.report_missing()
    _check_stranded(floor)
    _check_overlaps(floor)
    families = tuple(entry.family for entry in read if entry.family is not None)
    options = sum(len(task.machines) for family in families for task in family.tasks)
    if options > MAX_OPTIONS:
        report.add(
            "families", f"must have at most {MAX_OPTIONS} pairs of task and machine, got {options}"
        )
    if not report.faults:  # so there are not too many options to go through
        _check_pace(floor, families)
    if report.faults:
        raise ProblemError(report.faults)
    return Problem(families, machines, clock.created_at), sum(entry.num_done for entry in read)


def _clock(report: Report, document: Mapping[str, object]) -> Clock:
    metadata = document.get("metadata")
    if metadata is None:
        return Clock(report, None, created_at_is_missing=True)
    fields = report.mapping(metadata, "metadata", "an object")
    if fields is None:
        return Clock(report, None, created_at_is_missing=False)
    value = fields.get("created_at")
    if value is None:
        return Clock(report, None, created_at_is_missing=True)
    return Clock(report, report.created_at(value, CREATED_AT), created_at_is_missing=False)


def _floor(report: Report, document: Mapping[str, object]) -> Floor:
    values = report.sequence(document.get("machines", MISSING), "machines", "a list of names")
    if values is None:
        return Floor(report, (), frozenset())
    if not values:
        report.add("machines", "needs at least one machine, got an empty list")
    if len(values) > MAX_MACHINES:
        report.add("machines", f"must be at most {MAX_MACHINES} machines, got {len(values)}")
    names: dict[str, None] = {}
    for index, value in enumerate(values):
        name = report.name(value, f"machines[{index}]", "the name of a machine")
        if name in names:
            report.add(f"machines[{index}]", f"must be distinct, got {show(name)} again; remove it")
        elif name is not None:
            names[name] = None
    return Floor(report, tuple(names), frozenset(names))


def _families(floor: Floor, clock: Clock, document: Mapping[str, object]) -> list[ReadFamily]:
    report = floor.report
    wanted = "an object of family id to family"
    values = report.mapping(document.get("families", MISSING), "families", wanted)
    if values is None:
        return []
    if len(values) > MAX_FAMILIES:
        report.add("families", f"must be at most {MAX_FAMILIES} families, got {len(values)}")
        return []
    num_tasks = sum(_num_tasks(value) for value in values.values())
    if num_tasks > MAX_TASKS:
        report.add("families", f"must have at most {MAX_TASKS} tasks together, got {num_tasks}")
        return []
    return [read_family(floor, clock, name, value) for name, value in values.items()]


def _num_tasks(family: object) -> int:
    tasks = family.get("tasks") if isinstance(family, dict) else None
    return len(tasks) if isinstance(tasks, list) else 0


def _check_stranded(floor: Floor) -> None:
    """Note tasks for machines without shifts only; where no machine has any, that is one fault."""
    if floor.stranded and len(floor.idle) == len(floor.machines):
        floor.report.add(
            "machine_calendars",
            "must leave a machine with shifts in its week, got none, and "
            f"{len(floor.stranded)} tasks to do, such as {next(iter(floor.stranded))}; "
            "give a machine a calendar that has shifts, or null for round the clock",
        )
        return
    for place, machine in floor.stranded.items():
        floor.report.add(
            place,
            f"can only be done on machines without shifts in their week, such as {show(machine)}; "
            "give one of them a calendar that has some, or the task another machine",
        )


def _check_pace(floor: Floor, families: Iterable[Family]) -> None:
    """Note that tasks cannot end within any time that makes sense, or that sums can hold."""
    weeks = {name: each.week_work for name, each in floor.working.items() if each.week_work}
    machine = min(weeks, key=lambda name: weeks[name], default="")
    slowest = weeks.get(machine, SECONDS_PER_WEEK)
    work = sum(max(task.durations) for family in families for task in family.tasks)
    elapsed = work * SECONDS_PER_WEEK // slowest
    if elapsed > MAX_ELAPSED:
        floor.report.add(
            "calendars",
            f"must leave machine {show(machine)} more working time: with {slowest} s a week "
            f"{work / SECONDS_PER_HOUR:g} hours of work take "
            f"{elapsed // (365 * SECONDS_PER_DAY)} years; lengthen the shifts of its calendar",
        )


def _check_overlaps(floor: Floor) -> None:
    """Note locked tasks that start on a machine while another one still runs there."""
    for machine, intervals in floor.occupied.items():
        intervals.sort()
        _, until, running = intervals[0]
        for start, end, place in intervals[1:]:
            if start < until:
                floor.report.add(
                    f"{place}.locked",
                    f"overlaps {running} on machine {show(machine)}: it starts at "
                    f"{start / SECONDS_PER_HOUR:g} hours, that one ends at "
                    f"{until / SECONDS_PER_HOUR:g}; lock one of them elsewhere",
                )
            if end > until:
                until, running = end, place
