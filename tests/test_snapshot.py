"""The snapshot file: what loads, what it means, and what every fault of it says."""

from __future__ import annotations

import json
import re
from datetime import datetime
from pathlib import Path

import pytest

from scheduler_core.errors import ProblemError
from scheduler_core.problem import Family, Lock, Machine, Problem, Task, TaskStatus
from scheduler_core.snapshot import (
    calendars,
    checks,
    json_text,
    parse_snapshot,
    read_snapshot,
    reading,
)
from tests.snapshots.calendar_faults import CALENDAR_FAULTS
from tests.snapshots.documents import (
    DELETED,
    GOOD,
    OTHER,
    SECOND,
    T0,
    T1,
    TASK,
    dumped,
    loaded,
    lock,
)
from tests.snapshots.file_faults import FILE_FAULTS
from tests.snapshots.shop_faults import SHOP_FAULTS
from tests.snapshots.task_faults import TASK_FAULTS

FIELD_FAULTS = SHOP_FAULTS | TASK_FAULTS | CALENDAR_FAULTS
FORMAT = Path(__file__).parents[1] / "docs" / "snapshot-format.md"
HOUR, DAY = 3600, 86_400
CREATED_AT = datetime(2025, 8, 6, 8)


def faults_of(data: bytes) -> list[tuple[str, str]]:
    """Return place and message of every fault of a file that does not load."""
    with pytest.raises(ProblemError) as caught:
        parse_snapshot(data)
    return [(fault.place, fault.message) for fault in caught.value.faults]


@pytest.mark.parametrize("name", FILE_FAULTS)
def test_parse_faulty_text_names_place_and_rule(name: str) -> None:
    """What no JSON value can hold, or only a strict reader notices, is one fault with its place."""
    data, place, message = FILE_FAULTS[name]

    [(found_place, found)] = faults_of(data)

    assert found_place == place
    assert re.search(re.escape(message), found)


@pytest.mark.parametrize("name", FIELD_FAULTS)
def test_parse_faulty_field_names_place_and_rule(name: str) -> None:
    """One wrong field is one fault: no other fault follows from it."""
    changes, place, message = FIELD_FAULTS[name]

    [(found_place, found)] = faults_of(dumped(*changes))

    assert found_place == place
    assert re.search(re.escape(message), found)


def test_fault_table_kinds_are_distinct() -> None:
    """At least forty different rules are checked: no two rows expect the same rule and place."""
    rows = [row[1:] for row in (*FILE_FAULTS.values(), *FIELD_FAULTS.values())]

    assert len({re.sub(r"(got|at).*", "", " ".join(row)) for row in rows}) >= 100


@pytest.mark.parametrize(
    ("limit", "message"),
    [
        ("MAX_FAMILIES", "must be at most 1 families, got 2"),
        ("MAX_TASKS", "must have at most 1 tasks together, got 3"),
        ("MAX_OPTIONS", "must have at most 1 pairs of task and machine, got 4"),
    ],
)
def test_parse_too_many_families_or_tasks_is_refused(
    monkeypatch: pytest.MonkeyPatch, limit: str, message: str
) -> None:
    """The limits keep a hostile upload from eating the server; here each is lowered to 1."""
    monkeypatch.setattr(reading, limit, 1)

    assert faults_of(dumped()) == [("families", message)]


def test_parse_too_many_machines_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    """The list of machines has a limit as well."""
    monkeypatch.setattr(reading, "MAX_MACHINES", 1)

    assert faults_of(dumped()) == [("machines", "must be at most 1 machines, got 2")]


def test_parse_too_large_file_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    """Size is checked before anything else."""
    monkeypatch.setattr(json_text, "MAX_BYTES", 10)

    assert faults_of(b"x" * 11) == [("file", "must be at most 10 bytes, got 11")]


def test_format_document_example_loads() -> None:
    """What docs/snapshot-format.md shows is a snapshot, and no field of it goes unread."""
    [example] = re.findall(r"^```json\n(.*?)^```$", FORMAT.read_text("utf-8"), re.M | re.S)

    problem = parse_snapshot(example.encode()).problem

    assert [machine.calendar is None for machine in problem.machines] == [False, True]
    # From the 9th to the 23rd of August 8 + 8.5 + 16 + 8 + 16 + 4 + 8 = 68.5 hours of work: two of
    # the exceptions and the downtime are in it. The rest, 6.98, on the 25th from 6:00 on.
    assert problem.lock_ends()["JOST25060084", 1] == 19 * DAY + 17_928


@pytest.mark.parametrize(
    ("number", "limit"),
    [
        ("60,000 families", reading.MAX_FAMILIES),
        ("250,000 tasks", reading.MAX_TASKS),
        ("10,000 machines", reading.MAX_MACHINES),
        ("20,000,000 pairs", reading.MAX_OPTIONS),
        ("200 characters", checks.MAX_NAME),
        ("100,000 hours", checks.MAX_HOURS),
        ("36,500 days", checks.MAX_DAYS),
        ("1,000\ncalendars", calendars.MAX_CALENDARS),
        ("20 shifts a day", calendars.MAX_SHIFTS),
        ("100,000 exceptions", calendars.MAX_EXCEPTIONS),
        ("3,660 days", calendars.MAX_EXCEPTION_DAYS),
        ("100,000 stretches", calendars.MAX_DOWNTIME),
        ("2,000,000 shifts", calendars.MAX_SPANS),
    ],
)
def test_format_document_names_the_limits(number: str, limit: int) -> None:
    """A limit that changes changes there as well."""
    assert number in FORMAT.read_text("utf-8")
    assert number.replace(",", "").startswith(str(limit))


def test_parse_several_faults_lists_all() -> None:
    """A planner repairs a file in one go: faults in different places are all there, as printed."""
    data = dumped(
        ((*TASK, "processing_time"), -5),
        ((*SECOND, "sequence"), "2"),
        (("families", "JOST2", "lcd_date"), "never"),
        (("machines",), ["PP09", "WH01A-PK", ""]),
        (("downtime",), [1]),
        (("calendars",), {"day": {"shifts": {"monday": [["06:00", "6"]]}}}),
    )

    with pytest.raises(
        ProblemError, match=re.escape(f"{T0}.processing_time: must be > 0")
    ) as error:
        parse_snapshot(data)

    assert len(error.value.faults) == 6
    assert f"{T1}.sequence: must be a whole number" in str(error.value)


def test_parse_good_file_gives_the_problem() -> None:
    """Every field means what the format says; 75.48 h is exactly 271 728 s."""
    # Days win over the date: 9 days. JOST2 has a date only: until midnight after 7 August, 40 h
    # after 8:00 on 6 August. The material of JOST1 is there already.
    names = ("PP09", "WH01A-PK")
    expected = Problem(
        families=(
            Family(
                "JOST1",
                (
                    Task(1, "CP08-056-1/2", ("PP09",), (271_728,)),
                    Task(2, "CP08-056-2/2", names, (2 * HOUR, 2 * HOUR)),
                ),
                due=9 * DAY,
            ),
            Family("JOST2", (Task(10, "CP01", ("WH01A-PK",), (900,)),), due=40 * HOUR),
        ),
        machines=(Machine("PP09"), Machine("WH01A-PK")),
        created_at=CREATED_AT,
    )

    assert parse_snapshot(dumped()).problem == expected


def test_parse_minimal_file_needs_no_created_at() -> None:
    """Days count from time zero by themselves, so nothing wants a calendar."""
    task = {"sequence": 1, "process_name": "P", "processing_time": 1, "assigned_machine": "M"}
    document = {
        "families": {"F": {"lcd_days_remaining": -0.5, "tasks": [task]}},
        "machines": ["M"],
    }

    problem = parse_snapshot(json.dumps(document).encode()).problem

    assert problem.families[0].due == -DAY // 2
    assert problem.created_at is None


def test_parse_byte_order_mark_loads() -> None:
    """Windows editors put one before the first brace."""
    assert parse_snapshot(b"\xef\xbb\xbf" + dumped()).problem == loaded()


@pytest.mark.parametrize(
    ("hours", "seconds"), [(75.48, 271_728), (0.25, 900), (0.00125, 5), (1e-3, 4), (0.00014, 1)]
)
def test_parse_hours_rounds_the_decimal_to_the_nearest_second(hours: float, seconds: int) -> None:
    """0.00125 h is 4.5 s as written, so 5, though the nearest binary float is under it."""
    [task, _] = loaded(((*TASK, "processing_time"), hours)).families[0].tasks

    assert task.durations == (seconds,)


@pytest.mark.parametrize(
    ("created_at", "moment", "hours"),
    [
        ("2025-08-06T08:00:00", "2025-08-06", 16),
        ("2025-08-06T08:00:00", "2025-08-06T18:30:00", 10.5),
        ("2025-08-06T08:00:00", "2025-08-01", -104),
        ("2025-08-06T08:00:00+02:00", "2025-08-06", 16),
        ("2025-08-06T08:00:00+02:00", "2025-08-06T08:00:00Z", 2),
        ("2025-08-06T08:00:00+02:00", "2025-08-06T09:00:00", 1),
        ("2025-08-06", "2025-08-06", 24),
        ("2025-08-06T08:00:00.400000", "2025-08-06", 16),
        ("2025-08-06T08:00:00", "2025-08-06T00:00:00", 16),
    ],
)
def test_parse_due_date_counts_from_created_at(created_at: str, moment: str, hours: float) -> None:
    """A day ends at midnight in the zone of created_at; a date-time is exact.

    Without a zone, midnight is how many exports write the day, and counts as the day.
    """
    problem = loaded(
        (("metadata", "created_at"), created_at), (("families", "JOST2", "lcd_date"), moment)
    )

    assert problem.families[1].due == hours * HOUR


@pytest.mark.parametrize(
    ("moment", "hours"),
    [(None, 0), ("2025-08-06", 0), ("2025-08-07", 16), ("2025-08-07T10:00:00", 26)],
)
def test_parse_material_arrival_releases_at_the_start_of_its_day(
    moment: str | None, hours: int
) -> None:
    """Material of today, or of the past, is there at time zero."""
    problem = loaded((("families", "JOST1", "material_arrival"), moment))

    assert problem.families[0].release == hours * HOUR


def test_parse_capable_machines_list_shares_the_processing_time() -> None:
    """The task can go on every machine of the list, the assigned one among them."""
    task = loaded(((*TASK, "capable_machines"), ["WH01A-PK", "PP09"])).families[0].tasks[0]

    assert task.machines == ("WH01A-PK", "PP09")
    assert task.durations == (271_728, 271_728)


def test_parse_capable_machines_object_gives_each_its_own_time() -> None:
    """With hours for each machine, neither processing_time nor assigned_machine is needed."""
    task = (
        loaded(
            ((*TASK, "capable_machines"), {"PP09": 1, "WH01A-PK": 1.5}),
            ((*TASK, "processing_time"), DELETED),
            ((*TASK, "assigned_machine"), DELETED),
        )
        .families[0]
        .tasks[0]
    )

    assert task.durations == (HOUR, 5400)


def test_parse_any_machine_tasks_share_one_tuple() -> None:
    """Thousands of such tasks cost one tuple of names, and one of times where these agree."""
    change = {"assigned_machine": None, "processing_time": 2}
    tasks = [
        task
        for family in loaded((OTHER, {**GOOD["families"]["JOST2"]["tasks"][0], **change})).families
        for task in family.tasks
    ]

    assert tasks[1].machines is tasks[2].machines
    assert tasks[1].durations is tasks[2].durations


def test_parse_done_tasks_are_left_out() -> None:
    """A done task leaves its family, and a family with only such tasks leaves the problem."""
    data = dumped(((*TASK, "status"), "done"), ((*OTHER, "status"), "done"))

    snapshot = parse_snapshot(data)

    assert [family.id for family in snapshot.problem.families] == ["JOST1"]
    assert [task.sequence for task in snapshot.problem.families[0].tasks] == [2]
    assert snapshot.num_done == 2


def test_parse_tasks_out_of_order_are_sorted_by_sequence() -> None:
    """Order of sequence is what counts, and gaps are allowed."""
    problem = loaded(((*TASK, "sequence"), 7))

    assert [task.sequence for task in problem.families[0].tasks] == [2, 7]


def test_parse_running_and_locked_tasks_are_kept() -> None:
    """A lock fixes machine and start; the one after a running task may be locked too."""
    problem = loaded(
        ((*TASK, "status"), "in_progress"),
        ((*TASK, "locked"), lock(-70)),
        ((*SECOND, "locked"), lock(5.48, "WH01A-PK")),
    )

    first, second = problem.families[0].tasks
    assert first.status is TaskStatus.IN_PROGRESS
    assert first.lock == Lock("PP09", -70 * HOUR)
    assert second.lock == Lock("WH01A-PK", 19_728)


@pytest.mark.parametrize("field", ["calendars", "machine_calendars", "downtime"])
@pytest.mark.parametrize("value", [None, [], {}])
def test_parse_empty_calendar_fields_load(field: str, value: object) -> None:
    """A shop that never closes may say so."""
    assert loaded(((field,), value)) == loaded()


def test_parse_family_place_with_odd_id_is_quoted() -> None:
    """An id with a dot must not read as two keys."""
    family = {"tasks": [], "lcd_days_remaining": 1}

    [(place, _)] = faults_of(dumped((("families", "A.B\n"), family)))

    assert place == 'families["A.B\\n"].tasks'


@pytest.mark.parametrize("name", ["absent.json", ""])
def test_read_snapshot_without_a_file_names_the_path(tmp_path: Path, name: str) -> None:
    """A missing file, or a folder, is a fault like any other."""
    with pytest.raises(ProblemError, match=r"cannot be read: .*; check the path") as error:
        read_snapshot(tmp_path / name)

    assert error.value.faults[0].place == str(tmp_path / name)
