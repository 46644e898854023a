"""The schedule file and the table for spreadsheets."""

from __future__ import annotations

import csv
import dataclasses
import io
import json
import re
from datetime import datetime
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from scheduler_core.errors import ScheduleFileError
from scheduler_core.objective import RewardWeights, measure
from scheduler_core.problem import Family, Machine, Problem, Task
from scheduler_core.schedule import Schedule, ScheduledTask
from scheduler_core.schedule_file import (
    read_schedule,
    schedule_csv,
    schedule_document,
    write_schedule,
)
from scheduler_core.snapshot import encode, snapshot_from_problem

HOUR = 3600
PROBLEM = Problem(
    families=(
        Family("F1", (Task(1, "P1", ("M",), (HOUR,)), Task(5, "P2", ("M",), (1800,))), due=HOUR),
        Family("F2", (Task(1, "-1+2", ("M",), (7,)),), due=-HOUR),
    ),
    machines=(Machine("M"),),
    created_at=datetime(2025, 8, 6, 8),
)
SCHEDULE = Schedule(
    tasks=(
        ScheduledTask("F1", 1, "P1", "M", 0, HOUR),
        ScheduledTask("F2", 1, "-1+2", "M", HOUR, HOUR + 7),
        ScheduledTask("F1", 5, "P2", "M", HOUR + 7, HOUR + 1807),
    ),
    method="edd",
    seed=3,
    runtime_seconds=0.25,
)


def document_of(schedule: Schedule = SCHEDULE, **certificate: Any) -> dict[str, Any]:
    """Return the document of a schedule of the problem above."""
    weights = RewardWeights()
    return schedule_document(
        snapshot_from_problem(PROBLEM),
        schedule,
        weights,
        measure(PROBLEM, schedule, weights),
        certificate or None,
    )


def test_schedule_document_has_the_fields_of_the_format() -> None:
    """Names and units are what others rely on: hours from time zero, figures, a certificate."""
    document = document_of()

    assert list(document) == [
        "snapshot_sha256", "method", "weights", "seed", "schedule", "metrics", "certificate",
    ]  # fmt: skip
    assert document["snapshot_sha256"] == snapshot_from_problem(PROBLEM).sha256
    assert document["schedule"][0] == {
        "family_id": "F1", "sequence": 1, "process_name": "P1", "machine": "M",
        "start_time": 0.0, "end_time": 1.0,
    }  # fmt: skip
    assert document["metrics"]["late_families"] == 2
    assert document["weights"]["on_time_reward"] == 100
    assert set(document["certificate"]["versions"]) == {
        "python", "scheduler-core", "numpy", "numba",
    }  # fmt: skip


def test_schedule_document_certificate_adds_to_the_versions() -> None:
    """Hash and command come from the caller: only it knows the policy's file and its own line."""
    certificate = document_of(checkpoint_sha256="abc", replay="scheduler schedule s.json")[
        "certificate"
    ]

    assert certificate["checkpoint_sha256"] == "abc"
    assert certificate["replay"] == "scheduler schedule s.json"
    assert certificate["versions"]["numpy"] == np.__version__


def test_read_schedule_written_file_gives_the_same_schedule(tmp_path: Path) -> None:
    """Method, seed and runtime come back too, from a path and from bytes."""
    write_schedule(document_of(), tmp_path / "s.json")

    assert read_schedule(tmp_path / "s.json") == SCHEDULE
    assert read_schedule((tmp_path / "s.json").read_bytes()) == SCHEDULE


@given(st.lists(st.integers(-(10**9), 10**14), min_size=1, max_size=20))
@example([100_000 * 100_000 * HOUR])  # as many tasks as a snapshot may have, each the longest
def test_read_schedule_any_second_is_exact(seconds: list[int]) -> None:
    """Hours in the file give the same second back, over three million years."""
    tasks = tuple(ScheduledTask("F1", 1, "P", "M", second, second + 1) for second in seconds)
    schedule = Schedule(tasks, "edd")

    assert read_schedule(encode(document_of(schedule))).tasks == tasks


ENTRY = "schedule[0]"


@pytest.mark.parametrize(
    ("key", "value", "place", "message"),
    [
        ("family_id", None, f"{ENTRY}.family_id", "is missing; it must be a family id"),
        ("family_id", "", f"{ENTRY}.family_id", "must not be an empty name"),
        ("sequence", 1.5, f"{ENTRY}.sequence", "must be a whole number, got 1.5"),
        ("process_name", 7, f"{ENTRY}.process_name", "must be a process name, got 7"),
        ("machine", ["M"], f"{ENTRY}.machine", "must be a machine, got a list of 1"),
        ("start_time", "8", f"{ENTRY}.start_time", 'must be a number of hours, got "8"; remove'),
        ("end_time", True, f"{ENTRY}.end_time", "must be a number of hours, got true"),
        ("end_time", 2e12, f"{ENTRY}.end_time", "must be between -1000000000000 and"),
    ],
)
def test_read_schedule_faulty_entry_names_place_and_rule(
    key: str, value: object, place: str, message: str
) -> None:
    """Each wrong value is one sentence."""
    document = document_of()
    if value is None:
        del document["schedule"][0][key]
    else:
        document["schedule"][0][key] = value

    with pytest.raises(ScheduleFileError, match=re.escape(f"{place}: {message}")) as error:
        read_schedule(encode(document))

    assert "\n" not in str(error.value)


@pytest.mark.parametrize(
    ("data", "message"),
    [
        (b"", "file: is empty; a schedule is a JSON object with a list named schedule"),
        (b"{", "file: is not JSON: line 1, column 2"),
        (b"[]", "file: must be an object with a list named schedule, got an empty list"),
        (b'{"method": "edd"}', "schedule: is missing; it must be a list of placed tasks"),
        (b'{"schedule": {}, "method": "edd"}', "schedule: must be a list of placed tasks"),
        (b'{"schedule": [3], "method": "edd"}', "schedule[0]: must be an object with family_id"),
        (b'{"schedule": []}', "method: is missing; it must be the name of a method"),
        (b'{"schedule": [], "method": "edd", "seed": NaN}', "seed: must be a finite number"),
        (
            b'{"schedule": [], "method": "a", "metrics": {"runtime_seconds": "1"}}',
            "metrics.runtime_seconds: must be a number of seconds",
        ),
    ],
)
def test_read_schedule_faulty_file_names_the_rule(data: bytes, message: str) -> None:
    """A file that is no schedule says why."""
    with pytest.raises(ScheduleFileError, match=re.escape(message)):
        read_schedule(data)


def test_read_schedule_several_faults_lists_all() -> None:
    """One line each."""
    document = document_of()
    document["schedule"][0]["machine"] = 1
    document["schedule"][2]["end_time"] = "soon"
    document["method"] = None

    with pytest.raises(ScheduleFileError) as error:
        read_schedule(encode(document))

    assert len(str(error.value).splitlines()) == 3


def test_read_schedule_missing_file_names_the_path(tmp_path: Path) -> None:
    """No file is a fault like any other."""
    with pytest.raises(ScheduleFileError, match=r"absent\.json: cannot be read"):
        read_schedule(tmp_path / "absent.json")


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=4),
    lambda inner: st.lists(inner, max_size=2) | st.dictionaries(st.text(max_size=2), inner),
    max_leaves=4,
)


@given(st.dictionaries(st.sampled_from(["schedule", "seed", "metrics"]), JSON), JSON)
def test_read_schedule_any_json_without_method_names_faults(
    top: dict[str, Any], entry: object
) -> None:
    """Whatever else stands in it, nothing but a ScheduleFileError comes out, and all of it."""
    for document in (top, top | {"schedule": [entry]}):
        with pytest.raises(ScheduleFileError, match="method: is missing"):
            read_schedule(json.dumps(document).encode())


@given(st.sampled_from(list(document_of()["schedule"][0])), JSON)
def test_read_schedule_any_value_in_an_entry_loads_or_names_it(key: str, value: object) -> None:
    """A value of the right kind is read, any other is a fault at its place."""
    document = document_of()
    document["schedule"][0][key] = value
    try:
        schedule = read_schedule(json.dumps(document).encode())
    except ScheduleFileError as error:
        message = str(error)
    else:
        message = ""
        assert len(schedule) == len(SCHEDULE)
    assert not message or message.startswith((f"{ENTRY}.{key}", "file"))


def rows_of(text: str) -> list[dict[str, str]]:
    """Return the rows of a table by column."""
    return list(csv.DictReader(io.StringIO(text, newline="")))


def test_schedule_csv_has_hours_calendar_and_lateness() -> None:
    """F1 is due after 1 h: its second task ends 1807 s later. 1807 / 3600 h is late."""
    row = rows_of(schedule_csv(PROBLEM, SCHEDULE))[2]

    assert list(row) == [
        "family_id", "sequence", "process_name", "machine", "start_time", "end_time",
        "start", "end", "due_time", "late_hours",
    ]  # fmt: skip
    assert row["start"] == "2025-08-06 09:00:07"
    assert row["due_time"] == "1.0"
    assert float(row["late_hours"]) == 1807 / HOUR


def test_schedule_csv_without_created_at_has_no_calendar() -> None:
    """There is nothing to count days from."""
    problem = dataclasses.replace(PROBLEM, created_at=None)

    assert "start" not in rows_of(schedule_csv(problem, SCHEDULE))[0]


@pytest.mark.parametrize("start", ["=", "+", "-", "@", "\t", "\r", "\n"])
def test_schedule_csv_formula_is_neutralised(start: str) -> None:
    """A name that a spreadsheet would run gets an apostrophe in every text column."""
    evil = f"{start}cmd|' /C calc'!A0"
    schedule = Schedule((ScheduledTask(evil, 1, evil, evil, 0, 1),), "edd")

    [row] = rows_of(schedule_csv(PROBLEM, schedule))

    assert {row["family_id"], row["process_name"], row["machine"]} == {f"'{evil}"}
    assert row["due_time"] == ""


def test_schedule_csv_negative_numbers_stay_numbers() -> None:
    """F2 is already late and a running task starts before time zero: both stay negative."""
    schedule = Schedule((ScheduledTask("F2", 1, "P", "M", -HOUR, 1),), "edd")

    [row] = rows_of(schedule_csv(PROBLEM, schedule))

    assert row["start_time"] == "-1.0"
    assert row["due_time"] == "-1.0"


def test_schedule_csv_beyond_the_calendar_leaves_the_cell_empty() -> None:
    """The year 10,000 has no date; the hours are there."""
    schedule = Schedule((ScheduledTask("F2", 1, "P", "M", 0, 10**12),), "edd")

    [row] = rows_of(schedule_csv(PROBLEM, schedule))

    assert row["end"] == ""
    assert float(row["end_time"]) == 10**12 / HOUR
