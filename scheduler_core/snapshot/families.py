"""Families of a snapshot file: due time, release and the order of tasks."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, time
from itertools import pairwise

from scheduler_core.problem import (
    MAX_WEIGHT,
    MIN_WEIGHT,
    SECONDS_PER_DAY,
    SECONDS_PER_HOUR,
    Family,
    Task,
)
from scheduler_core.snapshot.checks import MAX_DAYS, MISSING, Report, to_seconds
from scheduler_core.snapshot.clock import Clock
from scheduler_core.snapshot.json_text import join, show
from scheduler_core.snapshot.tasks import Floor, ReadTask, read_task


@dataclass(frozen=True)
class ReadFamily:
    """A family of the file; None where it has faults or all its tasks are done."""

    family: Family | None
    num_done: int


def read_family(floor: Floor, clock: Clock, name: str, value: object) -> ReadFamily:
    """Return one family with the tasks that are not done, in order of sequence."""
    report = floor.report
    wrong_before = report.num_wrong
    place = join("families", name)
    report.name(name, place, "a family id")
    raw = report.mapping(value, place, "an object with a due date and tasks")
    if raw is None:
        return ReadFamily(None, 0)
    due = _due(clock, raw, place)
    release = _release(clock, raw, place)
    weight = _weight(report, raw, place)
    is_urgent = raw.get("is_urgent")
    if is_urgent is not None:
        is_urgent = report.boolean(is_urgent, f"{place}.is_urgent")
    read = _tasks(floor, raw, place)
    open_tasks = _in_order(report, [entry for entry in read if not entry.is_done])
    num_done = sum(entry.is_done for entry in read)
    if report.num_wrong > wrong_before or due is None or not open_tasks:
        return ReadFamily(None, num_done)
    family = Family(name, open_tasks, due, release or 0, weight, bool(is_urgent))
    return ReadFamily(family, num_done)


def _due(clock: Clock, raw: Mapping[str, object], place: str) -> int | None:
    """Return the due time in seconds: days where given, else the end of the day or the moment."""
    days, lcd_date = raw.get("lcd_days_remaining"), raw.get("lcd_date")
    moment = None if lcd_date is None else clock.report.moment(lcd_date, f"{place}.lcd_date")
    if days is not None:
        number = clock.report.number(days, f"{place}.lcd_days_remaining", "a number of days")
        if number is None:
            return None
        if abs(number) > MAX_DAYS:
            clock.report.add(
                f"{place}.lcd_days_remaining",
                f"must be between -{MAX_DAYS} and {MAX_DAYS} days, got {show(days)}",
            )
            return None
        return to_seconds(number, SECONDS_PER_DAY)
    if moment is not None:
        if isinstance(moment, datetime) and moment.timetz() == time():
            moment = moment.date()  # exports write a day as its midnight
        return clock.seconds_to(moment, f"{place}.lcd_date", day_offset=1)
    if lcd_date is None:
        clock.report.add(place, "has no due date; give lcd_days_remaining or lcd_date")
    return None


def _release(clock: Clock, raw: Mapping[str, object], place: str) -> int | None:
    """Return the release in seconds: when the material arrives, but not before time zero."""
    value = raw.get("material_arrival")
    if value is None:
        return 0
    moment = clock.report.moment(value, f"{place}.material_arrival")
    if moment is None:
        return None
    seconds = clock.seconds_to(moment, f"{place}.material_arrival")
    return None if seconds is None else max(0, seconds)


def _weight(report: Report, raw: Mapping[str, object], place: str) -> float:
    value = raw.get("weight")
    if value is None:
        return 1.0
    number = report.number(value, f"{place}.weight", "a number")
    if number is None:
        return 1.0
    if not MIN_WEIGHT <= number <= MAX_WEIGHT:
        report.add(
            f"{place}.weight",
            f"must be > 0, from {MIN_WEIGHT:g} to {MAX_WEIGHT:g}, got {show(value)}",
        )
        return 1.0
    return float(number)


def _tasks(floor: Floor, raw: Mapping[str, object], place: str) -> list[ReadTask]:
    place = f"{place}.tasks"
    values = floor.report.sequence(raw.get("tasks", MISSING), place, "a list of tasks")
    if values is None:
        return []
    if not values:
        floor.report.add(place, "needs at least one task, got an empty list; remove the family")
    read = [read_task(floor, value, f"{place}[{index}]") for index, value in enumerate(values)]
    first: dict[int, str] = {}
    for entry in read:
        if entry.sequence is None:
            continue
        if entry.sequence in first:
            floor.report.add(
                f"{entry.place}.sequence",
                f"must be distinct in the family, got {entry.sequence} again after "
                f"{first[entry.sequence]}",
            )
        first.setdefault(entry.sequence, entry.place)
    return read


def _in_order(report: Report, read: list[ReadTask]) -> tuple[Task, ...]:
    """Return tasks in order of sequence, and check that locked ones come first, one by one."""
    placed = [(entry.task, entry) for entry in read if entry.task is not None]
    if len(placed) < len(read):
        return ()
    placed.sort(key=lambda pair: pair[0].sequence)
    for (before, earlier), (after, entry) in pairwise(placed):
        if after.lock is None or before.sequence == after.sequence:
            continue
        if before.lock is None:
            report.add(
                f"{entry.place}.locked",
                f"needs the task before it (sequence {before.sequence}) to be locked, in "
                "progress or done too; lock that one or unlock this one",
            )
            continue
        end = earlier.end
        if end is not None and after.lock.start < end:
            report.add(
                f"{entry.place}.locked.start",
                f"must be >= {end / SECONDS_PER_HOUR:g} hours, when the locked task before it "
                f"(sequence {before.sequence}) ends, got {after.lock.start / SECONDS_PER_HOUR:g}",
            )
    return tuple(task for task, _ in placed)
