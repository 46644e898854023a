"""Schedule files: a schedule with what made it, its figures, and how to make it again."""

from __future__ import annotations

import csv
import io
import os
import platform
import shlex
from collections.abc import Mapping, Sequence
from datetime import timedelta
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

from scheduler_core.errors import ProblemError, ScheduleFileError
from scheduler_core.files import write_aside
from scheduler_core.objective import Metrics, RewardWeights
from scheduler_core.problem import SECONDS_PER_HOUR, Problem
from scheduler_core.schedule import Schedule, ScheduledTask
from scheduler_core.snapshot import (
    MISSING,
    Report,
    Snapshot,
    decode,
    encode,
    read_bytes,
)
from scheduler_core.spreadsheet import guarded

MAX_SEED = 2**63 - 1
MAX_HOURS = 1_000_000_000_000
"""Latest time read: beyond the longest snapshot done task by task, near enough to be exact to the
second in a float."""
PACKAGES = ("scheduler-core", "numpy", "numba")
"""Packages whose versions can change a schedule."""


def schedule_document(
    snapshot: Snapshot,
    schedule: Schedule,
    weights: RewardWeights,
    metrics: Metrics,
    certificate: Mapping[str, object] | None = None,
) -> dict[str, object]:
    """Return the document of a schedule file.

    Parameters
    ----------
    snapshot
        What was scheduled; the document names it by its hash.
    schedule
        Its times are written in hours, which `read_schedule` turns back into the same seconds.
    weights, metrics
        What was wanted and what came out.
    certificate
        What is needed to make the schedule again, beside the versions of what ran, which are
        always there: ``checkpoint_sha256`` (of a policy's file, a list where several made it
        together, then with ``ensemble``, the mode) and ``replay`` (the command).
    """
    return {
        "snapshot_sha256": snapshot.sha256,
        "method": schedule.method,
        "weights": weights.to_dict(),
        "seed": schedule.seed,
        "schedule": [
            {
                "family_id": task.family_id,
                "sequence": task.sequence,
                "process_name": task.process_name,
                "machine": task.machine,
                "start_time": task.start / SECONDS_PER_HOUR,
                "end_time": task.end / SECONDS_PER_HOUR,
            }
            for task in schedule
        ],
        "metrics": metrics.to_dict(),
        "certificate": {
            "versions": versions(),
            "checkpoint_sha256": None,
            "replay": None,
            **(certificate or {}),
        },
    }


def versions() -> dict[str, str | None]:
    """Return the versions of Python and of all packages that can change a schedule."""
    found: dict[str, str | None] = {"python": platform.python_version()}
    for package in PACKAGES:
        try:
            found[package] = version(package)
        except PackageNotFoundError:  # run from a folder that is not installed
            found[package] = None
    return found


def replay_command(
    snapshot: Path | str,
    method: str,
    seed: int,
    out: Path | str,
    **others: Path | str | Sequence[Path] | None,
) -> str:
    """Return the command that makes a schedule again.

    ``others`` are options by name with one value, or several, or None where they were not given.
    """
    options = ["--method", method]
    for name, value in others.items():
        if value is not None:
            values = [value] if isinstance(value, str | Path) else value
            options += [f"--{name}", *map(str, values)]
    options += ["--seed", str(seed), "--out", str(out)]
    return shlex.join(["scheduler", "schedule", str(snapshot), *options])


def write_schedule(document: Mapping[str, object], path: str | os.PathLike[str]) -> None:
    """Write a schedule file, whole or not at all.

    Raises
    ------
    OSError
        If the file cannot be written; the old one is left as it was.
    """
    write_aside(Path(path), encode(document))


def read_schedule(source: str | os.PathLike[str] | bytes) -> Schedule:
    """Return the schedule in a file, given its path or its bytes.

    Whether it is valid for a problem is for `scheduler_core.validation.validate` to say.

    Raises
    ------
    ScheduleFileError
        With one sentence, on a line of its own, for every fault of the file.
    """
    try:
        data = source if isinstance(source, bytes) else read_bytes(source)
        value, faults = decode(data, what="a schedule is a JSON object with a list named schedule")
    except ProblemError as error:
        raise ScheduleFileError(str(error)) from None
    report = Report(faults)
    schedule = _schedule(report, value)
    if schedule is None or report.faults:
        raise ScheduleFileError("\n".join(str(fault) for fault in report.faults))
    return schedule


def _schedule(report: Report, value: object) -> Schedule | None:
    document = report.mapping(value, "file", "an object with a list named schedule")
    if document is None:
        return None
    wanted = "a list of placed tasks"
    entries = report.sequence(document.get("schedule", MISSING), "schedule", wanted) or []
    tasks = [_placed(report, entry, f"schedule[{index}]") for index, entry in enumerate(entries)]
    method = report.name(document.get("method", MISSING), "method", "the name of a method")
    seed = report.whole(document.get("seed", 0), "seed", MAX_SEED)
    metrics = document.get("metrics")
    runtime = metrics.get("runtime_seconds", 0.0) if isinstance(metrics, dict) else 0.0
    seconds = report.number(runtime, "metrics.runtime_seconds", "a number of seconds")
    if method is None or seed is None or seconds is None:
        return None
    placed = tuple(task for task in tasks if task is not None)
    return Schedule(placed, method, seed, float(seconds))


def _placed(report: Report, value: object, place: str) -> ScheduledTask | None:
    entry = report.mapping(value, place, "an object with family_id, sequence, machine and times")
    if entry is None:
        return None
    family = report.name(entry.get("family_id", MISSING), f"{place}.family_id", "a family id")
    sequence = report.whole(entry.get("sequence", MISSING), f"{place}.sequence")
    process = report.name(
        entry.get("process_name", MISSING), f"{place}.process_name", "a process name"
    )
    machine = report.name(entry.get("machine", MISSING), f"{place}.machine", "a machine")
    start = report.time(entry.get("start_time", MISSING), f"{place}.start_time", MAX_HOURS)
    end = report.time(entry.get("end_time", MISSING), f"{place}.end_time", MAX_HOURS)
    if family is None or sequence is None or process is None or machine is None:
        return None
    if start is None or end is None:
        return None
    return ScheduledTask(family, sequence, process, machine, start, end)


def schedule_csv(problem: Problem, schedule: Schedule) -> str:
    """Return a schedule as a table for a spreadsheet, times in hours from time zero.

    Calendar times follow where the problem has a ``created_at``. Names that a spreadsheet would
    run as a formula get a leading apostrophe; numbers stay numbers.
    """
    due = {family.id: family.due for family in problem.families}
    columns = ["family_id", "sequence", "process_name", "machine", "start_time", "end_time"]
    if problem.created_at is not None:
        columns += ["start", "end"]
    text = io.StringIO(newline="")
    writer = csv.writer(text)
    writer.writerow([*columns, "due_time", "late_hours"])
    for task in schedule:
        row: list[object] = [guarded(task.family_id), task.sequence, guarded(task.process_name)]
        row += [guarded(task.machine), _hours(task.start), _hours(task.end)]
        if problem.created_at is not None:
            row += [_calendar(problem, task.start), _calendar(problem, task.end)]
        if task.family_id in due:
            late = max(0, task.end - due[task.family_id])
            row += [_hours(due[task.family_id]), _hours(late)]
        else:
            row += ["", ""]
        writer.writerow(row)
    return text.getvalue()


def _hours(seconds: int) -> float:
    return seconds / SECONDS_PER_HOUR


def _calendar(problem: Problem, seconds: int) -> str:
    """Return a moment as text, nothing where the calendar ends (the year 9999)."""
    if problem.created_at is None:
        return ""
    try:
        return (problem.created_at + timedelta(seconds=seconds)).isoformat(sep=" ")
    except OverflowError:
        return ""
